"""Three more providers by the same adapter, from specifications that are data alone.

What the documents of each of them show is replayed: a submit, every status, the output, errors, a cancellation, the
idempotency key, the callback. It needs no code. What it does not cover, and what a real one would have to add:

- Runway makes a talking clip by two jobs, an avatar (asked after at ``/v1/avatars/{id}``, with its own statuses) and
  then the video: a step of the plan more, which is no matter of the adapter. It calls nobody back, so its jobs are
  found to be over only as often as reconcile looks. Its uploads are two requests (``/v1/uploads`` gives a form to
  post to); files would have to be named by public URLs.
- Runway and HeyGen name files in two ways: an object for pictures, and a mere URL for sound. The specification has one
  way for each provider; a way for each field would have to come with the fields of a request.
- HeyGen signs callbacks, but whether also those to a `callback_url` is not documented; D-ID signs none. What comes
  there would only be a reason to ask, never a result to believe. Verifying is `shared.webhooks`' matter.
- D-ID wants the address of the sound within another field (``script.audio_url``), and addresses that end in the file's
  extension. Its part names and the form of a failed talk's error are guesses.
- Which of their failures are billed is known of Runway alone (what its moderation refuses is): all count as charged.
"""

import json
from typing import Any

import pytest

from shared.keys import AssetKind
from shared.providers.callbacks import Delivered, JobFailed
from shared.providers.errors import Scope
from shared.providers.http.spec import ProviderSpec
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    InProgress,
    ProviderUnreachable,
    Queued,
    Refused,
    Unconfirmed,
)
from tests.unit.providers.http.paper_specs import D_ID, HEYGEN, RUNWAY
from tests.unit.providers.http.vendor import CALLBACK, KEY, Vendor, answer

URLS = {
    "Runway": "https://api.dev.runwayml.com",
    "HeyGen": "https://api.heygen.com",
    "D-ID": "https://api.d-id.com",
}


def vendor_of(spec: ProviderSpec, *answers: Any) -> Vendor:
    return Vendor(spec, URLS[spec.title], *answers)


def test_runway_makes_a_picture_from_two() -> None:
    vendor = vendor_of(RUNWAY, answer(200, {"id": "17f20503", "estimatedCost": {"credits": 5}}))
    arguments = {
        "model": "gen4_image",
        "promptText": "x",
        "ratio": "1920:1080",
        "referenceImages": [{"uri": "https://f"}],
    }
    assert vendor.submit("text_to_image", **arguments) == Accepted("17f20503")
    [request] = vendor.requests
    assert (request.method, str(request.url)) == ("POST", "https://api.dev.runwayml.com/v1/text_to_image")
    assert vendor.body == arguments
    assert request.headers["X-Runway-Version"] == "2024-11-06"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert vendor.provider.file_argument("https://f") == {"uri": "https://f"}
    assert not vendor.provider.replays_safely


def test_runway_is_cancelled_by_deleting_its_task() -> None:
    vendor = vendor_of(RUNWAY, answer(204, ""))
    vendor.provider.cancel("text_to_image", "17f20503")
    assert (vendor.requests[0].method, vendor.requests[0].url.path) == ("DELETE", "/v1/tasks/17f20503")


def test_heygen_animates_a_picture() -> None:
    vendor = vendor_of(HEYGEN, answer(200, {"data": {"video_id": "v_1", "status": "waiting"}}))
    image = vendor.provider.file_argument("https://files.test/1.png")
    outcome = vendor.submit("videos", image=image, audio_url="https://files.test/1.mp3", resolution="720p")
    assert outcome == Accepted("v_1")
    [request] = vendor.requests
    assert str(request.url) == "https://api.heygen.com/v3/videos"
    assert vendor.body == {
        "type": "image",
        "image": {"type": "url", "url": "https://files.test/1.png"},
        "audio_url": "https://files.test/1.mp3",
        "resolution": "720p",
        "callback_url": CALLBACK,
    }
    assert (request.headers["X-Api-Key"], request.headers["Idempotency-Key"]) == (KEY, "address-1")
    assert "Authorization" not in request.headers


def test_heygen_replays_under_its_key_and_a_conflict_leaves_it_open() -> None:
    conflict = answer(409, {"error": {"code": "request_in_progress", "message": "x"}})
    vendor = vendor_of(HEYGEN, answer(502, "<html>"), conflict)
    assert isinstance(vendor.submit("videos"), Unconfirmed)
    assert len(vendor.requests) == 2


def test_d_id_animates_a_picture() -> None:
    vendor = vendor_of(D_ID, answer(201, {"id": "tlk_1", "object": "talk", "status": "created"}))
    arguments = {
        "source_url": "https://files.test/1.png",
        "script": {"type": "audio", "audio_url": "https://files.test/1.mp3"},
        "config": {"stitch": True, "result_format": "mp4"},
    }
    assert vendor.submit("talks", **arguments) == Accepted("tlk_1")
    [request] = vendor.requests
    assert str(request.url) == "https://api.d-id.com/talks"
    assert vendor.body == {**arguments, "webhook": CALLBACK}
    assert request.headers["Authorization"] == f"Basic {KEY}"


def test_d_id_takes_pictures_and_sound_at_two_places() -> None:
    vendor = vendor_of(D_ID, answer(201, {"url": "s3://d-id-images/1.png"}), answer(201, {"url": "s3://d-id-audios/1"}))
    assert vendor.provider.upload(b"x", "image/png", "1.png") == "s3://d-id-images/1.png"
    assert vendor.provider.upload(b"x", "audio/mpeg", "1.mp3") == "s3://d-id-audios/1"
    assert [request.url.path for request in vendor.requests] == ["/images", "/audios"]
    with pytest.raises(ProviderUnreachable, match="D-ID takes no file of type video/mp4"):
        vendor.provider.upload(b"x", "video/mp4", "1.mp4")


def heygen(status: str, **fields: Any) -> dict[str, Any]:
    return {"data": {"video_id": "v_1", "status": status, **fields}}


RUNWAY_OUTPUT = ["https://dnznrvs05pmza.cloudfront.net/1.png?_jwt=x"]
HEYGEN_OUTPUT = "https://files.heygen.test/1.mp4?Expires=1"
D_ID_OUTPUT = "https://d-id-talks-prod.s3.test/1.mp4?Expires=1"


@pytest.mark.parametrize(
    ("spec", "body", "outcome"),
    [
        (RUNWAY, {"id": "t", "status": "PENDING", "createdAt": "2026-04-21T10:00:00Z"}, Queued()),
        (RUNWAY, {"id": "t", "status": "THROTTLED"}, Queued()),
        (RUNWAY, {"id": "t", "status": "RUNNING", "progress": 0.4}, InProgress()),
        (RUNWAY, {"id": "t", "status": "SUCCEEDED", "output": RUNWAY_OUTPUT}, Finished({"output": RUNWAY_OUTPUT})),
        (HEYGEN, heygen("waiting"), Queued()),
        (HEYGEN, heygen("pending"), Queued()),
        (HEYGEN, heygen("processing"), InProgress()),
        (HEYGEN, heygen("completed", video_url=HEYGEN_OUTPUT, duration=4), Finished({"output": HEYGEN_OUTPUT})),
        (D_ID, {"id": "tlk_1", "status": "created"}, Queued()),
        (D_ID, {"id": "tlk_1", "status": "started"}, InProgress()),
        (D_ID, {"id": "tlk_1", "status": "done", "result_url": D_ID_OUTPUT}, Finished({"output": D_ID_OUTPUT})),
    ],
)
def test_how_a_job_stands(spec: ProviderSpec, body: dict[str, Any], outcome: object) -> None:
    vendor = vendor_of(spec)
    found = vendor.look_up(answer(200, body))
    assert found == outcome
    if isinstance(found, Finished):
        url = vendor.provider.media_in(AssetKind.CLIP, found.payload, "x").url
        assert url in {*RUNWAY_OUTPUT, HEYGEN_OUTPUT, D_ID_OUTPUT}


@pytest.mark.parametrize(
    ("spec", "body", "name", "scope"),
    [
        (RUNWAY, {"status": "FAILED", "failureCode": "SAFETY.INPUT.TEXT"}, "SAFETY.INPUT.TEXT", Scope.ASSET),
        (RUNWAY, {"status": "FAILED", "failureCode": "SAFETY.OUTPUT.IMAGE"}, "SAFETY.OUTPUT.IMAGE", Scope.ASSET),
        (RUNWAY, {"status": "FAILED", "failureCode": "ASSET.INVALID"}, "ASSET.INVALID", Scope.ASSET),
        (RUNWAY, {"status": "FAILED", "failureCode": "INTERNAL.BAD_OUTPUT"}, "INTERNAL.BAD_OUTPUT", Scope.ENDPOINT),
        (RUNWAY, {"status": "FAILED", "failureCode": "INTERNAL", "failure": "x"}, "INTERNAL", Scope.ENDPOINT),
        (RUNWAY, {"status": "CANCELLED"}, "CANCELLED", Scope.JOB),
        (HEYGEN, heygen("failed", failure_code="invalid_parameter"), "invalid_parameter", Scope.ASSET),
        (HEYGEN, heygen("failed", failure_code="anything", failure_message="x"), "anything", Scope.JOB),
        (D_ID, {"status": "error", "error": {"kind": "FaceError", "description": "x"}}, "FaceError", Scope.JOB),
        (D_ID, {"status": "rejected"}, "rejected", Scope.ASSET),
    ],
)
def test_what_a_job_failed_of(spec: ProviderSpec, body: dict[str, Any], name: str, scope: Scope) -> None:
    outcome = vendor_of(spec).look_up(answer(200, body))
    assert isinstance(outcome, Failed)
    assert (outcome.error.name, outcome.error.scope) == (name, scope)


@pytest.mark.parametrize(
    ("spec", "status", "body", "scope"),
    [
        (RUNWAY, 400, {"error": "Validation of body failed"}, Scope.ASSET),
        (RUNWAY, 401, {"error": "x"}, Scope.ACCOUNT),
        (RUNWAY, 404, {"error": "x"}, Scope.ENDPOINT),
        (RUNWAY, 429, {"error": "x"}, Scope.RATE),
        (RUNWAY, 503, {"error": "x"}, Scope.ENDPOINT),
        (HEYGEN, 400, {"error": {"code": "invalid_parameter", "message": "x", "param": "image"}}, Scope.ASSET),
        (HEYGEN, 400, {"error": {"code": "insufficient_credit", "message": "x"}}, Scope.ACCOUNT),
        (HEYGEN, 401, {"error": {"code": "unauthorized", "message": "x"}}, Scope.ACCOUNT),
        (HEYGEN, 404, {"error": {"code": "not_found", "message": "x"}}, Scope.ENDPOINT),
        (HEYGEN, 429, {"error": {"code": "rate_limit_exceeded", "message": "x"}}, Scope.RATE),
        (D_ID, 400, {"kind": "InvalidFace", "description": "x"}, Scope.ASSET),
        (D_ID, 402, {"kind": "InsufficientCreditsError", "description": "x"}, Scope.ACCOUNT),
        (D_ID, 451, {"kind": "ImageModerationError", "description": "x"}, Scope.ASSET),
        (D_ID, 451, {"kind": "CelebrityRecognizedError", "description": "x"}, Scope.ASSET),
    ],
)
def test_what_is_refused(spec: ProviderSpec, status: int, body: dict[str, Any], scope: Scope) -> None:
    vendor = vendor_of(spec, answer(status, body))
    outcome = vendor.submit("x")
    assert isinstance(outcome, Refused)
    assert (outcome.error.scope, outcome.error.may_be_charged) == (scope, False)
    assert outcome.error.message in {"x", "Validation of body failed"}
    assert len(vendor.requests) == 1


def test_callbacks_in_a_form_of_their_own() -> None:
    provider = vendor_of(HEYGEN).provider
    event = {"event_type": "avatar_video.success", "event_data": {"video_id": "v_1", "url": HEYGEN_OUTPUT}}
    assert provider.read_callback(json.dumps(event).encode()) == Delivered("v_1", {"output": HEYGEN_OUTPUT})
    event = {"event_type": "avatar_video.fail", "event_data": {"video_id": "v_1"}}
    assert provider.read_callback(json.dumps(event).encode()) == JobFailed("v_1", None)


def test_callbacks_that_are_the_job_itself() -> None:
    provider = vendor_of(D_ID).provider
    talk = {"id": "tlk_1", "status": "done", "result_url": D_ID_OUTPUT, "user_data": "x"}
    assert provider.read_callback(json.dumps(talk).encode()) == Delivered("tlk_1", {"output": D_ID_OUTPUT})


@pytest.mark.parametrize("spec", [HEYGEN, D_ID], ids=["HeyGen", "D-ID"])
def test_nothing_is_asked_where_nothing_can_be_cancelled_or_listed(spec: ProviderSpec) -> None:
    vendor = vendor_of(spec, answer(500, ""))
    vendor.provider.cancel("x", "job-1")
    assert vendor.provider.requests_between("x", 0, 1) == ()
    assert vendor.requests == []
