"""The official client, `hedra-sdk`, talks to the simulator: a check on the simulator, not on the client."""

import ssl
from typing import Any

import httpx
import pytest
from hedra import Hedra as Client
from hedra import InputHedraAvatar, InputHedraAvatarStartImage_Url
from hedra.core.api_error import ApiError
from hedra.types.input_hedra_avatar_audio_zero import InputHedraAvatarAudioZero_Url

from local.simulator.faults import JobFault, SubmitFault
from tests.integration.local_hedra.harness import AVATAR, HOOK, KLING, NANO_BANANA, PICTURE, Hedra
from tests.integration.local_simulator.harness import audio_file, image_file


@pytest.fixture
def client(hedra: Hedra) -> Client:
    context = ssl.create_default_context(cafile=hedra.simulator.facts.ca_file)
    return Client(
        base_url=hedra.simulator.url,
        api_key=hedra.simulator.facts.key,
        httpx_client=httpx.Client(verify=context, trust_env=False, follow_redirects=True),
    )


def test_job_is_submitted_polled_and_fetched(client: Client, hedra: Hedra) -> None:
    hedra.control.pause()
    accepted = client.jobs.submit(NANO_BANANA, input=PICTURE, webhook=HOOK)
    assert (accepted.status, accepted.model) == ("IN_QUEUE", NANO_BANANA)
    assert client.jobs.get_status(accepted.job_id).progress == 0
    hedra.control.resume()
    hedra.control.wait_until_idle()
    result = client.jobs.get(accepted.job_id)
    assert result.outputs is not None
    (output,) = result.outputs
    assert (result.status, result.cost, result.currency) == ("COMPLETED", 0.08, "USD")
    assert (output.status, output.width, output.height, output.content_type) == ("COMPLETED", 1376, 768, "image/png")
    assert [job.job_id for job in client.jobs.list()] == [accepted.job_id]


def test_clip_is_made_of_uploads_by_typed_methods(client: Client, hedra: Hedra) -> None:
    image = client.files.upload(file=("a.png", image_file()))
    audio = client.files.upload(file=("a.wav", audio_file(2.5)))
    assert (image.content_type, audio.content_type) == ("image/png", "audio/wav")
    accepted = client.jobs.submit_hedra_avatar(
        input=InputHedraAvatar(
            prompt="calm",
            aspect_ratio="16:9",
            resolution="720p",
            start_image=InputHedraAvatarStartImage_Url(url=image.url),
            audio=InputHedraAvatarAudioZero_Url(url=audio.url),
        )
    )
    hedra.control.wait_until_idle()
    result = client.jobs.get(accepted.job_id)
    assert result.outputs is not None
    assert (result.outputs[0].duration_ms, result.outputs[0].fps) == (2500, 25)
    assert (result.model, result.cost) == (AVATAR, 0.125)


def test_submits_of_one_key_are_one_job(client: Client, hedra: Hedra) -> None:
    # given answers that are lost, which the client asks for again by itself, under the key that it made
    hedra.control.add_fault(SubmitFault(kind="unavailable_html", accepts_job=True, count=1))
    client.jobs.submit(NANO_BANANA, input=PICTURE)
    first = client.jobs.submit(NANO_BANANA, input=PICTURE, idempotency_key="k")
    again = client.jobs.submit(NANO_BANANA, input=PICTURE, idempotency_key="k")
    assert first.job_id == again.job_id
    hedra.control.wait_until_idle()
    assert len(hedra.control.invoice().lines) == 2


@pytest.mark.parametrize(
    ("ordered", "status_code", "code"),
    [
        (SubmitFault(kind="exhausted_balance"), 402, "INSUFFICIENT_BALANCE"),
        (SubmitFault(kind="application_not_found"), 404, "NOT_FOUND"),
        (SubmitFault(kind="internal_error"), 500, "INTERNAL"),
    ],
)
def test_refusals_are_its_own_errors(
    client: Client, hedra: Hedra, ordered: SubmitFault, status_code: int, code: str
) -> None:
    hedra.control.add_fault(ordered)
    with pytest.raises(ApiError) as caught:
        client.jobs.submit(NANO_BANANA, input=PICTURE, request_options={"max_retries": 0})
    body: Any = caught.value.body
    error = body["error"] if isinstance(body, dict) else body.error.dict()
    assert (caught.value.status_code, error["code"]) == (status_code, code)


def test_wrong_inputs_are_its_own_error(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.jobs.submit(KLING, input={"aspect_ratio": "2:1"})
    assert caught.value.status_code == 400
    assert {detail.field for detail in caught.value.body.error.details} == {
        "input.aspect_ratio",
        "input.audio",
        "input.start_image",
    }


def test_failed_job_is_described(client: Client, hedra: Hedra) -> None:
    hedra.control.add_fault(JobFault(kind="error", error_type="content_policy_violation", count=1))
    accepted = client.jobs.submit(NANO_BANANA, input=PICTURE)
    hedra.control.wait_until_idle()
    result = client.jobs.get(accepted.job_id)
    assert result.error is not None
    assert (result.status, result.error.code, result.error.retryable) == ("FAILED", "MODERATION_FAILED", False)


def test_key_deliveries_and_replays_are_read(client: Client, hedra: Hedra) -> None:
    assert client.webhooks.get_public_key().algorithm == "ed25519"
    accepted = client.jobs.submit(NANO_BANANA, input=PICTURE, webhook=HOOK)
    hedra.control.wait_until_idle()
    assert client.webhooks.redeliver(accepted.job_id).status == "PENDING"
    hedra.control.wait_until_idle()
    (delivery,) = client.webhooks.list_deliveries()
    assert (delivery.status, delivery.attempts, delivery.source) == ("DELIVERED", 2, "per_job")
    assert [d.headers["x-hedra-webhook-redelivery"] for d in hedra.receiver.deliveries] == ["false", "true"]


def test_wallet_and_models_are_read(client: Client) -> None:
    assert client.billing.get_balance().currency == "USD"
    assert NANO_BANANA in {model.id for model in client.models.list().data}
    assert client.models.get(NANO_BANANA).modality == "image"
    assert client.models.estimate(NANO_BANANA, input=PICTURE).cost == 0.08
