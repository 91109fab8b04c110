"""Messages are handled one by one: one that fails does not bring the others back."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.batches import handle_messages, retry_delay


@given(st.integers(0, 1000), st.floats(0, 1))
def test_a_message_comes_again_after_a_bounded_delay(receives: int, share: float) -> None:
    delay = retry_delay(receives, lambda low, high: low + share * (high - low))
    assert 1 <= delay <= 300
    assert delay <= max(1, 2 * 2**receives)


def test_delays_grow() -> None:
    longest = [retry_delay(receives, lambda _, high: high) for receives in range(1, 11)]
    assert longest == [4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def event_of(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"id-{number}",
                "receiptHandle": f"handle-{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "3"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:1:queue",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


class Sqs:
    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []

    def change_message_visibility(self, **change: Any) -> None:
        self.changes.append(change)


def handle(event: dict[str, Any], sqs: Sqs | None = None) -> tuple[list[str], list[str]]:
    handled: list[str] = []

    def one(body: str) -> None:
        if body == "bad":
            raise ValueError("bad")
        handled.append(body)

    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    client: Any = sqs or Sqs()
    answer = handle_messages(event, context, one, sqs=client, queue_url="https://queue")
    json.dumps(answer)
    return handled, [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_those_that_failed_are_reported() -> None:
    assert handle(event_of("one", "bad", "two")) == (["one", "two"], ["id-1"])
    assert handle(event_of("one")) == (["one"], [])


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_of_failures_is_reported_and_not_raised(count: int) -> None:
    """A request that is put off is no error of the function's."""
    assert handle(event_of(*["bad"] * count)) == ([], [f"id-{number}" for number in range(count)])


def test_a_failed_message_is_put_back_with_a_delay() -> None:
    sqs = Sqs()
    handle(event_of("one", "bad"), sqs)
    [change] = sqs.changes
    assert (change["QueueUrl"], change["ReceiptHandle"]) == ("https://queue", "handle-1")
    assert 1 <= change["VisibilityTimeout"] <= 16
