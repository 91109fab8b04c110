"""What the simulated Hedra refuses, in the documented envelope."""

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.local_hedra.harness import AVATAR, NANO_BANANA, PICTURE, Hedra


def refusal(answer: Any) -> tuple[int, dict[str, Any]]:
    content = answer.json()
    assert len(content["trace_id"]) == 32
    assert answer.headers["x-trace-id"] == content["trace_id"]
    return answer.status_code, content["error"]


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Missing credentials. Send 'Authorization: Key <key_id>:<secret>' or 'Authorization: Bearer <token>'."),
        ("Key a:b", "Invalid API key."),
        ("Basic a:b", "Invalid API key."),
    ],
)
@pytest.mark.parametrize("path", ["jobs", "jobs/job_1", "balance", "webhooks/default", "webhooks/deliveries"])
def test_key_is_needed(hedra: Hedra, path: str, authorization: str | None, message: str) -> None:
    request = hedra.http.build_request("GET", path)
    del request.headers["authorization"]
    if authorization is not None:
        request.headers["authorization"] = authorization
    status_code, error = refusal(hedra.http.send(request))
    assert (status_code, error["code"], error["message"]) == (401, "UNAUTHORIZED", message)


@pytest.mark.parametrize("scheme", ["Key", "Bearer"])
def test_key_opens_the_account_in_both_documented_ways(hedra: Hedra, scheme: str) -> None:
    authorization = {"Authorization": f"{scheme} {hedra.simulator.facts.key}"}
    assert hedra.http.get("balance", headers=authorization).status_code == 200


def test_all_wrong_fields_are_named_at_once(hedra: Hedra) -> None:
    # given the documented example: two wrong fields
    wrong: dict[str, Any] = {"prompt": "x", "aspect_ratio": "16:10", "resolution": "1K", "speed": 3, "images": []}
    status_code, error = refusal(hedra.post(**wrong))
    assert (status_code, error["code"], error["retryable"]) == (400, "INVALID_ARGUMENT", False)
    assert error["message"] == "3 input fields are invalid; see details."
    assert [(detail["field"], detail["reason"]) for detail in error["details"]] == [
        ("input.aspect_ratio", "enum"),
        ("input.images", "minItems"),
        ("input.speed", "unknown"),
    ]
    assert "aspect_ratio" in error["details"][2]["allowed"]
    assert error["param"] == "input.aspect_ratio"
    assert hedra.control.requests() == []


@pytest.mark.parametrize("missing", ["prompt", "aspect_ratio", "resolution"])
def test_required_fields_are_required(hedra: Hedra, missing: str) -> None:
    given = {name: value for name, value in PICTURE.items() if name != missing}
    _, error = refusal(hedra.post(**given))
    assert [(detail["field"], detail["reason"]) for detail in error["details"]] == [(f"input.{missing}", "required")]


def test_lapsed_upload_is_refused_with_the_reason_and_the_hour(hedra: Hedra) -> None:
    image = hedra.upload_image()
    assert hedra.control.settings().upload_url_seconds == 3600
    hedra.control.change_settings(upload_url_seconds=0.001)
    status_code, error = refusal(hedra.post(**PICTURE, images=[image]))
    (detail,) = error["details"]
    assert (status_code, error["code"], error["param"]) == (400, "INVALID_ARGUMENT", "input.images[0]")
    assert (detail["field"], detail["reason"]) == ("input.images[0]", "expired")
    assert detail["message"].startswith("input.images[0]: the POST /v3/files url expired at 20")


def test_upload_outlives_its_address_once_it_was_submitted(hedra: Hedra) -> None:
    hedra.control.pause()
    job_id = hedra.submit(**PICTURE, images=[hedra.upload_image()])
    hedra.control.change_settings(upload_url_seconds=0.001)
    hedra.control.resume()
    assert hedra.finished(job_id)["status"] == "COMPLETED"


def test_foreign_and_altered_addresses_are_refused(hedra: Hedra) -> None:
    image = hedra.upload_image()["url"]
    for url in ("https://example.com/x.png", image + "&x=1", image.partition("?")[0]):
        status_code, error = refusal(hedra.post(**PICTURE, images=[{"source": "url", "url": url}]))
        assert (status_code, error["param"]) == (400, "input.images[0]")
    # but origins can be opened, as the newest client's README says
    hedra.control.change_settings(input_origins=["http://127.0.0.1"])
    hedra.submit(**PICTURE, images=[{"source": "url", "url": f"{hedra.receiver.url}/x.png"}])


def test_what_does_not_exist_is_not_found(hedra: Hedra) -> None:
    status_code, error = refusal(hedra.post("some-model"))
    assert (status_code, error["message"]) == (404, "Model 'some-model' not found.")
    status_code, error = refusal(hedra.http.get("jobs/job_1"))
    assert (status_code, error["code"], error["message"]) == (404, "NOT_FOUND", "Job not found.")


def test_wallet_pays_or_refuses(hedra: Hedra) -> None:
    hedra.control.set_balance(Decimal("0.10"))
    hedra.submit()
    hedra.control.wait_until_idle()
    assert hedra.http.get("balance").json() == {"balance": 0.02, "spent": None, "currency": "USD"}
    status_code, error = refusal(hedra.post())
    assert (status_code, error["code"]) == (402, "INSUFFICIENT_BALANCE")
    assert error["message"].startswith("Your API wallet balance is $0.02 and this request costs $0.08. ")
    assert error["billing"] == {
        "balance": 0.02,
        "required": 0.08,
        "currency": "USD",
        "funding_url": "https://www.hedra.com/develop/billing?add_funds=true",
    }


def test_wallet_is_asked_before_a_clip_can_be_priced(hedra: Hedra) -> None:
    hedra.control.set_balance(Decimal(0))
    inputs = {"prompt": "x", "aspect_ratio": "16:9", "resolution": "720p"}
    media: dict[str, Any] = {"start_image": hedra.upload_image(), "audio": hedra.upload_audio(1)}
    status_code, error = refusal(hedra.post(AVATAR, **inputs, **media))
    assert (status_code, "required" in error["billing"]) == (402, False)


def test_prompt_can_fail_moderation(hedra: Hedra) -> None:
    hedra.control.change_settings(content_policy_triggers=["forbidden"])
    status_code, error = refusal(hedra.post(**{**PICTURE, "prompt": "A FORBIDDEN thing"}))
    assert (status_code, error["code"]) == (422, "MODERATION_FAILED")
    assert hedra.control.requests() == []


def test_too_many_requests_are_told_when_to_come_again(hedra: Hedra) -> None:
    hedra.control.change_settings(requests_per_minute=2)
    assert [hedra.http.get("balance").status_code for _ in range(2)] == [200, 200]
    answer = hedra.http.get("balance")
    status_code, error = refusal(answer)
    assert (status_code, error["code"], error["retryable"]) == (429, "RESOURCE_EXHAUSTED", True)
    assert answer.headers["retry-after"] == str(error["retry_after"])
    assert 1 <= error["retry_after"] <= 60
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("2", "0")
    # Whoever watches the simulator is not counted.
    assert hedra.control.requests() == []


def test_models_are_listed_with_their_schemas(hedra: Hedra) -> None:
    listed = hedra.http.get("models").json()["data"]
    assert {model["id"]: model["modality"] for model in listed}[NANO_BANANA] == "image"
    detail = hedra.http.get(f"models/{NANO_BANANA}").json()
    assert detail["input_schema"]["additionalProperties"] is False
    assert set(detail["input_schema"]["required"]) == {"prompt", "aspect_ratio", "resolution"}
