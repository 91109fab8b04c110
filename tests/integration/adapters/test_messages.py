"""Queues, the event bus and dead letters on a simulated AWS."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.aws.dead_letters import SqsDeadLetters
from shared.aws.event_bus import EventBridgeEvents, EventRefused
from shared.aws.queue import SqsQueue
from shared.ports import Queue
from shared.script.limits import MAX_NAME
from shared.workflow.plan_episode import MAX_REVIEWED_PARTS
from shared.workflow.reconcile import DeadLetters
from tests.fakes.messages import MemoryDeadLetters, MemoryEvents, MemoryQueue

Bodies = Callable[[], list[str]]


@pytest.fixture
def queue_url(aws: Callable[[str], Any]) -> Iterator[str]:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="messages", Attributes={"DelaySeconds": "0"})["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture(params=["fake", "sqs"])
def queue(request: pytest.FixtureRequest) -> tuple[Queue, Bodies]:
    if request.param == "fake":
        memory = MemoryQueue()
        return memory, lambda: [body for body, delay in memory.sent if not delay]
    sqs, url = request.getfixturevalue("aws")("sqs"), request.getfixturevalue("queue_url")

    def visible() -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]

    return SqsQueue(sqs, url), visible


def test_a_message_is_delivered_as_it_was_sent(queue: tuple[Queue, Bodies]) -> None:
    sender, visible = queue
    sender.send('{"name": "Zoë"}')
    assert visible() == ['{"name": "Zoë"}']


def test_a_delayed_message_is_not_there_yet(queue: tuple[Queue, Bodies]) -> None:
    sender, visible = queue
    sender.send("later", delay=900)
    assert visible() == []


def test_a_delay_that_is_longer_than_sqs_allows_is_refused(queue: tuple[Queue, Bodies]) -> None:
    with pytest.raises((ClientError, ValueError)):
        queue[0].send("never", delay=901)


@pytest.fixture(params=["fake", "sqs"])
def dead_letters(request: pytest.FixtureRequest) -> DeadLetters:
    bodies = [f"letter {number}" for number in range(23)]
    if request.param == "fake":
        return MemoryDeadLetters(bodies)
    sqs, url = request.getfixturevalue("aws")("sqs"), request.getfixturevalue("queue_url")
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    return SqsDeadLetters(sqs, [url])


def test_dead_letters_are_all_taken_and_can_be_deleted(dead_letters: DeadLetters) -> None:
    # when they are taken, and deleted one by one
    taken = dead_letters.take()
    for _, delete in taken:
        delete()
    # then each one was there once, and none is left
    assert sorted(body for body, _ in taken) == sorted(f"letter {number}" for number in range(23))
    assert dead_letters.take() == []


def test_an_event_reaches_the_bus(aws: Callable[[str], Any], queue_url: str) -> None:
    # given a rule that brings our events into a queue
    events, sqs = aws("events"), aws("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="ours", EventPattern=json.dumps({"source": ["showrunner"]}))
    events.put_targets(Rule="ours", Targets=[{"Id": "queue", "Arn": arn}])
    # when one is published, to the bus and to the fake
    memory = MemoryEvents()
    for bus in (EventBridgeEvents(events), memory):
        bus.publish("Episode Done", {"episode_id": "a", "failure": None})
    # then both have the same
    message = json.loads(sqs.receive_message(QueueUrl=queue_url)["Messages"][0]["Body"])
    assert [(message["detail-type"], message["detail"])] == memory.published
    assert message["detail"] == {"episode_id": "a", "failure": None}


def test_the_longest_storyboard_fits_onto_the_bus() -> None:
    # given a bus that takes 256 KB, and the pictures of as many shots as may be reviewed, with long names in Cyrillic
    class Bus:
        def put_events(self, Entries: list[dict[str, str]]) -> dict[str, object]:  # noqa: N803 - as boto3 calls it
            (entry,) = Entries
            refused = sum(len(text.encode()) for text in entry.values()) > 256 * 1024
            return {"FailedEntryCount": int(refused), "Entries": [{"ErrorMessage": "too large"}]}

    name = "Я" * MAX_NAME
    pictures = [
        {
            "what": f"{name} in scene {number}, line {number}",
            "file": f"storyboard/{number:03d}-{'x' * 48}.png",
            "uri": f"s3://{'b' * 63}/episodes/{'e' * 100}/storyboard/{number:03d}-{'x' * 48}.png",
        }
        for number in range(MAX_REVIEWED_PARTS)
    ]
    # then it is told
    EventBridgeEvents(Bus()).publish("Episode Waiting For Review", {"pictures": pictures})  # type: ignore[arg-type]


def test_an_event_that_the_bus_refuses_is_an_error() -> None:
    class Refusing:
        def put_events(self, **_: object) -> dict[str, object]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "Throttled", "ErrorMessage": "too fast"}]}

    with pytest.raises(EventRefused, match="too fast"):
        EventBridgeEvents(Refusing()).publish("Episode Done", {})  # type: ignore[arg-type]
