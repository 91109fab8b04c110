"""The official client, `replicate`, talks to the simulator: a check on the simulator, not on the client.

It reads ``REPLICATE_BASE_URL`` and ``SSL_CERT_FILE``, so that it is used as it comes.
"""

import io

import httpx
import pytest
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.webhook import InvalidSignatureError, InvalidTimestampError, Webhooks

from local.simulator.faults import JobFault, SubmitFault, WebhookFault
from local.simulator.settings import Latency
from tests.integration.local_replicate.harness import HOOK, KLING, NANO_BANANA, Replicate
from tests.integration.local_simulator.harness import audio_file, image_file


@pytest.fixture
def client(replicate: Replicate, monkeypatch: pytest.MonkeyPatch) -> Client:
    for name, value in replicate.simulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("REPLICATE_POLL_INTERVAL", "0.01")
    return Client()


def test_prediction_is_created_awaited_and_downloaded(client: Client) -> None:
    prediction = client.predictions.create(version=NANO_BANANA, input={"prompt": "x", "output_format": "png"})
    assert prediction.status == "starting"
    prediction.wait()
    assert (prediction.status, prediction.model, prediction.version) == ("succeeded", NANO_BANANA, "hidden")
    assert prediction.metrics is not None
    assert prediction.metrics["predict_time"] >= 0
    assert client.predictions.get(prediction.id).output == prediction.output


def test_model_is_run_in_one_call_with_files(client: Client, replicate: Replicate) -> None:
    # given files that the client uploads itself, and its own way of waiting
    files = {"image": io.BytesIO(image_file()), "audio": io.BytesIO(audio_file(2.5))}
    output = client.run(KLING, input=files)
    # then what it returns is the clip
    assert isinstance(output, FileOutput)
    assert output.read().startswith(b"film 1280x720")
    assert len(client.files.list()) == 2
    assert [float(line.quantity) for line in replicate.control.invoice().lines] == [2.5]


def test_file_is_uploaded_and_described(client: Client) -> None:
    file = client.files.create(io.BytesIO(image_file()), filename="a.png", content_type="image/png", metadata={"a": 1})
    assert (file.name, file.content_type, file.size, file.metadata) == (
        "a.png",
        "image/png",
        len(image_file()),
        {"a": 1},
    )
    assert client.files.get(file.id).checksums == file.checksums


def test_prediction_is_cancelled(client: Client, replicate: Replicate) -> None:
    replicate.control.set_latency(Latency(run_seconds=30))
    prediction = client.predictions.create(model=NANO_BANANA, input={"prompt": "x"})
    prediction.cancel()
    assert prediction.status == "canceled"


def test_predictions_are_listed(client: Client, replicate: Replicate) -> None:
    created = [client.predictions.create(version=NANO_BANANA, input={"prompt": "x"}).id for _ in range(3)]
    replicate.control.change_settings(request_list_page=2)
    first = client.predictions.list()
    second = client.predictions.list(first.next or "")
    assert [prediction.id for prediction in [*first.results, *second.results]] == created[::-1]


def test_failure_and_refusal_are_its_own_errors(client: Client, replicate: Replicate) -> None:
    replicate.control.add_fault(JobFault(kind="error", error_type="content_policy_violation", count=1))
    with pytest.raises(ModelError, match="E005"):
        client.run(NANO_BANANA, input={"prompt": "x"})
    replicate.control.add_fault(SubmitFault(kind="exhausted_balance", count=1))
    with pytest.raises(ReplicateError, match="insufficient credit") as caught:
        client.predictions.create(version=NANO_BANANA, input={"prompt": "x"})
    assert caught.value.status == 402


def test_callback_is_validated_with_the_secret_of_the_account(client: Client, replicate: Replicate) -> None:
    secret = client.webhooks.default.secret()
    assert secret.key == replicate.simulator.signing_secret()
    replicate.control.add_fault(WebhookFault(kind="wrong_signature", count=1))
    for _ in range(2):
        client.predictions.create(version=NANO_BANANA, input={"prompt": "x"}, webhook=HOOK,
                                  webhook_events_filter=["completed"])  # fmt: skip
        replicate.control.wait_until_idle()
    forged, genuine = (
        httpx.Request("POST", HOOK, headers=delivery.headers, content=delivery.body)
        for delivery in replicate.receiver.deliveries
    )
    Webhooks.validate(genuine, secret=secret, tolerance=300)
    with pytest.raises(InvalidSignatureError):
        Webhooks.validate(forged, secret=secret, tolerance=300)
    replicate.control.add_fault(WebhookFault(kind="stale_timestamp", count=1))
    client.predictions.create(version=NANO_BANANA, input={"prompt": "x"}, webhook=HOOK)
    replicate.control.wait_until_idle()
    stale = next(d for d in replicate.receiver.deliveries[2:] if d.content["status"])
    with pytest.raises(InvalidTimestampError):
        Webhooks.validate(
            httpx.Request("POST", HOOK, headers=stale.headers, content=stale.body), secret=secret, tolerance=300
        )


def test_schema_of_a_model_is_found(client: Client) -> None:
    version = client.models.get(NANO_BANANA).latest_version
    assert version is not None
    assert "image_input" in version.openapi_schema["components"]["schemas"]["Input"]["properties"]
