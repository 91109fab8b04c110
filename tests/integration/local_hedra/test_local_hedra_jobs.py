"""Jobs of the simulated Hedra: every state, shape and status code that is documented."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from local.simulator.faults import JobFault
from tests.integration.local_hedra.harness import AVATAR, FABRIC, HOOK, KLING, NANO_BANANA, PICTURE, Hedra
from tests.integration.local_simulator.harness import audio_file, image_file

OUTPUT_KEYS = {
    "status", "asset_id", "voice_id", "url", "content_type", "width", "height", "duration_ms", "fps", "error",
}  # fmt: skip


def test_job_is_accepted_and_described_as_documented(hedra: Hedra) -> None:
    hedra.control.pause()
    answer = hedra.post(**PICTURE)
    accepted = answer.json()
    job_id = accepted["job_id"]
    assert answer.status_code == 202
    assert re.fullmatch(r"job_[0-9a-f-]{36}", job_id)
    assert answer.headers["location"] == f"/v3/jobs/{job_id}"
    assert accepted == {
        "job_id": job_id,
        "model": NANO_BANANA,
        "status": "IN_QUEUE",
        "status_url": f"/v3/jobs/{job_id}/status",
        "result_url": f"/v3/jobs/{job_id}",
        "estimated_completion_at": None,
    }
    assert (hedra.result(job_id)["status"], hedra.result(job_id)["outputs"]) == ("IN_QUEUE", [])
    assert "cost" not in hedra.result(job_id)

    hedra.control.resume()
    finished = hedra.finished(job_id)
    (output,) = finished["outputs"]
    assert (finished["status"], finished["prompt"], finished["error"]) == ("COMPLETED", "a quiet harbour", None)
    assert (finished["cost"], finished["currency"]) == (0.08, "USD")
    assert finished["metrics"]["processing_time_ms"] >= 0
    assert output.keys() == OUTPUT_KEYS
    assert (output["width"], output["height"], output["duration_ms"], output["fps"]) == (1376, 768, None, None)
    picture = hedra.http.get(output["url"])
    assert picture.headers["content-type"] == output["content_type"] == "image/png"
    assert picture.content[16:24] == (1376).to_bytes(4) + (768).to_bytes(4)


def test_status_follows_the_job(hedra: Hedra) -> None:
    def status() -> tuple[str, float]:
        said = hedra.http.get(f"jobs/{job_id}/status").json()
        return said["status"], said["progress"]

    hedra.control.pause()
    hedra.control.add_fault(JobFault(kind="finish_late", seconds=0.2, count=1))
    job_id = hedra.submit()
    assert status() == ("IN_QUEUE", 0)
    hedra.control.resume()
    hedra.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    assert status() == ("IN_PROGRESS", 0.5)
    hedra.control.wait_until_idle()
    assert status() == ("COMPLETED", 1)


@pytest.mark.parametrize(
    ("model", "inputs", "film", "usd"),
    [
        (AVATAR, {"prompt": "x", "resolution": "540p", "aspect_ratio": "9:16"}, "film 540x960", "0.125"),
        (KLING, {"aspect_ratio": "16:9"}, "film 1280x720", "0.14"),
        (KLING, {"aspect_ratio": "16:9", "quality": "pro"}, "film 1280x720", "0.2875"),
        (FABRIC, {"prompt": "x", "resolution": "480p", "aspect_ratio": "16:9"}, "film 854x480", "0.2"),
        (FABRIC, {"prompt": "x", "resolution": "720p", "aspect_ratio": "16:9"}, "film 1280x720", "0.375"),
    ],
)
def test_clip_speaks_the_audio_and_costs_its_seconds(
    hedra: Hedra, model: str, inputs: dict[str, Any], film: str, usd: str
) -> None:
    media: dict[str, Any] = {"start_image": hedra.upload_image(), "audio": hedra.upload_audio(2.5)}
    estimate = hedra.http.post(f"models/{model}/estimate", json={"input": {**inputs, **media}}).json()
    finished = hedra.finished(hedra.submit(model, **inputs, **media))
    (output,) = finished["outputs"]
    content = hedra.http.get(output["url"]).content
    assert (output["duration_ms"], output["fps"], output["content_type"]) == (2500, 25, "video/mp4")
    assert content.startswith(film.encode())
    assert content.endswith(f" {len(image_file())} {len(audio_file(2.5))}".encode())
    (line,) = hedra.control.invoice().lines
    assert (line.endpoint, line.quantity, line.unit, line.usd) == (model, Decimal("2.5"), "seconds", Decimal(usd))
    assert estimate == {"model": model, "cost": float(usd), "currency": "USD"}


def test_outputs_are_inputs_of_later_jobs_by_their_asset_ids(hedra: Hedra) -> None:
    # given a portrait and a background
    outputs = [hedra.finished(hedra.submit())["outputs"][0] for _ in range(2)]
    assets = [{"source": "asset", "asset_id": output["asset_id"]} for output in outputs]
    # then they can be composed without an upload
    finished = hedra.finished(hedra.submit(**PICTURE, images=assets))
    assert finished["status"] == "COMPLETED"
    # but an output's address is not that of an upload
    refused = hedra.post(**PICTURE, images=[{"source": "url", "url": outputs[0]["url"]}])
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "input.images[0]")
    unknown = hedra.post(**PICTURE, images=[{"source": "asset", "asset_id": "asset_0"}])
    assert (unknown.status_code, unknown.json()["error"]["details"][0]["reason"]) == (400, "not_found")


def test_outputs_expire_and_keep_their_figures(hedra: Hedra) -> None:
    job_id = hedra.submit()
    whole = hedra.finished(job_id)["outputs"][0]
    hedra.control.change_settings(stored_result_seconds=0.001)
    (expired,) = hedra.result(job_id)["outputs"]
    assert expired == {**whole, "status": "EXPIRED", "url": None, "asset_id": None}


def test_addresses_are_signed_anew_every_time_and_accepted_verbatim_only(hedra: Hedra) -> None:
    job_id = hedra.submit()
    first, second = (hedra.finished(job_id)["outputs"][0]["url"] for _ in range(2))
    assert first != second
    assert hedra.http.get(first).content == hedra.http.get(second).content
    assert hedra.http.get(first.partition("?")[0]).status_code == 403
    assert hedra.http.get(first.replace("Expires=1", "Expires=2")).status_code == 403


def test_same_key_gives_the_same_job(hedra: Hedra) -> None:
    first = hedra.post(key="k-1", webhook=HOOK, **PICTURE)
    hedra.control.wait_until_idle()
    again = hedra.post(key="k-1", webhook=HOOK, **PICTURE)
    other = hedra.post(key="k-2", webhook=HOOK, **PICTURE)
    assert again.status_code == 202
    assert again.json()["job_id"] == first.json()["job_id"] != other.json()["job_id"]
    assert again.json()["status"] == "COMPLETED"
    hedra.control.wait_until_idle()
    assert len(hedra.control.invoice().lines) == 2


@pytest.mark.parametrize("change", [{"prompt": "another"}, {"model": AVATAR}, {"webhook": "https://b.hooks.test/"}])
def test_same_key_with_another_request_is_a_conflict(hedra: Hedra, change: dict[str, str]) -> None:
    hedra.post(key="k", webhook=HOOK, **PICTURE)
    model, webhook = change.pop("model", NANO_BANANA), change.pop("webhook", HOOK)
    refused = hedra.post(model, key="k", webhook=webhook, **{**PICTURE, **change})
    assert refused.status_code == 409
    assert len(hedra.control.requests()) == 1


def test_lists_are_in_pages_newest_first(hedra: Hedra) -> None:
    ids = [hedra.submit() for _ in range(3)]
    hedra.submit(AVATAR, prompt="x", aspect_ratio="16:9", resolution="540p", start_image=hedra.upload_image(),
                 audio=hedra.upload_audio(1))  # fmt: skip
    url = f"models/{NANO_BANANA}/jobs"
    first = hedra.http.get(url, params={"limit": 2}).json()
    second = hedra.http.get(url, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    listed = [*first["data"], *second["data"]]
    assert [job["job_id"] for job in listed] == ids[::-1]
    assert second["next_cursor"] is None
    assert listed[0].keys() == {"job_id", "model", "status", "created_at"}
    assert datetime.fromisoformat(listed[0]["created_at"]).tzinfo is not None
    assert len(hedra.http.get("jobs").json()["data"]) == 4
    assert hedra.http.get("jobs", params={"limit": 101}).status_code == 400
    assert hedra.http.get("jobs", params={"cursor": "?"}).status_code == 400


def test_nothing_can_be_cancelled(hedra: Hedra) -> None:
    hedra.control.pause()
    job_id = hedra.submit()
    assert hedra.http.post(f"jobs/{job_id}/cancel").status_code == 404
    assert hedra.http.delete(f"jobs/{job_id}").status_code == 405


@pytest.mark.parametrize(
    ("error_type", "code", "retryable"),
    [
        ("content_policy_violation", "MODERATION_FAILED", False),
        ("file_download_error", "INVALID_ARGUMENT", False),
        ("audio_duration_too_long", "INVALID_ARGUMENT", False),
        ("internal_server_error", "INTERNAL", False),
        ("runner_scheduling_failure", "UNAVAILABLE", True),
        ("generation_timeout", "DEADLINE_EXCEEDED", True),
    ],
)
def test_failed_job_says_why_and_costs_nothing(hedra: Hedra, error_type: str, code: str, retryable: bool) -> None:
    hedra.control.add_fault(JobFault(kind="error", error_type=error_type, count=1))
    failed = hedra.finished(hedra.submit(webhook=HOOK))
    assert (failed["status"], failed["outputs"]) == ("FAILED", [])
    assert (failed["error"]["code"], failed["error"]["retryable"]) == (code, retryable)
    assert hedra.control.invoice().lines == ()
    (delivery,) = hedra.receiver.deliveries
    assert delivery.headers["x-hedra-webhook-event"] == "job.failed"
    assert delivery.content["error"] == failed["error"]


def test_inputs_that_no_model_can_use_fail_the_job(hedra: Hedra) -> None:
    media: dict[str, Any] = {"start_image": hedra.upload(b"no picture"), "audio": hedra.upload_audio(2.5)}
    failed = hedra.finished(hedra.submit(KLING, aspect_ratio="16:9", **media))
    assert (failed["error"]["code"], failed["error"]["param"]) == ("INVALID_ARGUMENT", "start_image")
    media = {"start_image": hedra.upload_image(), "audio": hedra.upload_audio(61)}
    failed = hedra.finished(hedra.submit(KLING, aspect_ratio="16:9", **media))
    assert failed["error"]["details"][0]["reason"] == "audio_duration_too_long"
