"""The faults that show in Hedra's own way, as its callers see them."""

import httpx
import pytest

from local.simulator.faults import JobFault, SubmitFault, UploadFault, WebhookFault
from tests.integration.local_hedra.harness import HOOK, PICTURE, Hedra


@pytest.mark.parametrize("kind", ["internal_error", "unavailable_html", "garbage_json"])
@pytest.mark.parametrize("accepts_job", [False, True])
def test_submit_that_is_answered_badly_is_found_again_under_its_key(hedra: Hedra, kind: str, accepts_job: bool) -> None:
    hedra.control.add_fault(SubmitFault.model_validate({"kind": kind, "accepts_job": accepts_job, "count": 1}))
    hedra.post(key="k", **PICTURE)
    # Sent again under its key, it is one job, whether it was accepted or not.
    again = hedra.post(key="k", **PICTURE)
    hedra.control.wait_until_idle()
    assert again.status_code == 202
    assert [request.request_id for request in hedra.control.requests()] == [again.json()["job_id"]]
    assert len(hedra.control.invoice().lines) == 1


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


def test_uploads_may_not_be_taken(hedra: Hedra) -> None:
    hedra.control.add_fault(UploadFault(kind="upload_unavailable", count=1))
    assert hedra.http.post("files", files={"file": b"x"}).status_code == 503
    assert hedra.upload_image()
