"""What fal refuses, the simulator refuses in the same way."""

from collections.abc import Mapping

import fal_client
import pytest

from tests.integration.local_fal.harness import Fal
from tests.integration.local_simulator.harness import audio_file

KONTEXT = "fal-ai/flux-pro/kontext/multi"
HEDRA = "fal-ai/hedra-character-2"


def details(fal: Fal, endpoint_id: str, inputs: Mapping[str, object]) -> list[dict[str, object]]:
    """Submit, which fal accepts whatever the inputs are, and return the details of the 422."""
    handle = fal.client.submit(endpoint_id, dict(inputs))
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        handle.get(interval=0.01)
    assert caught.value.status_code == 422
    # A model's errors show in the result alone.
    status = handle.status()
    assert isinstance(status, fal_client.Completed)
    assert status.error_type is None
    found = caught.value.response.json()["detail"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("endpoint_id", "inputs", "error_type", "location"),
    [
        ("fal-ai/ideogram/v3", {}, "missing", ["prompt"]),
        ("fal-ai/ideogram/v3", {"prompt": "x", "num_images": 9}, "less_than_equal", ["num_images"]),
        ("fal-ai/ideogram/v3", {"prompt": "x", "rendering_speed": "FAST"}, "one_of", ["rendering_speed"]),
        ("fal-ai/ideogram/v3", {"prompt": "x", "style_preset": "NOIR"}, "one_of", ["style_preset"]),
        ("fal-ai/ideogram/v3", {"prompt": "x", "style_codes": ["AAFF0011"], "style": "AUTO"}, "value_error", []),
        (KONTEXT, {"prompt": "x"}, "missing", ["image_urls"]),
        (KONTEXT, {"prompt": "x", "image_urls": []}, "sequence_too_short", ["image_urls"]),
        (KONTEXT, {"prompt": "x", "image_urls": ["u"], "aspect_ratio": "16_9"}, "one_of", ["aspect_ratio"]),
        (
            KONTEXT,
            {"prompt": "x", "image_urls": ["u"], "guidance_scale": 0.5},
            "greater_than_equal",
            ["guidance_scale"],
        ),
        (KONTEXT, {"prompt": "x", "image_urls": ["u"], "safety_tolerance": 2}, "one_of", ["safety_tolerance"]),
        (HEDRA, {"image_url": "u"}, "missing", ["audio_url"]),
        (HEDRA, {"image_url": "u", "audio_url": "u", "resolution": "480p"}, "one_of", ["resolution"]),
        ("veed/fabric-1.0", {"image_url": "u", "audio_url": "u"}, "missing", ["resolution"]),
    ],
)
def test_wrong_inputs_fail_in_the_model(
    fal: Fal, endpoint_id: str, inputs: dict[str, object], error_type: str, location: list[str]
) -> None:
    (error,) = details(fal, endpoint_id, inputs)
    assert error["type"] == error_type
    assert error["loc"] == ["body", *location]
    assert error["url"] == f"https://docs.fal.ai/errors#{error_type}"
    assert fal.control.invoice().lines == ()


def test_inputs_without_a_meaning_are_noted(fal: Fal) -> None:
    fal.submit(aspect_ratio="16:9").get(interval=0.01)
    (request,) = fal.control.requests()
    assert request.unknown_inputs == ("aspect_ratio",)


def test_forbidden_prompt_is_a_content_violation(fal: Fal) -> None:
    fal.control.change_settings(content_policy_triggers=("blood",))
    (error,) = details(fal, "fal-ai/ideogram/v3", {"prompt": "a hall of Blood"})
    assert error["type"] == "content_policy_violation"
    assert error["loc"] == ["body", "prompt"]
    assert error["input"] == "a hall of Blood"
    assert fal.control.invoice().lines == ()


def test_files_that_are_not_what_they_should_be(fal: Fal) -> None:
    image, audio = fal.upload_image(), fal.upload_audio(3)
    text = fal.client.upload(b"just words", "text/plain")

    (error,) = details(fal, HEDRA, {"image_url": text, "audio_url": audio})
    assert (error["type"], error["loc"]) == ("image_load_error", ["body", "image_url"])
    (error,) = details(fal, HEDRA, {"image_url": image, "audio_url": image})
    assert (error["type"], error["loc"]) == ("unsupported_audio_format", ["body", "audio_url"])
    assert "supported_formats" in str(error["ctx"])


@pytest.mark.parametrize(
    ("seconds", "error_type", "context"),
    [
        (61, "audio_duration_too_long", {"max_duration": 60.0, "provided_duration": 61.0}),
        (1, "audio_duration_too_short", {"min_duration": 2.0, "provided_duration": 1.0}),
    ],
)
def test_audio_of_the_wrong_length(fal: Fal, seconds: int, error_type: str, context: dict[str, float]) -> None:
    audio = fal_client.encode(audio_file(seconds), "audio/wav")
    inputs = {"image_url": fal.upload_image(), "audio_url": audio}
    (error,) = details(fal, "fal-ai/kling-video/ai-avatar/v2/standard", inputs)
    assert error["type"] == error_type
    assert error["ctx"] == context


def test_style_references_together_have_a_limit(fal: Fal) -> None:
    # given two references that are allowed each but not together: an image may have bytes after its end
    half = (fal.http.get(fal.upload_image()).content).ljust(5_000_001, b"\0")
    urls = [fal.client.upload(half, "image/png")] * 2
    (error,) = details(fal, "fal-ai/ideogram/v3", {"prompt": "x", "image_urls": urls})
    assert (error["type"], error["ctx"]) == ("file_too_large", {"max_size": 10_000_000})


def test_unknown_application_is_refused_at_submit(fal: Fal) -> None:
    answer = fal.http.post("/fal-ai/h3-max", json={}, headers=fal.authorization)
    assert (answer.status_code, answer.json()) == (404, {"detail": 'Application "h3-max" not found'})


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            {},
            'Cannot access application "fal-ai/ideogram". Authentication is required to access this application.',
        ),
        ({"Authorization": "Key wrong:key"}, "No user found for Key ID and Secret"),
    ],
)
def test_submit_needs_the_key(fal: Fal, headers: dict[str, str], message: str) -> None:
    answer = fal.http.post("/fal-ai/ideogram/v3", json={"prompt": "x"}, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": message})
    assert fal.control.requests() == []


def test_key_as_bearer_token_is_refused(fal: Fal) -> None:
    headers = {"Authorization": f"Bearer {fal.simulator.facts.key}"}
    assert fal.http.post("/fal-ai/ideogram/v3", json={"prompt": "x"}, headers=headers).status_code == 401


def test_status_needs_the_key(fal: Fal) -> None:
    answer = fal.http.get(fal.submit().status_url, headers={"Authorization": "Key wrong:key"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "invalid key credentials"})


def test_rebuilt_addresses_are_refused(fal: Fal) -> None:
    handle = fal.submit()
    path = f"requests/{handle.request_id}"
    # Status under the full endpoint id: fal answers 405.
    rebuilt = fal.http.get(f"/fal-ai/ideogram/v3/{path}/status", headers=fal.authorization)
    assert rebuilt.status_code == 405
    # Under another app, or for an id that never was: not found.
    for wrong in (f"/fal-ai/flux-pro/{path}", "/fal-ai/ideogram/requests/8d3c"):
        answer = fal.http.get(wrong, headers=fal.authorization)
        assert (answer.status_code, answer.json()) == (404, {"status": "NOT_FOUND"})


def test_body_that_is_no_object_is_a_bad_request(fal: Fal) -> None:
    answer = fal.http.post("/fal-ai/ideogram/v3", content=b"[1", headers=fal.authorization)
    assert (answer.status_code, answer.json()["error_type"]) == (400, "bad_request")


def test_full_queue_refuses_where_asked_to(fal: Fal) -> None:
    fal.control.pause()
    fal.submit()
    url = "/fal-ai/ideogram/v3?fal_max_queue_length=0"
    assert fal.http.post(url, json={"prompt": "x"}, headers=fal.authorization).status_code == 429
    assert len(fal.control.requests()) == 1
