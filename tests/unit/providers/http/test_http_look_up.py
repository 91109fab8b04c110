"""How jobs stand by the HTTP adapter, their cancellation, and the files that go there and come from there."""

import json
from typing import Any

import httpx
import pytest

from shared.keys import AssetKind
from shared.providers.errors import Scope
from shared.providers.http.hedra import HEDRA
from shared.providers.http.replicate import REPLICATE
from shared.providers.media import NoMediaReturned
from shared.providers.names import ProviderName
from shared.providers.outcomes import Failed, Finished, Gone, InProgress, ProviderUnreachable, Queued
from tests.unit.providers.http.vendor import (
    HEDRA_URL,
    OUTPUT,
    REPLICATE_URL,
    Said,
    answer,
    hedra,
    hedra_error,
    hedra_job,
    prediction,
    replicate,
)

CLIP = "https://replicate.delivery/xezq/clip.mp4"


def test_how_a_job_stands_at_replicate() -> None:
    vendor = replicate()
    assert vendor.look_up(answer(200, prediction())) == Queued()
    assert vendor.look_up(answer(200, prediction(status="processing"))) == InProgress()
    done = prediction(status="succeeded", output=CLIP, metrics={"predict_time": 12.5, "total_time": 40})
    assert vendor.look_up(answer(200, done)) == Finished({"output": CLIP}, 12.5)
    assert str(vendor.requests[-1].url) == f"{REPLICATE_URL}/v1/predictions/job-1"


def test_how_a_job_stands_at_hedra() -> None:
    vendor = hedra()
    assert vendor.look_up(answer(200, hedra_job("IN_QUEUE"))) == Queued()
    assert vendor.look_up(answer(200, hedra_job("IN_PROGRESS"))) == InProgress()
    done = hedra_job("COMPLETED", outputs=[OUTPUT], metrics={"processing_time_ms": 9000}, cost=0.2, currency="USD")
    assert vendor.look_up(answer(200, done)) == Finished({"output": [OUTPUT]})
    assert str(vendor.requests[-1].url) == f"{HEDRA_URL}/jobs/job-1"


@pytest.mark.parametrize(
    ("metrics", "run_seconds"),
    [
        ({"predict_time": 3}, 3.0),
        ({"predict_time": "3"}, None),
        ({"predict_time": True}, None),
        ({"predict_time": -1}, None),
        ({"predict_time": 10**400}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_how_long_the_model_worked(metrics: object, run_seconds: float | None) -> None:
    done = prediction(status="succeeded", output=CLIP, metrics=metrics)
    assert replicate().look_up(answer(200, done)) == Finished({"output": CLIP}, run_seconds)


FLAGGED = "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (abc)"


@pytest.mark.parametrize(
    ("job", "name", "scope", "retry", "may_be_charged"),
    [
        (prediction(status="failed", error=FLAGGED), "E005", Scope.ASSET, False, True),
        (prediction(status="failed", error="Timeout starting prediction (E6716)"), "E6716", Scope.ENDPOINT, True, True),
        (prediction(status="failed", error="Unknown (E1000)"), "E1000", Scope.ENDPOINT, True, True),
        (prediction(status="failed", error="Out of memory (E1001)"), "E1001", Scope.JOB, False, True),
        (prediction(status="failed", error="Something else (E9999)"), "E9999", Scope.JOB, False, True),
        (prediction(status="failed", error="no face in E005.png"), "failed", Scope.JOB, False, True),
        (prediction(status="failed", error=None), "failed", Scope.JOB, False, True),
        (prediction(status="canceled"), "canceled", Scope.JOB, False, True),
        (prediction(status="aborted"), "aborted", Scope.JOB, False, False),
        (prediction(status="succeeded", output=None), "no_payload", Scope.JOB, False, True),
        (prediction(status="succeeded", output=[]), "no_payload", Scope.JOB, False, True),
        (prediction(status="succeeded", output=""), "no_payload", Scope.JOB, False, True),
    ],
)
def test_what_a_job_at_replicate_failed_of(
    job: dict[str, Any], name: str, scope: Scope, retry: bool, may_be_charged: bool
) -> None:
    outcome = replicate().look_up(answer(200, job))
    assert isinstance(outcome, Failed)
    error = outcome.error
    assert (error.name, error.scope, error.retry, error.may_be_charged) == (name, scope, retry, may_be_charged)
    assert error.failure().permanent is (scope is Scope.ASSET)
    assert error.message


def failed_output(**error: Any) -> dict[str, Any]:
    return hedra_job("COMPLETED", outputs=[{**OUTPUT, "status": "FAILED", "url": None, "error": error}])


@pytest.mark.parametrize(
    ("job", "name", "scope", "retry"),
    [
        (hedra_job("FAILED", **hedra_error("MODERATION_FAILED")), "MODERATION_FAILED", Scope.ASSET, False),
        (hedra_job("FAILED", **hedra_error("INTERNAL", retryable=True)), "INTERNAL", Scope.ENDPOINT, True),
        (hedra_job("FAILED", **hedra_error("UNAVAILABLE", retryable=False)), "UNAVAILABLE", Scope.ENDPOINT, False),
        (hedra_job("FAILED", **hedra_error("DEADLINE_EXCEEDED")), "DEADLINE_EXCEEDED", Scope.ENDPOINT, True),
        (hedra_job("FAILED", **hedra_error("CANCELLED")), "CANCELLED", Scope.JOB, False),
        (hedra_job("FAILED", **hedra_error("NEW_CODE", retryable=True)), "NEW_CODE", Scope.JOB, False),
        (hedra_job("FAILED"), "FAILED", Scope.JOB, False),
        (
            failed_output(code="MODERATION_FAILED", message="Image failed moderation."),
            "MODERATION_FAILED",
            Scope.ASSET,
            False,
        ),
        (failed_output(code="INTERNAL", message="x"), "INTERNAL", Scope.ENDPOINT, True),
        (hedra_job("COMPLETED"), "no_payload", Scope.JOB, False),
    ],
)
def test_what_a_job_at_hedra_failed_of(job: dict[str, Any], name: str, scope: Scope, retry: bool) -> None:
    outcome = hedra().look_up(answer(200, job))
    assert isinstance(outcome, Failed)
    error = outcome.error
    # Hedra does not say which of its failures are billed
    assert (error.name, error.scope, error.retry, error.may_be_charged) == (name, scope, retry, True)
    assert error.message


@pytest.mark.parametrize(
    "gone",
    [
        prediction(status="succeeded", output=None, data_removed=True),
        prediction(status="succeeded", output=CLIP, data_removed=True),
    ],
)
def test_a_result_that_replicate_has_deleted_is_gone_for_good(gone: dict[str, Any]) -> None:
    assert replicate().look_up(answer(200, gone)) == Gone(is_deleted=True)


@pytest.mark.parametrize(
    ("fields", "is_deleted"),
    [
        ({"status": "EXPIRED"}, True),
        ({"status": "EXPIRED", "url": None}, True),
        ({"url": None}, False),
    ],
)
def test_a_result_that_hedra_has_no_more_is_gone(fields: dict[str, Any], is_deleted: bool) -> None:
    said = answer(200, hedra_job("COMPLETED", outputs=[{**OUTPUT, **fields}]))
    assert hedra().look_up(said) == Gone(is_deleted=is_deleted)


@pytest.mark.parametrize("vendor_of", [replicate, hedra])
@pytest.mark.parametrize("said", [answer(404, {"detail": "x"}), answer(410, ""), answer(404, "<html>")], ids=repr)
def test_a_job_that_is_known_no_more(vendor_of: Any, said: Said) -> None:
    assert vendor_of().look_up(said) == Gone()


TROUBLE: list[Said] = [
    answer(301, "", Location="https://elsewhere.test/"),
    answer(400, {"detail": "x"}),
    answer(401, {"detail": "x"}),
    answer(402, {"detail": "x"}),
    answer(403, {"detail": "x"}),
    answer(409, {"detail": "x"}),
    answer(422, {"detail": "x"}),
    answer(429, {"detail": "x"}),
    answer(500, {"detail": "x"}),
    answer(502, "<html>"),
    answer(200, "<html>"),
    answer(200, []),
    answer(200, {"status": "PUZZLED"}),
    answer(200, {"status": ["COMPLETED"]}),
    answer(200, '{"status": "succeeded", "output": NaN}'),
    answer(200, {"status": "succeeded", "logs": "x" * (5 << 20)}),
    httpx.ReadTimeout("slow"),
    httpx.ConnectError("refused"),
    httpx.RemoteProtocolError("disconnected"),
]


@pytest.mark.parametrize("vendor_of", [replicate, hedra])
@pytest.mark.parametrize("said", TROUBLE, ids=repr)
def test_trouble_in_asking_says_nothing_about_the_job(vendor_of: Any, said: Said) -> None:
    vendor = vendor_of()
    with pytest.raises(ProviderUnreachable):
        vendor.look_up(said)
    assert len(vendor.requests) == 1


def test_the_name_of_a_job_leads_nowhere_else() -> None:
    vendor = replicate(answer(200, prediction()))
    vendor.provider.look_up("owner/model", "a/../../files?x=1")
    assert vendor.requests[0].url.raw_path == b"/v1/predictions/a%2F..%2F..%2Ffiles%3Fx%3D1"


@pytest.mark.parametrize("said", [answer(200, prediction(status="canceled")), answer(404, {"detail": "x"})], ids=repr)
def test_a_job_at_replicate_is_cancelled_with_one_post(said: Said) -> None:
    vendor = replicate(said)
    vendor.provider.cancel("owner/model", "job-1")
    [request] = vendor.requests
    assert (request.method, str(request.url)) == ("POST", f"{REPLICATE_URL}/v1/predictions/job-1/cancel")


@pytest.mark.parametrize(
    "said", [answer(401, ""), answer(429, ""), answer(503, "<html>"), httpx.ReadTimeout("slow")], ids=repr
)
def test_trouble_in_cancelling_is_said_and_not_repeated(said: Said) -> None:
    vendor = replicate(said)
    with pytest.raises(ProviderUnreachable):
        vendor.provider.cancel("owner/model", "job-1")
    assert len(vendor.requests) == 1


def test_hedra_has_no_way_to_cancel_and_is_not_asked() -> None:
    vendor = hedra(answer(500, ""))
    vendor.provider.cancel("hedra-avatar", "job-1")
    assert vendor.requests == []


def test_a_file_is_handed_over_to_replicate() -> None:
    url = f"{REPLICATE_URL}/v1/files/cneqzikepnug6xezperrr4z55o"
    vendor = replicate(answer(201, {"id": "cneqzikepnug6xezperrr4z55o", "urls": {"get": url}}))
    assert vendor.provider.upload(b"\x89PNG", "image/png", "portrait-1") == url
    [request] = vendor.requests
    assert (request.method, str(request.url)) == ("POST", f"{REPLICATE_URL}/v1/files")
    form = request.content
    assert b'name="content"; filename="portrait-1"' in form
    assert b"Content-Type: image/png" in form
    assert b"\x89PNG" in form
    assert vendor.provider.file_argument(url) == url


def test_a_file_is_handed_over_to_hedra_and_named_verbatim() -> None:
    url = "https://uploads.hedra.test/f?X-Amz-Signature=1&x=%2F"
    vendor = hedra(answer(201, {"url": url, "content_type": "audio/wav", "expires_at": "2026-11-23T03:00:00Z"}))
    assert vendor.provider.upload(b"RIFF", "audio/wav", "line-1") == url
    [request] = vendor.requests
    assert (request.method, str(request.url)) == ("POST", f"{HEDRA_URL}/files")
    assert b'name="file"; filename="line-1"' in request.content
    assert vendor.provider.file_argument(url) == {"source": "url", "url": url}


@pytest.mark.parametrize(
    "said",
    [
        answer(413, {"detail": "Files must be less than 100MB in size"}),
        answer(402, hedra_error("INSUFFICIENT_BALANCE")),
        answer(201, {"url": None, "urls": {}}),
        answer(201, {"url": 7, "urls": {"get": ""}}),
        answer(500, "<html>"),
        answer(302, {"url": "https://x.test"}),
        httpx.WriteTimeout("slow"),
        httpx.ConnectError("refused"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("vendor_of", [replicate, hedra])
def test_a_file_that_cannot_be_handed_over(vendor_of: Any, said: Said) -> None:
    vendor = vendor_of(said)
    with pytest.raises(ProviderUnreachable, match="did not take a file") as raised:
        vendor.provider.upload(b"x", "image/png", "x")
    assert raised.value.__cause__ is None
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("output", [CLIP, [CLIP], [CLIP, "https://replicate.delivery/other.mp4"]])
def test_the_file_in_what_a_model_at_replicate_made(output: object) -> None:
    vendor = replicate()
    finished = vendor.look_up(answer(200, prediction(status="succeeded", output=output)))
    file = vendor.provider.media_in(AssetKind.CLIP, finished.payload, "veed/fabric-1.0")
    assert (file.url, file.content_type) == (CLIP, None)


def test_the_file_in_what_a_model_at_hedra_made() -> None:
    vendor = hedra()
    finished = vendor.look_up(answer(200, hedra_job("COMPLETED", outputs=[OUTPUT])))
    file = vendor.provider.media_in(AssetKind.CLIP, finished.payload, "hedra-avatar")
    assert (file.url, file.content_type) == (OUTPUT["url"], "video/mp4")


@pytest.mark.parametrize("vendor_of", [replicate, hedra])
@pytest.mark.parametrize(
    "payload",
    [None, [], {}, {"output": None}, {"output": []}, {"output": {}}, {"output": [{"url": 7}]}, {"output": [[CLIP]]}],
    ids=json.dumps,
)
def test_what_a_model_made_without_a_file(vendor_of: Any, payload: object) -> None:
    with pytest.raises(NoMediaReturned, match="owner/model answered without the file of a portrait"):
        vendor_of().provider.media_in(AssetKind.PORTRAIT, payload, "owner/model")


def test_what_can_be_relied_on() -> None:
    at_replicate, at_hedra = replicate().provider, hedra().provider
    assert (at_replicate.name, at_hedra.name) == (ProviderName.REPLICATE, ProviderName.HEDRA)
    assert (at_replicate.replays_safely, at_hedra.replays_safely) == (False, True)
    for provider, spec in ((at_replicate, REPLICATE), (at_hedra, HEDRA)):
        assert provider.lifetimes == spec.lifetimes
        assert provider.lifetimes.upload_margin < provider.lifetimes.upload
