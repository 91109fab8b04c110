"""The faults that are fal's own, as its callers see them."""

from typing import Any

import fal_client
import httpx
import pytest

from local.simulator.faults import JobFault, SubmitFault, UploadFault
from tests.integration.local_fal.harness import HOOK, Fal
from tests.integration.local_simulator.harness import image_file

KONTEXT = "fal-ai/flux-pro/kontext/multi"


@pytest.mark.parametrize(("hint", "header"), [(True, "true"), (False, "false"), (None, None)])
def test_errors_may_say_whether_to_try_again(fal: Fal, hint: bool | None, header: str | None) -> None:
    fal.control.add_fault(SubmitFault(kind="internal_error", hint=hint, count=1))
    answer = fal.post_picture()
    assert answer.headers.get("x-fal-needs-retry") == header
    assert "x-fal-request-id" not in answer.headers

    fal.control.add_fault(JobFault(kind="error", error_type="runner_disconnected", hint=hint, count=1))
    submitted = fal.post_picture().json()
    fal.control.wait_until_idle()
    result = fal.http.get(submitted["response_url"], headers=fal.authorization)
    assert result.status_code == 503
    assert result.headers.get("x-fal-needs-retry") == header


def test_too_many_requests_says_to_try_again_unless_it_is_told_otherwise(fal: Fal) -> None:
    for hint, header in ((None, "1"), (False, "false")):
        fal.control.add_fault(SubmitFault(kind="too_many_requests", hint=hint, count=1))
        assert fal.post_picture().headers.get_list("x-fal-needs-retry") == [header]


def test_unguarded_client_pays_twice_for_a_lost_answer(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> None:
    # given fal_client as it comes, which repeats a submit whose connection was lost
    monkeypatch.setattr(fal_client.client, "MAX_ATTEMPTS", 10)
    fal.control.add_fault(SubmitFault(kind="drop_connection", accepts_job=True, count=1))
    fal.submit().get(interval=0.01)
    fal.control.wait_until_idle()
    assert len(fal.control.invoice().lines) == 2


@pytest.mark.parametrize(
    ("error_type", "status_code", "flat"),
    [
        ("file_download_error", 422, False),
        ("downstream_service_error", 500, False),
        ("runner_disconnected", 503, True),
        ("startup_timeout", 504, True),
    ],
)
def test_request_may_end_with_any_error_of_fal(fal: Fal, error_type: str, status_code: int, flat: bool) -> None:
    fal.control.add_fault(JobFault(kind="error", error_type=error_type, endpoint=KONTEXT))
    handle = fal.submit(KONTEXT, image_urls=[fal.upload_image()])
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        handle.get(interval=0.01)

    assert caught.value.status_code == status_code
    body = caught.value.response.json()
    status = handle.status()
    assert isinstance(status, fal_client.Completed)
    if flat:
        assert body["error_type"] == status.error_type == caught.value.error_type == error_type
    else:
        (detail,) = body["detail"]
        assert (detail["type"], detail["loc"]) == (error_type, ["body", "image_urls"])
        assert status.error_type is None
    assert fal.control.invoice().lines == ()


def test_pictures_may_be_blocked_or_missing(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="nsfw", count=1))
    fal.control.add_fault(JobFault(kind="no_images", count=1))
    inputs: dict[str, Any] = {"image_urls": [fal_client.encode(image_file(), "image/png")], "num_images": 2}

    blocked = fal.submit(KONTEXT, **inputs).get(interval=0.01)
    assert blocked["has_nsfw_concepts"] == [True, True]
    assert fal.submit(KONTEXT, **inputs).get(interval=0.01)["images"] == []
    assert len(fal.control.invoice().lines) == 1


def test_result_may_be_null_and_is_billed(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="null_payload", count=1))
    handle = fal.submit()
    fal.control.wait_until_idle()
    status = handle.status()
    assert isinstance(status, fal_client.Completed)
    assert status.error is None
    result = fal.http.get(handle.response_url, headers=fal.authorization)
    assert (result.status_code, result.text) == (200, "null")
    assert len(fal.control.invoice().lines) == 1


def test_only_the_callers_own_time_limit_is_called_so(fal: Fal) -> None:
    # given a request that ran, and ended because the application's own time was up
    fal.control.add_fault(JobFault(kind="error", error_type="request_timeout", count=1))
    handle = fal.submit()
    fal.control.wait_until_idle()
    result = fal.http.get(handle.response_url, headers=fal.authorization)
    # then it does not say that the caller set the limit
    assert (result.status_code, result.headers["x-fal-error-type"]) == (504, "request_timeout")
    assert "x-fal-request-timeout-type" not in result.headers


def test_cancelled_request_that_goes_on_completes_late_and_is_billed(fal: Fal) -> None:
    fal.control.change_settings(cancel_stops_running=False)
    fal.control.add_fault(JobFault(kind="finish_late", seconds=0.2, count=1))
    handle = fal.submit(webhook=HOOK)
    fal.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    handle.cancel()
    assert isinstance(handle.status(), fal_client.InProgress)
    assert handle.get(interval=0.01)["images"]
    fal.control.wait_until_idle()
    assert [delivery.content["status"] for delivery in fal.receiver.deliveries] == ["OK"]
    assert len(fal.control.invoice().lines) == 1


def test_request_may_finish_late_or_never(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="finish_late", seconds=0.3, count=1))
    fal.control.add_fault(JobFault(kind="never_finish", count=1))
    late = fal.submit()
    late.get(interval=0.01)
    never = fal.submit()
    fal.control.wait_for_requests(lambda requests: requests[1].started_at is not None)

    request = fal.control.requests()[0]
    assert request.started_at is not None
    assert request.ended_at is not None
    assert request.ended_at - request.started_at >= 0.3
    assert isinstance(never.status(), fal_client.InProgress)
    with pytest.raises(TimeoutError):
        fal.control.wait_until_idle(seconds=0.05)


@pytest.mark.parametrize("kind", ["token_unavailable", "upload_unavailable", "drop_connection"])
def test_storage_may_fail(fal: Fal, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fal_client.client, "MAX_ATTEMPTS", 1)
    ordered = fal.control.add_fault(UploadFault.model_validate({"kind": kind}))
    with pytest.raises((httpx.HTTPError, fal_client.client.FalClientHTTPError)):
        fal.client.upload(b"x", "text/plain")
    assert fal.control.hits(ordered) >= 1

    fal.control.remove_fault(ordered)
    assert fal.client.upload(b"x", "text/plain")


def test_wrong_fault_is_refused_with_the_reason(fal: Fal) -> None:
    answer = fal.http.post("/_simulator/faults", json={"stage": "job", "kind": "explode"})
    assert answer.status_code == 400
    assert "explode" in answer.text
