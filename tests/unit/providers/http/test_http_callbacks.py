"""What Replicate and Hedra send to callback addresses, as the HTTP adapter reads it."""

import json
from typing import Any

import pytest

from shared.providers.callbacks import CallbackUnreadable, Delivered, DeliveredElsewhere, JobFailed
from shared.providers.errors import Scope
from tests.unit.providers.http.vendor import OUTPUT, answer, hedra, hedra_error, hedra_job, prediction, replicate

REPLICATE_ID = "gm3qorzdhgbfurvjtvhg6dckhu"


def read(vendor_of: Any, message: object) -> Any:
    return vendor_of().provider.read_callback(json.dumps(message).encode())


def test_a_success() -> None:
    done = prediction(status="succeeded", output="https://replicate.delivery/1.png")
    assert read(replicate, done) == Delivered(REPLICATE_ID, {"output": "https://replicate.delivery/1.png"})
    # Hedra's callback is its job without what is known only later
    assert read(hedra, hedra_job("COMPLETED", outputs=[OUTPUT])) == Delivered("job_0190", {"output": [OUTPUT]})


@pytest.mark.parametrize(
    ("vendor_of", "message"),
    [
        (replicate, prediction(status="succeeded", output=["https://replicate.delivery/1.png"])),
        (hedra, hedra_job("COMPLETED", outputs=[OUTPUT])),
    ],
)
def test_a_callback_delivers_what_asking_would(vendor_of: Any, message: dict[str, Any]) -> None:
    assert read(vendor_of, message).payload == vendor_of().look_up(answer(200, message)).payload


def test_a_success_whose_output_is_there_no_more_has_to_be_asked_after() -> None:
    assert read(replicate, prediction(status="succeeded", data_removed=True)) == DeliveredElsewhere(REPLICATE_ID)
    expired = hedra_job("COMPLETED", outputs=[{**OUTPUT, "status": "EXPIRED", "url": None}])
    assert read(hedra, expired) == DeliveredElsewhere("job_0190")


@pytest.mark.parametrize(
    ("vendor_of", "message", "scope"),
    [
        (replicate, prediction(status="failed", error="flagged as sensitive (E005)"), Scope.ASSET),
        (replicate, prediction(status="failed", error="something broke"), Scope.JOB),
        (replicate, prediction(status="canceled"), Scope.JOB),
        (replicate, prediction(status="aborted"), Scope.JOB),
        (hedra, hedra_job("FAILED", **hedra_error("MODERATION_FAILED")), Scope.ASSET),
        (hedra, hedra_job("FAILED", **hedra_error("INTERNAL")), Scope.ENDPOINT),
    ],
)
def test_a_failure_that_says_why(vendor_of: Any, message: dict[str, Any], scope: Scope) -> None:
    failed = read(vendor_of, message)
    assert isinstance(failed, JobFailed)
    assert failed.error
    assert failed.error.scope is scope


@pytest.mark.parametrize(
    ("vendor_of", "message"),
    [(replicate, prediction(status="failed")), (hedra, hedra_job("FAILED"))],
)
def test_a_failure_that_does_not_say_why_has_to_be_asked_after(vendor_of: Any, message: dict[str, Any]) -> None:
    failed = read(vendor_of, message)
    assert isinstance(failed, JobFailed)
    assert failed.error is None


@pytest.mark.parametrize("vendor_of", [replicate, hedra])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"status": "succeeded"}',
        b'{"id": "", "job_id": "", "status": "COMPLETED"}',
        b'{"id": 7, "job_id": 7, "status": "COMPLETED"}',
        b'{"id": "../files", "job_id": "../files", "status": "COMPLETED"}',
        b'{"id": "a", "job_id": "a"}',
        b'{"id": "a", "job_id": "a", "status": "PUZZLED"}',
        b'{"id": "a", "job_id": "a", "status": null}',
        json.dumps(prediction(status="processing", job_id="a")).encode(),
        json.dumps(hedra_job("IN_PROGRESS", id="a")).encode(),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_callback(vendor_of: Any, body: bytes) -> None:
    with pytest.raises(CallbackUnreadable):
        vendor_of().provider.read_callback(body)
