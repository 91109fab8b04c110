"""The plot on a stage where messages come in any order, several functions run at once, and time leaps."""

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from local.fal.process import SimulatedFal
from local.simulator.faults import WebhookFault
from local.simulator.process import SimulatorProcess
from shared.aws.bucket import S3Bucket
from shared.aws.event_bus import EventBridgeEvents
from shared.aws.step_functions import SfnExecutions
from shared.ledger.dynamo_table import record_of
from shared.ledger.records import Job, Waiter
from shared.providers.names import ProviderName
from shared.workflow.cancel_run import Cancelling, cancel_run
from shared.workflow.record_outcome import ClosingDesk
from shared.workflow.status import StatusBoard
from tests.chaos.outgoing import Outgoing
from tests.chaos.troupe import Troupe
from tests.chaos.virtual_time import VirtualClock
from tests.integration.plot.deployment import client
from tests.integration.plot.stage import Stage
from tests.integration.plot.template_values import REGION, Mapped, TemplateValues

RECONCILE_SECONDS = 300
CALLBACK_PATHS = ("/", "/replicate", "/hedra")
_LONGEST_GAP = 1200
_FROM_ITEM = TypeDeserializer()
_QUIET_SECONDS = 0.02
_AT_ONCE = 3
_PROVIDERS_SECONDS = 0.5


class Stuck(AssertionError):
    """Things did not come to what was waited for."""


class ChaosStage(Stage):
    """Plays AWS where moto does not.

    Messages of all queues go to their functions in random order and in batches of random size, several at once. When
    nothing moves, time leaps to when the next message becomes visible, or reconcile's schedule calls it.
    """

    def __init__(
        self,
        values: TemplateValues,
        troupe: Troupe,
        fal: SimulatedFal,
        clock: VirtualClock,
        outgoing: Outgoing,
        seed: int,
        simulators: Mapping[ProviderName, SimulatorProcess],
    ) -> None:
        super().__init__(values, troupe, fal)
        self.simulators = simulators
        self._dynamodb = client("dynamodb")
        self.troupe = troupe
        self.clock = clock
        self.outgoing = outgoing
        self.dice = random.Random(seed)  # noqa: S311 - reproducible by design
        self.deliver_twice = 0.0
        """With which probability a message is handed over once more, at the same time or later."""
        self.delivered_twice = 0
        self.hold_back = 0.0
        """With which probability a message that was received is handed over only later."""
        self.held_back = 0
        self.callbacks_at_once = 1
        """How often each callback is delivered, at the same time."""
        self.callbacks_multiplied = 0
        self.callback_answers: Counter[tuple[str, int]] = Counter()
        """How often callbacks to a path were answered with which status."""
        self.misdirect = False
        """Whether each callback comes to another provider's path first."""
        self.misdirected = 0
        """How often it was refused there."""
        self.served = 0
        """How many batches of messages were handed over."""
        self.reconciles = 0
        self.next_reconcile = clock() + RECONCILE_SECONDS
        self._gap = RECONCILE_SECONDS
        self._moves_of_a_cycle = 0

    def play_until(
        self, condition: Callable[[], object], *, without: Collection[str] = (), patience: float = 60
    ) -> None:
        """Play until the condition holds; raises `Stuck` when it does not within some real seconds."""
        give_up = time.monotonic() + patience
        while not condition():
            if time.monotonic() > give_up:
                raise Stuck(f"not so after {patience} s: {self.execution_states()}")
            self.play_on(without)

    def play_on(self, without: Collection[str] = ()) -> None:
        """Hand over what is there; when there is nothing, and nothing moves, let time leap."""
        if not self._serve_wave(without) and not self._something_moves():
            self._leap()

    def serve(self, function: str) -> None:
        """Hand one function its messages, and no other."""
        self._serve_wave([mapped.function for mapped in self._mappings if mapped.function != function])

    def reconcile(self) -> None:
        """Let reconcile do a cycle."""
        self.reconciles += 1
        self.functions.invoke("Reconcile", {})

    def stop_execution(self, name: str) -> None:
        arn = f"{self.values.arn('Plot').replace(':stateMachine:', ':execution:')}:{name}"
        self._states.stop_execution(executionArn=arn)

    def cancel_run(self, episode_id: str) -> bool:
        """Cancel an episode's newest run as the operator's command does; tell whether there was one under way."""
        bucket = S3Bucket(self._s3, self.bucket)
        desk = ClosingDesk(
            ledger=self.ledger,
            bucket=bucket,
            events=EventBridgeEvents(client("events")),
            status=StatusBoard(bucket, self.ledger, self.clock),
            bucket_name=self.bucket,
            clock=self.clock,
        )
        executions = SfnExecutions(self._states, self.values.arn("Plot"))
        return cancel_run(episode_id, "", desk, executions).outcome is Cancelling.CANCELLED

    def call_back(self, headers: Mapping[str, str], query: str, body: bytes, path: str = "/") -> int:
        """Hand a callback over, as often at once as it is to be; return the worst of the answers."""
        if self.misdirect:
            wrong = self.dice.choice([other for other in CALLBACK_PATHS if other != path])
            self.misdirected += super().call_back(headers, query, body, wrong) == HTTPStatus.UNAUTHORIZED
        answer = self._take_callback(headers, query, body, path)
        self.callback_answers[path, answer] += 1
        return answer

    def _take_callback(self, headers: Mapping[str, str], query: str, body: bytes, path: str) -> int:
        if self.callbacks_at_once == 1:
            return super().call_back(headers, query, body, path)
        self.callbacks_multiplied += 1
        with ThreadPoolExecutor(self.callbacks_at_once) as pool:
            deliver = super().call_back
            answers = pool.map(lambda _: deliver(headers, query, body, path), range(self.callbacks_at_once))
            return max(answers)

    def all_ended(self, executions: int) -> bool:
        """Tell whether so many executions have been started and have ended."""
        states = list(self.execution_states().values())
        return len(states) == executions and "RUNNING" not in states

    def drop_callbacks(self) -> None:
        """Let no provider call back any more."""
        for simulator in self.simulators.values():
            simulator.control.add_fault(WebhookFault(kind="drop"))

    def has(self, key: str) -> bool:
        """Tell whether the bucket has an object."""
        listed = self._s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        return any(entry["Key"] == key for entry in listed)

    def jobs_and_waiters(self) -> tuple[list[Job], list[Waiter]]:
        """Return every job and waiter of the table, whether anything looks after them or not."""
        jobs, waiters = [], []
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self.values.name("Ledger")):
            for item in page["Items"]:
                plain = record_of({name: _FROM_ITEM.deserialize(value) for name, value in item.items()})
                if item["sk"]["S"].startswith("WAITER#"):
                    waiters.append(Waiter.model_validate(plain))
                elif item["pk"]["S"].startswith("ASSET#") and item["sk"]["S"] == "JOB":
                    jobs.append(Job.model_validate(plain))
        return jobs, waiters

    @property
    def has_messages(self) -> bool:
        """Whether a queue that a function reads has messages."""
        return any(_messages(mapped.queue) for mapped in self._mappings)

    # Messages

    def _serve_wave(self, without: Collection[str]) -> int:
        mappings = [mapped for mapped in self._mappings if mapped.function not in without]
        self.dice.shuffle(mappings)
        waiting = {mapped.queue: self.waiting(mapped.queue) for mapped in mappings}
        batches = [(mapped, self._receive(mapped)) for mapped in mappings if waiting[mapped.queue]]
        parts = [(mapped, part) for mapped, messages in batches for part in self._divide(messages)]
        self.dice.shuffle(parts)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda part: self._hand_over(*part), parts):
                self.served += 1
        return len(parts)

    def waiting(self, queue: str) -> bool:
        """Tell whether a queue has messages that can be received."""
        return any(message.visible and not message.delayed for message in _messages(queue))

    def _receive(self, mapped: Mapped) -> list[dict[str, Any]]:
        messages = self._received(mapped)
        self.dice.shuffle(messages)
        now: list[dict[str, Any]] = []
        for message in messages:
            if self.dice.random() >= self.hold_back:
                now.append(message)
                continue
            self.held_back += 1
            self._sqs.change_message_visibility(
                QueueUrl=self.values.ref(mapped.queue),
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=self.dice.randint(1, 120),
            )
        return now

    def _divide(self, messages: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        """Divide messages into batches, of which some may hold a message that another has too."""
        if not messages:
            return []
        cut = self.dice.randint(0, len(messages))
        parts = [part for part in (messages[:cut], messages[cut:]) if part]
        again = [message for message in messages if self.dice.random() < self.deliver_twice]
        self.delivered_twice += len(again)
        return [*parts, *([again] if again else [])]

    # Time

    def _something_moves(self) -> bool:
        moves = self.outgoing.moves
        time.sleep(_QUIET_SECONDS)
        if self.outgoing.moves == moves:
            self._let_providers_work()
        return self.outgoing.moves != moves or not self.troupe.idle

    def _let_providers_work(self) -> None:
        for simulator in self.simulators.values():
            with suppress(TimeoutError):  # a job may never finish
                simulator.control.wait_until_idle(_PROVIDERS_SECONDS)

    def _leap(self) -> None:
        now = self.clock()
        visible_from = min(
            (
                max(message.visible_at, message.delayed_until) / 1000
                for mapped in self._mappings
                for message in _messages(mapped.queue)
            ),
            default=float("inf"),
        )
        until = min(visible_from, self.next_reconcile)
        if until == float("inf"):
            return
        self.troupe.leap(max(0.0, until - now))
        if visible_from < self.next_reconcile:
            return
        moves = self.outgoing.moves
        self.reconcile()
        # The less there is to do, the longer the pause: what only time can settle is not looked at dozens of times.
        idle_cycle = self.outgoing.moves - moves == self._moves_of_a_cycle
        self._moves_of_a_cycle = self.outgoing.moves - moves
        self._gap = min(2 * self._gap, _LONGEST_GAP) if idle_cycle else RECONCILE_SECONDS
        self.next_reconcile = self.clock() + self._gap


def _messages(queue: str) -> list[Any]:
    return list(sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[queue]._messages)
