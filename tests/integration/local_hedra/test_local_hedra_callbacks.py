"""Callbacks of the simulated Hedra: signed as documented, repeated, and sent again when somebody asks."""

import base64
import hashlib
import time
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from local.hedra.simulator import HABITS
from local.simulator.faults import WebhookFault
from tests.integration.local_hedra.harness import HOOK, PICTURE, Hedra
from tests.integration.local_simulator.harness import Delivery


def verify(hedra: Hedra, delivery: Delivery) -> None:
    """Check a signature by the documentation alone: no key is needed to ask for the public key."""
    request = hedra.http.build_request("GET", "webhooks/public-key")
    del request.headers["authorization"]
    published = hedra.http.send(request).json()
    assert published["algorithm"] == "ed25519"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(published["public_key"]))
    signed = [delivery.headers[f"x-hedra-webhook-{name}"] for name in ("timestamp", "id", "event", "redelivery")]
    message = "\n".join([*signed, hashlib.sha256(delivery.body).hexdigest()])
    key.verify(bytes.fromhex(delivery.headers["x-hedra-webhook-signature"]), message.encode())


def test_callback_is_the_job_without_what_only_polling_shows(hedra: Hedra) -> None:
    job_id = hedra.submit(webhook=HOOK, **PICTURE)
    finished = hedra.finished(job_id)
    (delivery,) = hedra.receiver.deliveries
    verify(hedra, delivery)
    assert delivery.path == "/hedra?address=a1&attempt=1&secret=s3cret"
    assert delivery.headers["host"] == "abc.hooks.test"
    assert delivery.headers["x-hedra-webhook-id"] == job_id
    assert delivery.headers["x-hedra-webhook-event"] == "job.completed"
    assert delivery.headers["x-hedra-webhook-attempt"] == "1"
    assert delivery.headers["x-hedra-webhook-redelivery"] == "false"
    assert abs(time.time() - int(delivery.headers["x-hedra-webhook-timestamp"])) < 60
    # The output's address is signed anew, and everything else is what polling shows.
    told: dict[str, Any] = delivery.content
    assert told["outputs"][0].pop("url") != finished["outputs"][0].pop("url")
    assert told == {name: finished[name] for name in finished if name not in {"cost", "currency"}}


def test_twelve_attempts_are_made_over_about_six_hours(hedra: Hedra) -> None:
    # given the documented schedule
    waits = [
        HABITS.settings.webhook_backoff_seconds[min(number, 6)] for number in range(HABITS.settings.webhook_max_retries)
    ]
    assert waits == [10, 30, 90, 270, 810, 2430, 3600, 3600, 3600, 3600, 3600]
    assert 5.5 * 3600 < sum(waits) < 6.5 * 3600
    # when a receiver never answers well, in the ways that are retried
    hedra.receiver.answers += [500, 301, 404, 429] * 3
    hedra.submit(webhook=HOOK)
    hedra.control.wait_until_idle()
    # then there are twelve attempts, of one event, and each is signed afresh
    assert [delivery.headers["x-hedra-webhook-attempt"] for delivery in hedra.receiver.deliveries] == [
        str(number) for number in range(1, 13)
    ]
    assert len({delivery.headers["x-hedra-webhook-id"] for delivery in hedra.receiver.deliveries}) == 1
    assert len({delivery.body for delivery in hedra.receiver.deliveries}) == 12
    for delivery in hedra.receiver.deliveries:
        verify(hedra, delivery)
    (described,) = hedra.http.get("webhooks/deliveries").json()["data"]
    assert (described["status"], described["attempts"], described["last_response_status"]) == ("FAILED", 12, 429)
    assert described["last_error"]["code"] == "RESOURCE_EXHAUSTED"


def test_event_is_sent_again_on_request_and_says_so(hedra: Hedra) -> None:
    job_id = hedra.submit(webhook=HOOK)
    hedra.control.wait_until_idle()
    answer = hedra.http.post(f"webhooks/deliveries/{job_id}/redeliver")
    assert (answer.status_code, answer.json()["status"]) == (200, "PENDING")
    hedra.control.wait_until_idle()
    first, second = hedra.receiver.deliveries
    verify(hedra, second)
    assert first.headers["x-hedra-webhook-id"] == second.headers["x-hedra-webhook-id"]
    assert second.headers["x-hedra-webhook-redelivery"] == "true"


def test_only_what_was_delivered_can_be_sent_again(hedra: Hedra) -> None:
    assert hedra.http.post("webhooks/deliveries/job_1/redeliver").status_code == 404
    hedra.control.pause()
    without, waiting = hedra.submit(), hedra.submit(webhook=HOOK)
    assert hedra.http.post(f"webhooks/deliveries/{without}/redeliver").status_code == 404
    assert hedra.http.post(f"webhooks/deliveries/{waiting}/redeliver").status_code == 409


def test_job_without_an_address_calls_back_at_the_default(hedra: Hedra) -> None:
    assert hedra.http.get("webhooks/default").json()["url"] is None
    stored = hedra.http.put("webhooks/default", json={"url": "https://abc.hooks.test/default"}).json()
    assert (stored["url"], stored["enabled"]) == ("https://abc.hooks.test/default", True)
    hedra.submit()
    hedra.submit(webhook=HOOK)
    hedra.control.wait_until_idle()
    assert sorted(delivery.path.partition("?")[0] for delivery in hedra.receiver.deliveries) == ["/default", "/hedra"]
    assert hedra.http.delete("webhooks/default").status_code == 204
    hedra.submit()
    hedra.control.wait_until_idle()
    assert len(hedra.receiver.deliveries) == 2
    # A reset forgets it, too.
    hedra.http.put("webhooks/default", json={"url": "https://abc.hooks.test/default"})
    hedra.control.reset()
    assert hedra.http.get("webhooks/default").json()["url"] is None


@pytest.mark.parametrize("kind", ["wrong_signature", "stale_timestamp", "forged_user"])
def test_callback_may_be_one_that_must_not_count(hedra: Hedra, kind: str) -> None:
    hedra.control.add_fault(WebhookFault.model_validate({"kind": kind, "count": 1}))
    job_id = hedra.submit(webhook=HOOK)
    hedra.control.wait_until_idle()
    (delivery,) = hedra.receiver.deliveries
    if kind == "wrong_signature":
        with pytest.raises(InvalidSignature):
            verify(hedra, delivery)
        return
    # A signature alone proves neither that it is new nor that it is ours.
    verify(hedra, delivery)
    age = time.time() - int(delivery.headers["x-hedra-webhook-timestamp"])
    foreign = delivery.headers["x-hedra-webhook-id"] != job_id
    assert (age > 300, foreign) == (kind == "stale_timestamp", kind == "forged_user")


def test_key_may_change(hedra: Hedra) -> None:
    hedra.submit(webhook=HOOK)
    hedra.control.wait_until_idle()
    (delivery,) = hedra.receiver.deliveries
    verify(hedra, delivery)
    hedra.control.rotate_signing_keys()
    with pytest.raises(InvalidSignature):
        verify(hedra, delivery)
