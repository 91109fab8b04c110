"""Predictions of the simulated Replicate: every state, shape and status code that is documented."""

import re
import time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from local.simulator.faults import JobFault
from local.simulator.settings import Latency
from tests.integration.local_replicate.harness import FABRIC, HOOK, KLING, NANO_BANANA, Replicate
from tests.integration.local_simulator.harness import audio_file, image_file


def test_prediction_is_described_as_documented(replicate: Replicate) -> None:
    # given the documented way to submit
    submitted = replicate.submit(prompt="a quiet harbour", aspect_ratio="16:9", output_format="png")
    url = f"{replicate.simulator.url}/v1/predictions/{submitted['id']}"

    # then all that the OpenAPI document requires is there
    assert re.fullmatch("[0-9a-z]{26}", submitted["id"])
    assert submitted["urls"] == {
        "get": url,
        "cancel": f"{url}/cancel",
        "web": f"https://replicate.com/p/{submitted['id']}",
    }
    assert (submitted["status"], submitted["output"], submitted["error"]) == ("starting", None, None)
    assert (submitted["model"], submitted["version"], submitted["source"]) == (NANO_BANANA, "hidden", "api")
    assert submitted["data_removed"] is False
    assert submitted["input"] == {"prompt": "a quiet harbour", "aspect_ratio": "16:9", "output_format": "png"}

    # and at its end it has an output, its times and its metrics
    finished = replicate.finished(submitted)
    assert finished["status"] == "succeeded"
    assert finished["created_at"] <= finished["started_at"] <= finished["completed_at"]
    assert 0 <= finished["metrics"]["predict_time"] <= finished["metrics"]["total_time"]
    picture = httpx.get(finished["output"], verify=False)  # noqa: S501 - of a certificate of this machine
    assert picture.headers["content-type"] == "image/png"
    assert picture.content[16:24] == (1376).to_bytes(4) + (768).to_bytes(4)


def test_prediction_goes_through_its_states(replicate: Replicate) -> None:
    replicate.control.pause()
    prediction = replicate.submit()
    replicate.control.add_fault(JobFault(kind="finish_late", seconds=0.2, count=1))
    replicate.control.resume()
    replicate.control.wait_for_requests(lambda requests: requests[0].started_at is not None)

    def status() -> str:
        said: str = replicate.http.get(prediction["urls"]["get"]).json()["status"]
        return said

    assert prediction["status"] == "starting"
    assert status() == "processing"
    assert replicate.finished(prediction)["status"] == "succeeded"


@pytest.mark.parametrize("reference", ["official", "with version", "version alone", "in the address"])
def test_model_can_be_named_in_all_documented_ways(replicate: Replicate, reference: str) -> None:
    version = replicate.http.get(f"/v1/models/{NANO_BANANA}").json()["latest_version"]["id"]
    body: dict[str, Any] = {"input": {"prompt": "x"}}
    match reference:
        case "in the address":
            answer = replicate.http.post(f"/v1/models/{NANO_BANANA}/predictions", json=body)
        case "official":
            answer = replicate.http.post("/v1/predictions", json={**body, "version": NANO_BANANA})
        case "with version":
            answer = replicate.http.post("/v1/predictions", json={**body, "version": f"{NANO_BANANA}:{version}"})
        case _:
            answer = replicate.http.post("/v1/predictions", json={**body, "version": version})
    assert (answer.status_code, answer.json()["model"]) == (201, NANO_BANANA)


def test_composite_is_made_of_what_was_uploaded(replicate: Replicate) -> None:
    replicate.receiver.files["/key.png"] = image_file()
    images = [replicate.upload_image(), f"{replicate.receiver.url}/key.png?X-Amz-Signature=1"]
    finished = replicate.finished(replicate.submit(prompt="both", image_input=images, output_format="jpg"))
    assert finished["status"] == "succeeded"
    picture = replicate.http.get(finished["output"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("model", "inputs", "film", "usd"),
    [
        (KLING, {}, "film 1280x720", "0.14"),
        (KLING, {"mode": "pro"}, "film 1920x1080", "0.2875"),
        (FABRIC, {"resolution": "480p"}, "film 854x480", "0.2"),
        (FABRIC, {"resolution": "720p"}, "film 1280x720", "0.375"),
    ],
)
def test_clip_speaks_the_audio_and_costs_its_seconds(
    replicate: Replicate, model: str, inputs: dict[str, Any], film: str, usd: str
) -> None:
    prediction = replicate.submit(model, image=replicate.upload_image(), audio=replicate.upload_audio(2.5), **inputs)
    finished = replicate.finished(prediction)
    content = replicate.http.get(finished["output"]).content
    assert content.startswith(film.encode())
    assert content.endswith(f" {len(image_file())} {len(audio_file(2.5))}".encode())
    (line,) = replicate.control.invoice().lines
    assert (line.endpoint, line.quantity, line.unit, line.usd) == (model, Decimal("2.5"), "seconds", Decimal(usd))


def test_picture_costs_eight_cents_and_a_failure_nothing(replicate: Replicate) -> None:
    replicate.control.add_fault(JobFault(kind="error", count=1))
    replicate.submit()
    replicate.control.wait_until_idle()
    bought = replicate.submit(webhook=HOOK)
    replicate.control.wait_until_idle()
    invoice = replicate.control.invoice()
    assert [(line.request_id, line.webhook_url) for line in invoice.lines] == [(bought["id"], HOOK)]
    assert invoice.total_usd == Decimal("0.08")


def test_inputs_and_outputs_are_gone_after_an_hour(replicate: Replicate) -> None:
    finished = replicate.finished(replicate.submit())
    assert replicate.control.settings().stored_result_seconds == 3600
    replicate.control.change_settings(stored_result_seconds=0.001)
    gone = replicate.http.get(finished["urls"]["get"]).json()
    assert (gone["status"], gone["data_removed"], gone["input"], gone["output"]) == ("succeeded", True, {}, None)
    # and so is the file, of what is made from now on
    replicate.submit()
    replicate.control.wait_until_idle()
    path = str(replicate.control.requests()[1].output).partition("'path': '")[2].partition("'")[0]
    assert replicate.http.get(f"/files/{path}").status_code == 404


def test_cancelled_prediction_says_so_and_calls_back(replicate: Replicate) -> None:
    replicate.control.set_latency(Latency(run_seconds=30))
    prediction = replicate.submit(webhook=HOOK)
    replicate.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    cancelled = replicate.http.post(prediction["urls"]["cancel"])
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "canceled")
    assert replicate.finished(prediction)["status"] == "canceled"
    assert [delivery.content["status"] for delivery in replicate.receiver.deliveries] == ["canceled"]
    # and nothing happens when it is cancelled again
    assert replicate.http.post(prediction["urls"]["cancel"]).json()["status"] == "canceled"
    assert replicate.control.invoice().lines == ()


def test_deadline_aborts_what_has_not_started(replicate: Replicate) -> None:
    replicate.control.pause()
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}}
    answer = replicate.http.post("/v1/predictions", json=body, headers={"Cancel-After": "5s"})
    prediction = answer.json()
    assert answer.status_code == 201
    began = time.monotonic()
    replicate.control.wait_for_requests(lambda requests: requests[0].ended_at is not None)
    assert 4 < time.monotonic() - began < 7
    assert replicate.finished(prediction)["status"] == "aborted"


@pytest.mark.parametrize("cancel_after", ["4", "soon", "", "1d"])
def test_unreadable_deadline_is_refused(replicate: Replicate, cancel_after: str) -> None:
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}}
    answer = replicate.http.post("/v1/predictions", json=body, headers={"Cancel-After": cancel_after})
    assert answer.status_code == 422
    assert replicate.control.requests() == []


def test_request_may_be_held_open_until_the_end(replicate: Replicate) -> None:
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}}
    answer = replicate.http.post("/v1/predictions", json=body, headers={"Prefer": "wait"})
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    replicate.control.pause()
    answer = replicate.http.post("/v1/predictions", json=body, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "starting")


def test_list_is_in_pages_newest_first(replicate: Replicate) -> None:
    ids = [replicate.submit()["id"] for _ in range(3)]
    replicate.control.wait_until_idle()
    replicate.control.change_settings(request_list_page=2)
    first = replicate.http.get("/v1/predictions").json()
    assert [prediction["id"] for prediction in first["results"]] == [ids[2], ids[1]]
    assert first["previous"] is None
    second = replicate.http.get(first["next"]).json()
    assert [prediction["id"] for prediction in second["results"]] == [ids[0]]
    assert second["next"] is None
    assert replicate.http.get(second["previous"]).json()["results"] == first["results"]


def test_list_can_be_cut_by_time(replicate: Replicate) -> None:
    first, second = replicate.submit(), replicate.submit()

    def listed(**query: str) -> list[str]:
        return [item["id"] for item in replicate.http.get("/v1/predictions", params=query).json()["results"]]

    assert listed(created_after=second["created_at"]) == [second["id"]]
    assert listed(created_before=second["created_at"]) == [first["id"]]
    assert replicate.http.get("/v1/predictions", params={"created_after": "noon"}).status_code == 400
    replicate.control.change_settings(request_list_delay_seconds=60)
    assert listed() == []
