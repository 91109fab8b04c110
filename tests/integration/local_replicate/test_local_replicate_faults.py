"""The faults that show in Replicate's own way, as its callers see them."""

import httpx
import pytest

from local.simulator.faults import JobFault, SubmitFault, UploadFault, WebhookFault
from tests.integration.local_replicate.harness import HOOK, Replicate


@pytest.mark.parametrize("accepts_job", [False, True])
def test_prediction_that_was_accepted_is_listed_whatever_was_answered(replicate: Replicate, accepts_job: bool) -> None:
    replicate.control.add_fault(SubmitFault(kind="bad_gateway_html", accepts_job=accepts_job, count=1))
    assert replicate.post().status_code == 502
    assert len(replicate.http.get("/v1/predictions").json()["results"]) == accepts_job


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


@pytest.mark.parametrize("kind", ["token_unavailable", "upload_unavailable", "drop_connection"])
def test_files_may_not_be_taken(replicate: Replicate, kind: str) -> None:
    replicate.control.add_fault(UploadFault.model_validate({"kind": kind, "count": 1}))
    if kind == "drop_connection":
        with pytest.raises(httpx.TransportError):
            replicate.upload_image()
    else:
        assert replicate.http.post("/v1/files", files={"content": b"x"}).status_code == 503
    assert replicate.upload_image()
