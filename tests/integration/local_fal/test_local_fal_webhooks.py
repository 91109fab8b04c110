"""Webhooks: signed, repeated, routed, and broken on demand."""

import base64
import hashlib
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from local.simulator.faults import JobFault, WebhookFault
from tests.integration.local_fal.harness import HOOK, Fal
from tests.integration.local_simulator.harness import Delivery

IDEOGRAM = "fal-ai/ideogram/v3"


def is_signed(fal: Fal, delivery: Delivery) -> bool:
    """Verify a delivery as fal's documentation says, against every published key."""
    headers = delivery.headers
    message = "\n".join(
        [
            headers["x-fal-webhook-request-id"],
            headers["x-fal-webhook-user-id"],
            headers["x-fal-webhook-timestamp"],
            hashlib.sha256(delivery.body).hexdigest(),
        ]
    )
    keys = fal.http.get("/.well-known/jwks.json").json()["keys"]
    assert len(keys) == 2
    for key in keys:
        assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
        assert "=" not in key["x"]
        public_key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
        try:
            public_key.verify(bytes.fromhex(headers["x-fal-webhook-signature"]), message.encode())
        except InvalidSignature:
            continue
        return True
    return False


def deliveries(fal: Fal) -> list[Delivery]:
    """Wait for the end of all requests and webhooks, and return what arrived."""
    fal.control.wait_until_idle()
    return fal.receiver.deliveries


def test_success_is_delivered_signed(fal: Fal) -> None:
    handle = fal.submit(webhook=HOOK)

    (delivery,) = deliveries(fal)
    assert delivery.path == "/callback?secret=s3cret"
    assert delivery.headers["host"] == "abc.hooks.test"
    assert is_signed(fal, delivery)
    assert delivery.headers["x-fal-webhook-request-id"] == handle.request_id
    assert delivery.headers["x-fal-webhook-user-id"] == fal.simulator.facts.user_id
    assert abs(int(delivery.headers["x-fal-webhook-timestamp"]) - time.time()) < 60
    content = delivery.content
    assert content.keys() == {"request_id", "gateway_request_id", "status", "payload"}
    assert (content["request_id"], content["status"]) == (handle.request_id, "OK")
    assert content["gateway_request_id"] != handle.request_id
    assert content["payload"] == handle.get()


def test_failure_is_delivered_with_its_details(fal: Fal) -> None:
    fal.submit(webhook=HOOK, num_images=0)
    (delivery,) = deliveries(fal)
    content = delivery.content
    assert (content["status"], content["error"]) == ("ERROR", "Invalid status code: 422")
    assert isinstance(content["payload"], dict)
    assert content["payload"]["detail"][0]["type"] == "greater_than_equal"


def test_refused_delivery_is_repeated_and_signed_afresh(fal: Fal) -> None:
    fal.receiver.answers += [500, 404]
    handle = fal.submit(webhook=HOOK)

    assert [is_signed(fal, delivery) for delivery in deliveries(fal)] == [True] * 3
    attempts = fal.control.webhook_attempts(handle.request_id)
    assert [(attempt.attempt, attempt.status_code) for attempt in attempts] == [(0, 500), (1, 404), (2, 200)]


def test_redirect_is_final(fal: Fal) -> None:
    fal.receiver.answers += [307]
    fal.submit(webhook=HOOK)
    assert len(deliveries(fal)) == 1


def test_retries_have_an_end(fal: Fal) -> None:
    fal.control.change_settings(webhook_max_retries=2)
    fal.receiver.answers += [500] * 10
    fal.submit(webhook=HOOK)
    assert len(deliveries(fal)) == 3


def test_retries_end_with_the_stored_result(fal: Fal) -> None:
    # given a result that will be gone before the second attempt
    fal.control.change_settings(stored_result_seconds=0.5, webhook_backoff_seconds=(0.01, 60))
    fal.receiver.answers += [500] * 10
    fal.submit(webhook=HOOK)
    assert len(deliveries(fal)) == 2


def test_receiver_that_does_not_answer_in_time_is_tried_again(fal: Fal) -> None:
    fal.control.change_settings(webhook_first_timeout_seconds=0.05)
    slow = [0.5]
    fal.receiver.on_delivery = lambda _: time.sleep(slow.pop() if slow else 0)
    handle = fal.submit(webhook=HOOK)

    fal.control.wait_until_idle()
    attempts = fal.control.webhook_attempts(handle.request_id)
    assert [(attempt.status_code, attempt.error is None) for attempt in attempts] == [(None, False), (200, True)]


def test_address_without_a_route_gets_nothing(fal: Fal) -> None:
    handle = fal.submit(webhook=f"{fal.receiver.url}/direct")
    assert deliveries(fal) == []
    (attempt,) = fal.control.webhook_attempts(handle.request_id)
    assert attempt.error == "no route to this host"


def test_new_signing_key_is_published(fal: Fal) -> None:
    before = {key["x"] for key in fal.http.get("/.well-known/jwks.json").json()["keys"]}
    fal.control.rotate_signing_keys()
    after = {key["x"] for key in fal.http.get("/.well-known/jwks.json").json()["keys"]}
    assert len(before & after) == 1
    fal.submit(webhook=HOOK)
    assert is_signed(fal, deliveries(fal)[0])


def test_dropped_delivery_never_comes_but_can_be_asked_for(fal: Fal) -> None:
    dropped = fal.control.add_fault(WebhookFault(kind="drop", endpoint=IDEOGRAM, count=1))
    handle = fal.submit(webhook=HOOK)
    assert deliveries(fal) == []
    assert fal.control.hits(dropped) == 1

    fal.control.redeliver_webhook(handle.request_id)
    assert len(deliveries(fal)) == 1


def test_delayed_delivery_comes_later(fal: Fal) -> None:
    fal.control.add_fault(WebhookFault(kind="delay", seconds=0.3))
    handle = fal.submit(webhook=HOOK)
    fal.control.wait_until_idle()
    (attempt,) = fal.control.webhook_attempts(handle.request_id)
    (request,) = fal.control.requests()
    assert request.ended_at is not None
    assert attempt.at - request.ended_at >= 0.3


def test_duplicated_delivery_comes_several_times(fal: Fal) -> None:
    fal.control.add_fault(WebhookFault(kind="duplicate", times=2, count=1))
    fal.submit(webhook=HOOK)
    bodies = [delivery.body for delivery in deliveries(fal)]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1


def test_webhook_may_come_before_the_answer_to_the_submit(fal: Fal) -> None:
    fal.control.add_fault(WebhookFault(kind="before_submit_response", count=1))
    handle = fal.submit(webhook=HOOK)
    # The submit has only just returned, and the callback is there.
    assert [delivery.content["request_id"] for delivery in fal.receiver.deliveries] == [handle.request_id]


@pytest.mark.parametrize("kind", ["wrong_signature", "forged_user", "stale_timestamp"])
def test_delivery_that_must_be_refused_is_followed_by_a_good_one(fal: Fal, kind: str) -> None:
    # given a receiver that refuses the bad one
    fal.control.add_fault(WebhookFault.model_validate({"kind": kind, "count": 1}))
    fal.receiver.answers += [401]
    fal.submit(webhook=HOOK)

    bad, good = deliveries(fal)
    assert is_signed(fal, bad) == (kind != "wrong_signature")
    assert (bad.headers["x-fal-webhook-user-id"] != fal.simulator.facts.user_id) == (kind == "forged_user")
    age = time.time() - int(bad.headers["x-fal-webhook-timestamp"])
    assert (age > 300) == (kind == "stale_timestamp")
    assert is_signed(fal, good)
    assert good.headers["x-fal-webhook-user-id"] == fal.simulator.facts.user_id


def test_payload_may_be_missing(fal: Fal) -> None:
    fal.control.add_fault(WebhookFault(kind="null_payload"))
    fal.submit(webhook=HOOK)
    (delivery,) = deliveries(fal)
    assert (delivery.content["status"], delivery.content["payload"]) == ("OK", None)
    assert "not JSON serializable" in str(delivery.content["payload_error"])
    assert is_signed(fal, delivery)


def test_result_that_is_null_is_delivered_without_a_payload(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="null_payload"))
    fal.submit(webhook=HOOK)
    (delivery,) = deliveries(fal)
    assert (delivery.content["status"], delivery.content["payload"]) == ("OK", None)
    assert "not JSON serializable" in str(delivery.content["payload_error"])


def test_delivery_may_claim_an_error_where_there_is_none(fal: Fal) -> None:
    fal.control.add_fault(WebhookFault(kind="error_payload"))
    handle = fal.submit(webhook=HOOK)
    (delivery,) = deliveries(fal)
    assert delivery.content["status"] == "ERROR"
    assert len(handle.get()["images"]) == 1


def test_infrastructure_error_is_delivered(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="error", error_type="runner_disconnected"))
    fal.submit(webhook=HOOK)
    (delivery,) = deliveries(fal)
    assert delivery.content["error"] == "Invalid status code: 503"
