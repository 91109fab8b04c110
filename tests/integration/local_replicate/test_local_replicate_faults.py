"""Every fault that can be ordered, as the callers of Replicate see it."""

import time
from typing import Any

import httpx
import pytest

from local.fal.faults import JobFault, ResultFileFault, SubmitFault, UploadFault, WebhookFault
from tests.integration.local_replicate.harness import HOOK, KLING, NANO_BANANA, Replicate

BODY: dict[str, Any] = {"version": NANO_BANANA, "input": {"prompt": "x"}}


@pytest.mark.parametrize(
    ("kind", "status_code", "text", "content_type"),
    [
        ("too_many_requests", 429, "Request was throttled", "application/problem+json"),
        ("internal_error", 500, "Internal server error", "application/problem+json"),
        ("bad_gateway_html", 502, "<center>nginx</center>", "text/html; charset=utf-8"),
        ("unavailable_json", 503, "Service unavailable", "application/problem+json"),
        ("unavailable_html", 503, "<center>nginx</center>", "text/html; charset=utf-8"),
        ("gateway_timeout_html", 504, "<center>nginx</center>", "text/html; charset=utf-8"),
        ("exhausted_balance", 402, "insufficient credit", "application/problem+json"),
        ("application_not_found", 404, "could not be found", "application/problem+json"),
        ("garbage_json", 201, '{"id": "', "application/json"),
    ],
)
@pytest.mark.parametrize("accepts_job", [False, True])
def test_submit_is_answered_badly_once(
    replicate: Replicate, kind: str, status_code: int, text: str, content_type: str, accepts_job: bool
) -> None:
    fault = SubmitFault.model_validate({"kind": kind, "count": 1, "endpoint": NANO_BANANA, "accepts_job": accepts_job})
    ordered = replicate.control.add_fault(fault)
    answer = replicate.http.post("/v1/predictions", json=BODY)
    assert (answer.status_code, answer.headers["content-type"]) == (status_code, content_type)
    assert text in answer.text
    # The prediction exists, runs and is billed only where that was asked for; the list shows it.
    replicate.control.wait_until_idle()
    assert len(replicate.http.get("/v1/predictions").json()["results"]) == accepts_job
    assert len(replicate.control.invoice().lines) == accepts_job
    assert replicate.http.post("/v1/predictions", json=BODY).status_code == 201
    assert replicate.control.hits(ordered) == 1


@pytest.mark.parametrize("accepts_job", [False, True])
def test_submit_may_lose_its_connection(replicate: Replicate, accepts_job: bool) -> None:
    replicate.control.add_fault(SubmitFault(kind="drop_connection", accepts_job=accepts_job, count=1))
    with pytest.raises(httpx.TransportError):
        replicate.http.post("/v1/predictions", json=BODY)
    replicate.control.wait_until_idle()
    assert len(replicate.control.invoice().lines) == accepts_job


def test_submit_may_be_answered_late(replicate: Replicate) -> None:
    replicate.control.add_fault(SubmitFault(kind="slow_first_byte", seconds=0.3, count=1))
    began = time.monotonic()
    replicate.submit()
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("kind", ["null_payload", "no_images"])
def test_success_may_have_no_output(replicate: Replicate, kind: str) -> None:
    replicate.control.add_fault(JobFault.model_validate({"kind": kind, "count": 1}))
    finished = replicate.finished(replicate.submit())
    assert (finished["status"], finished["output"]) == ("succeeded", None)


@pytest.mark.parametrize(("kind", "status"), [("error_payload", "failed"), ("null_payload", "succeeded")])
def test_callback_may_say_something_else(replicate: Replicate, kind: str, status: str) -> None:
    replicate.control.add_fault(WebhookFault.model_validate({"kind": kind, "count": 1}))
    finished = replicate.finished(replicate.submit(webhook=HOOK))
    (delivery,) = replicate.receiver.deliveries
    assert (delivery.content["status"], delivery.content["output"]) == (status, None)
    assert finished["output"] is not None


def test_output_file_may_be_anything_once(replicate: Replicate) -> None:
    url = replicate.finished(replicate.submit())["output"]
    whole = replicate.http.get(url).content
    got: dict[str, httpx.Response] = {}
    for kind in ("truncated", "garbage", "wrong_content", "missing"):
        fault = ResultFileFault.model_validate({"kind": kind, "endpoint": NANO_BANANA, "count": 1})
        replicate.control.add_fault(fault)
        got[kind] = replicate.http.get(url)
        assert replicate.http.get(url).content == whole
    assert got["truncated"].content == whole[: len(whole) // 2]
    assert len(got["garbage"].content) == len(whole)
    assert got["garbage"].content != whole
    assert got["wrong_content"].headers["content-type"].startswith("text/html")
    assert got["missing"].status_code == 404
    replicate.control.add_fault(ResultFileFault(kind="cut_off", count=1))
    with pytest.raises(httpx.TransportError):
        replicate.http.get(url)


@pytest.mark.parametrize("kind", ["token_unavailable", "upload_unavailable", "drop_connection"])
def test_files_may_not_be_taken(replicate: Replicate, kind: str) -> None:
    replicate.control.add_fault(UploadFault.model_validate({"kind": kind, "count": 1}))
    if kind == "drop_connection":
        with pytest.raises(httpx.TransportError):
            replicate.upload_image()
    else:
        assert replicate.http.post("/v1/files", files={"content": b"x"}).status_code == 503
    assert replicate.upload_image()


def test_faults_strike_the_model_that_they_are_for(replicate: Replicate) -> None:
    ordered = replicate.control.add_fault(JobFault(kind="error", endpoint=KLING))
    assert replicate.finished(replicate.submit())["status"] == "succeeded"
    assert replicate.control.hits(ordered) == 0


def test_provider_may_be_down_in_three_ways(replicate: Replicate) -> None:
    running = replicate.submit(webhook=HOOK)
    replicate.control.go_down("refuses_connections")
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            replicate.submit()
    replicate.control.wait_until_idle()
    assert [delivery.content["id"] for delivery in replicate.receiver.deliveries] == [running["id"]]
    for outage, content_type in (
        ("unavailable_html", "text/html; charset=utf-8"),
        ("unavailable_json", "application/problem+json"),
    ):
        replicate.control.change_settings(down=outage)
        answer = replicate.http.get(running["urls"]["get"])
        assert (answer.status_code, answer.headers["content-type"]) == (503, content_type)
    replicate.control.come_up()
    assert replicate.finished(replicate.submit())["status"] == "succeeded"
    assert len(replicate.control.invoice().lines) == 2
