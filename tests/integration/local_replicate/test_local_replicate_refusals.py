"""What the simulated Replicate refuses, as problem details."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from local.simulator.faults import JobFault
from tests.integration.local_replicate.harness import KLING, NANO_BANANA, Replicate
from tests.integration.local_simulator.harness import audio_file


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    content = answer.json()
    assert content["status"] == answer.status_code
    detail: str = content["detail"]
    return answer.status_code, detail


@pytest.mark.parametrize("authorization", [None, "Bearer r8_wrong", "Key {key}", "{key}"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/predictions"),
        ("POST", f"/v1/models/{NANO_BANANA}/predictions"),
        ("GET", "/v1/predictions"),
        ("GET", "/v1/predictions/x"),
        ("POST", "/v1/predictions/x/cancel"),
        ("POST", "/v1/files"),
        ("GET", "/v1/files"),
        ("GET", "/v1/account"),
        ("GET", f"/v1/models/{NANO_BANANA}"),
    ],
)
def test_token_is_needed(replicate: Replicate, method: str, path: str, authorization: str | None) -> None:
    request = replicate.http.build_request(method, path)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization.format(key=replicate.simulator.facts.key)
    status_code, _ = problem(replicate.http.send(request))
    assert status_code == 401


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "input.prompt"),
        ({"prompt": "x", "resolution": "8K"}, "input.resolution"),
        ({"prompt": "x", "image_input": ["x"] * 15}, "input.image_input"),
    ],
)
def test_wrong_inputs_are_refused_and_named(replicate: Replicate, inputs: dict[str, Any], field: str) -> None:
    answer = replicate.http.post("/v1/predictions", json={"version": NANO_BANANA, "input": inputs})
    status_code, detail = problem(answer)
    assert status_code == 422
    assert detail.startswith(f"- {field}: ")
    assert answer.json()["invalid_fields"][0]["field"] == field
    assert replicate.control.requests() == []


@pytest.mark.parametrize(
    "change",
    [
        {"webhook": "http://abc.hooks.test/"},
        {"webhook_events_filter": ["finished"]},
        {"speed": 3},
        {"input": "x"},
        {"version": None},
    ],
)
def test_wrong_request_is_refused(replicate: Replicate, change: dict[str, Any]) -> None:
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}, **change}
    assert problem(replicate.http.post("/v1/predictions", json=body))[0] == 422
    assert replicate.control.requests() == []


def test_unknown_inputs_are_ignored_and_noted(replicate: Replicate) -> None:
    replicate.submit(prompt="x", speed=3)
    assert replicate.control.requests()[0].unknown_inputs == ("speed",)


def test_what_does_not_exist_is_not_found(replicate: Replicate) -> None:
    for method, path in [
        ("GET", "/v1/predictions/x"),
        ("POST", "/v1/predictions/x/cancel"),
        ("POST", "/v1/models/a/b/predictions"),
        ("GET", "/v1/models/a/b"),
        ("GET", "/v1/files/x"),
    ]:
        assert problem(replicate.http.request(method, path))[0] == 404
    for version in ("a/b", f"{NANO_BANANA}:{'0' * 64}", "0" * 64):
        body = {"version": version, "input": {"prompt": "x"}}
        status_code, detail = problem(replicate.http.post("/v1/predictions", json=body))
        assert status_code == 422
        assert detail.startswith("The specified version does not exist")


def test_credit_is_spent_and_then_nothing_runs(replicate: Replicate) -> None:
    replicate.control.set_balance(Decimal("0.08"))
    replicate.submit()
    replicate.control.wait_until_idle()
    assert replicate.control.settings().balance_usd == 0
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}}
    status_code, detail = problem(replicate.http.post("/v1/predictions", json=body))
    assert (status_code, detail.startswith("You have insufficient credit")) == (402, True)
    assert len(replicate.control.invoice().lines) == 1


def test_too_many_requests_are_throttled_in_the_documented_words(replicate: Replicate) -> None:
    replicate.control.change_settings(requests_per_minute=1)
    assert replicate.http.get("/v1/account").status_code == 200
    answer = replicate.http.get("/v1/account")
    status_code, detail = problem(answer)
    assert status_code == 429
    assert detail.startswith("Request was throttled. Your rate limit resets in ~")
    assert "retry-after" not in answer.headers


def test_forbidden_prompt_fails_with_the_code_that_integrators_know(replicate: Replicate) -> None:
    replicate.control.change_settings(content_policy_triggers=["forbidden"])
    finished = replicate.finished(replicate.submit(prompt="a FORBIDDEN thing"))
    assert (finished["status"], finished["output"]) == ("failed", None)
    assert "(E005)" in finished["error"]
    replicate.control.change_settings(content_policy_triggers=[])
    # and so does a picture that is looked at afterwards
    replicate.control.add_fault(JobFault(kind="nsfw", count=1))
    assert "(E005)" in replicate.finished(replicate.submit())["error"]


@pytest.mark.parametrize(
    ("image", "seconds", "words"),
    [("https://example.com/x.png", 3.0, "Failed to download"), (None, 61.0, "too long"), (None, 1.0, "too short")],
)
def test_files_that_no_model_can_use_fail_the_prediction(
    replicate: Replicate, image: str | None, seconds: float, words: str
) -> None:
    audio = replicate.upload(audio_file(seconds), "audio/wav")
    finished = replicate.finished(replicate.submit(KLING, image=image or replicate.upload_image(), audio=audio))
    assert finished["status"] == "failed"
    assert words in finished["error"]
    assert replicate.control.invoice().lines == ()


def test_uploads_are_described_and_expire(replicate: Replicate) -> None:
    answer = replicate.http.post(
        "/v1/files", files={"content": ("a.wav", audio_file(1), "audio/wav"), "metadata": ("", b'{"take": 3}')}
    )
    described = answer.json()
    assert (described["content_type"], described["name"], described["metadata"]) == ("audio/wav", "a.wav", {"take": 3})
    assert described["size"] == len(audio_file(1))
    assert replicate.http.get(described["urls"]["get"]).json() == described
    assert [file["id"] for file in replicate.http.get("/v1/files").json()["results"]] == [described["id"]]
    # the address is that of the description, and of no use without the token
    assert replicate.http.get(f"/v1/files/{described['id']}/download").status_code == 404
    # and when the hour is over, there is no such file
    replicate.control.change_settings(file_seconds=0.001)
    lapsed = replicate.upload_image()
    assert problem(replicate.http.get(lapsed))[0] == 404
    assert replicate.finished(replicate.submit(prompt="x", image_input=[lapsed]))["status"] == "failed"


@pytest.mark.parametrize("content", [b"", b"no form", b'{"content": "x"}'])
def test_upload_that_is_no_form_is_refused(replicate: Replicate, content: bytes) -> None:
    assert problem(replicate.http.post("/v1/files", content=content))[0] == 400
