"""Every fault that can be ordered, as the callers of Hedra see it."""

import time

import httpx
import pytest

from local.fal.faults import JobFault, ResultFileFault, SubmitFault, UploadFault, WebhookFault
from tests.integration.local_hedra.harness import HOOK, NANO_BANANA, PICTURE, Hedra


@pytest.mark.parametrize(
    ("kind", "status_code", "text", "content_type"),
    [
        ("too_many_requests", 429, "RESOURCE_EXHAUSTED", "application/json"),
        ("internal_error", 500, "INTERNAL", "application/json"),
        ("bad_gateway_html", 502, "<center>nginx</center>", "text/html; charset=utf-8"),
        ("unavailable_json", 503, "UNAVAILABLE", "application/json"),
        ("unavailable_html", 503, "<center>nginx</center>", "text/html; charset=utf-8"),
        ("gateway_timeout_html", 504, "<center>nginx</center>", "text/html; charset=utf-8"),
        ("exhausted_balance", 402, "INSUFFICIENT_BALANCE", "application/json"),
        ("application_not_found", 404, "NOT_FOUND", "application/json"),
        ("garbage_json", 202, '{"job_id": "job_', "application/json"),
    ],
)
@pytest.mark.parametrize("accepts_job", [False, True])
def test_submit_that_is_answered_badly_is_found_again_under_its_key(
    hedra: Hedra, kind: str, status_code: int, text: str, content_type: str, accepts_job: bool
) -> None:
    fault = SubmitFault.model_validate({"kind": kind, "count": 1, "endpoint": NANO_BANANA, "accepts_job": accepts_job})
    ordered = hedra.control.add_fault(fault)
    answer = hedra.post(key="k", **PICTURE)
    assert (answer.status_code, answer.headers["content-type"]) == (status_code, content_type)
    assert text in answer.text
    hedra.control.wait_until_idle()
    assert len(hedra.control.invoice().lines) == accepts_job
    # Sent again under its key, it is one job, whether it was accepted or not.
    again = hedra.post(key="k", **PICTURE)
    hedra.control.wait_until_idle()
    assert again.status_code == 202
    assert [request.request_id for request in hedra.control.requests()] == [again.json()["job_id"]]
    assert len(hedra.control.invoice().lines) == 1
    assert hedra.control.hits(ordered) == 1


def test_too_many_requests_say_when_to_come_again(hedra: Hedra) -> None:
    hedra.control.add_fault(SubmitFault(kind="too_many_requests", count=1))
    answer = hedra.post()
    assert int(answer.headers["retry-after"]) == answer.json()["error"]["retry_after"] > 0


def test_lost_answer_is_given_again(hedra: Hedra) -> None:
    hedra.control.add_fault(SubmitFault(kind="drop_connection", accepts_job=True, count=2))
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            hedra.post(key="k", **PICTURE)
    assert hedra.post(key="k", **PICTURE).status_code == 202
    hedra.control.wait_until_idle()
    assert len(hedra.control.invoice().lines) == 1


def test_submit_may_be_answered_late(hedra: Hedra) -> None:
    hedra.control.add_fault(SubmitFault(kind="slow_first_byte", seconds=0.3, count=1))
    began = time.monotonic()
    hedra.submit()
    assert time.monotonic() - began >= 0.3


def test_success_may_have_no_output(hedra: Hedra) -> None:
    hedra.control.add_fault(JobFault(kind="null_payload", count=1))
    finished = hedra.finished(hedra.submit())
    assert (finished["status"], finished["outputs"]) == ("COMPLETED", [])


def test_picture_may_fail_moderation_after_it_was_made_and_billed(hedra: Hedra) -> None:
    hedra.control.add_fault(JobFault(kind="nsfw", count=1))
    finished = hedra.finished(hedra.submit())
    assert (finished["status"], finished["error"]["code"]) == ("FAILED", "MODERATION_FAILED")
    assert finished["cost"] == 0.08


@pytest.mark.parametrize(("kind", "event"), [("error_payload", "job.failed"), ("null_payload", "job.completed")])
def test_callback_may_say_something_else(hedra: Hedra, kind: str, event: str) -> None:
    hedra.control.add_fault(WebhookFault.model_validate({"kind": kind, "count": 1}))
    hedra.submit(webhook=HOOK)
    hedra.control.wait_until_idle()
    (delivery,) = hedra.receiver.deliveries
    assert (delivery.headers["x-hedra-webhook-event"], delivery.content["outputs"]) == (event, [])


def test_callbacks_may_be_dropped_doubled_and_late(hedra: Hedra) -> None:
    hedra.control.set_concurrency(1)
    hedra.control.add_fault(WebhookFault(kind="drop", count=1))
    hedra.control.add_fault(WebhookFault(kind="delay", seconds=0.2, count=1))
    hedra.control.add_fault(WebhookFault(kind="duplicate", times=2, count=1))
    _, late, doubled = (hedra.submit(webhook=HOOK) for _ in range(3))
    hedra.control.wait_until_idle()
    told = [delivery.content["job_id"] for delivery in hedra.receiver.deliveries]
    assert told == [doubled, doubled, doubled, late]


def test_output_file_may_be_cut_and_uploads_not_taken(hedra: Hedra) -> None:
    url = hedra.finished(hedra.submit())["outputs"][0]["url"]
    whole = hedra.http.get(url).content
    hedra.control.add_fault(ResultFileFault(kind="truncated", count=1))
    assert hedra.http.get(url).content == whole[: len(whole) // 2]
    hedra.control.add_fault(UploadFault(kind="upload_unavailable", count=1))
    assert hedra.http.post("files", files={"file": b"x"}).status_code == 503
    assert hedra.upload_image()


def test_provider_may_be_down_in_three_ways(hedra: Hedra) -> None:
    running = hedra.submit(webhook=HOOK)
    hedra.control.go_down("refuses_connections")
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            hedra.post()
    hedra.control.wait_until_idle()
    assert [delivery.content["job_id"] for delivery in hedra.receiver.deliveries] == [running]
    for outage, content_type in (
        ("unavailable_html", "text/html; charset=utf-8"),
        ("unavailable_json", "application/json"),
    ):
        hedra.control.change_settings(down=outage)
        answer = hedra.http.get(f"jobs/{running}")
        assert (answer.status_code, answer.headers["content-type"]) == (503, content_type)
    hedra.control.come_up()
    assert hedra.finished(hedra.submit())["status"] == "COMPLETED"
    assert len(hedra.control.invoice().lines) == 2
