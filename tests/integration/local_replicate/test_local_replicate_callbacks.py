"""Callbacks of the simulated Replicate: signed by Standard Webhooks, and over a minute after the end."""

import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from local.replicate.simulator import HABITS
from local.simulator.faults import JobFault, WebhookFault
from tests.integration.local_replicate.harness import HOOK, NANO_BANANA, Replicate
from tests.integration.local_simulator.harness import Delivery


def verify(replicate: Replicate, delivery: Delivery) -> None:
    """Check a signature with the library that the specification's authors publish."""
    Webhook(replicate.simulator.signing_secret()).verify(delivery.body, delivery.headers)


def test_callback_is_the_prediction(replicate: Replicate) -> None:
    finished = replicate.finished(replicate.submit(webhook=HOOK))
    (delivery,) = replicate.receiver.deliveries
    verify(replicate, delivery)
    assert delivery.path == "/replicate?address=a1&attempt=1&secret=s3cret"
    assert delivery.headers["host"] == "abc.hooks.test"
    assert delivery.content == finished


def test_failed_prediction_calls_back_too(replicate: Replicate) -> None:
    replicate.control.add_fault(JobFault(kind="error", count=1))
    replicate.submit(webhook=HOOK)
    replicate.control.wait_until_idle()
    (delivery,) = replicate.receiver.deliveries
    assert (delivery.content["status"], delivery.content["output"]) == ("failed", None)
    assert "E1000" in str(delivery.content["error"])


def test_without_a_filter_the_start_is_told_too_once(replicate: Replicate) -> None:
    # given a receiver that fails once
    replicate.receiver.answers.append(500)
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}, "webhook": HOOK}
    replicate.http.post("/v1/predictions", json=body)
    replicate.control.wait_until_idle()
    # then news of the start is not repeated, and each event has an id of its own
    for delivery in replicate.receiver.deliveries:
        verify(replicate, delivery)
    assert sorted(str(delivery.content["status"]) for delivery in replicate.receiver.deliveries)[:2] == [
        "processing",
        "succeeded",
    ]
    assert len({delivery.headers["webhook-id"] for delivery in replicate.receiver.deliveries}) == 2


def test_filter_without_the_end_keeps_it_quiet(replicate: Replicate) -> None:
    body = {"version": NANO_BANANA, "input": {"prompt": "x"}, "webhook": HOOK, "webhook_events_filter": ["start"]}
    replicate.http.post("/v1/predictions", json=body)
    replicate.control.wait_until_idle()
    assert [delivery.content["status"] for delivery in replicate.receiver.deliveries] == ["processing"]
    assert replicate.control.requests()[0].webhook_settled


def test_last_attempt_is_about_a_minute_after_the_end(replicate: Replicate) -> None:
    # given the documented end of all attempts, and waits that grow until then
    waits = HABITS.settings.webhook_backoff_seconds[: HABITS.settings.webhook_max_retries]
    assert sum(waits) == 60
    assert list(waits) == sorted(waits)
    # when a receiver never answers well
    replicate.receiver.answers += [500, 302] * 10
    replicate.submit(webhook=HOOK)
    replicate.control.wait_until_idle()
    # then it is asked seven times, with one id, signed afresh each time
    assert len(replicate.receiver.deliveries) == 7
    assert len({delivery.headers["webhook-id"] for delivery in replicate.receiver.deliveries}) == 1
    # and not at all later than the end of the minute
    replicate.receiver.clear()
    replicate.receiver.answers += [500] * 10
    replicate.control.change_settings(webhook_give_up_seconds=0.03)
    replicate.submit(webhook=HOOK)
    replicate.control.wait_until_idle()
    assert 1 <= len(replicate.receiver.deliveries) <= 2


@pytest.mark.parametrize("kind", ["wrong_signature", "stale_timestamp", "forged_user"])
def test_callback_may_be_one_that_must_not_count(replicate: Replicate, kind: str) -> None:
    replicate.control.add_fault(WebhookFault.model_validate({"kind": kind, "count": 1}))
    replicate.submit(webhook=HOOK)
    replicate.control.wait_until_idle()
    (delivery,) = replicate.receiver.deliveries
    with pytest.raises(WebhookVerificationError):
        verify(replicate, delivery)


def test_secret_may_change(replicate: Replicate) -> None:
    before = replicate.simulator.signing_secret()
    replicate.control.rotate_signing_keys()
    assert replicate.simulator.signing_secret() != before
    replicate.submit(webhook=HOOK)
    replicate.control.wait_until_idle()
    (delivery,) = replicate.receiver.deliveries
    verify(replicate, delivery)
    with pytest.raises(WebhookVerificationError):
        Webhook(before).verify(delivery.body, delivery.headers)


def test_secret_is_for_the_account_only(replicate: Replicate) -> None:
    answer = replicate.http.get("/v1/webhooks/default/secret", headers={"Authorization": "Bearer r8_wrong"})
    assert answer.status_code == 401


def test_callbacks_may_be_dropped_doubled_and_late(replicate: Replicate) -> None:
    # given three faults, one for each of three predictions that run one after another
    replicate.control.set_concurrency(1)
    replicate.control.add_fault(WebhookFault(kind="drop", count=1))
    replicate.control.add_fault(WebhookFault(kind="delay", seconds=0.2, count=1))
    replicate.control.add_fault(WebhookFault(kind="duplicate", times=2, count=1))
    dropped, late, doubled = (replicate.submit(webhook=HOOK)["id"] for _ in range(3))
    replicate.control.wait_until_idle()
    # then one is not told, one twice more, and one after what came later
    told = [delivery.content["id"] for delivery in replicate.receiver.deliveries]
    assert told == [doubled, doubled, doubled, late]
    (attempt,) = replicate.control.webhook_attempts(dropped)
    assert (attempt.error, attempt.fault) == ("dropped", "drop")


def test_callback_may_come_before_the_answer_to_the_submit(replicate: Replicate) -> None:
    replicate.control.add_fault(WebhookFault(kind="before_submit_response", count=1))
    began = time.time()
    prediction = replicate.submit(webhook=HOOK)
    assert [delivery.content["id"] for delivery in replicate.receiver.deliveries] == [prediction["id"]]
    assert prediction["status"] == "starting"
    assert time.time() - began < 30
