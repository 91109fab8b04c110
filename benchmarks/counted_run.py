"""What an episode asks of AWS, counted: the real state machine and functions on moto, whose history is complete.

Time leaps there, so that nothing is waited for; a count is the same on any machine.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from benchmarks.aws_latencies import seconds_of
from benchmarks.calls_in_turn import Operation, Precedence
from benchmarks.long_episode import episode_files, long_script
from benchmarks.moto_tables import copy_only_what_changes
from shared.fal.endpoints import Endpoints
from shared.runtime import clients
from tests.chaos.outgoing import FAL, Call
from tests.chaos.stage import ChaosStage
from tests.chaos.theatre import Theatre
from tests.integration.plot.deployment import client

_COUNTED = "counted"
_ANOTHER_PIECE_SECONDS = 0.1
_PATIENCE_SECONDS = 1200.0
_UPLOAD_TOKEN_SECONDS = 3600
_OF_AN_UPLOAD = frozenset({"StartEpisode", "Reconcile"})
"""Functions that are not the episode's own."""

_ENDPOINTS = Endpoints()
_SUBMITS = frozenset(f"POST /{endpoint}" for endpoint in (_ENDPOINTS.ideogram, _ENDPOINTS.kontext, _ENDPOINTS.hedra))


@dataclass(frozen=True, slots=True)
class Counts:
    """What one execution took.

    Parameters
    ----------
    parts
        Of the episode.
    states
        How often each state was entered.
    events
        Of its history.
    largest_payload
        Bytes of the largest input or output of a state or task.
    invocations
        Of functions, by logical id.
    calls
        Of functions to AWS, by logical id, service and operation.
    in_turn
        Of those, the ones that have to follow one another, by logical id, for each invocation.
    """

    parts: int
    states: Mapping[str, int]
    events: int
    largest_payload: int
    invocations: Mapping[str, int]
    calls: Mapping[tuple[str, str, str], int]
    in_turn: Mapping[str, Sequence[Mapping[Operation, int]]]

    @property
    def transitions(self) -> int:
        """How many states were entered, which is what Step Functions bills."""
        return sum(self.states.values())

    @property
    def messages(self) -> int:
        """How many messages were sent, by states and by functions."""
        by_states = sum(count for name, count in self.states.items() if name.startswith("Ask"))
        return by_states + self.of_service("sqs", "SendMessage")

    def of_service(self, service: str, operation: str | None = None) -> int:
        """Return how many calls functions made to a service."""
        return sum(
            count for (_, where, what), count in self.calls.items() if where == service and operation in (None, what)
        )


class _Meter:
    """Counts the invocations of functions and their calls to AWS, and tells which of these follow one another."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self.invocations: dict[int, str] = {}
        self.precedence = Precedence(seconds_of)
        self._lock = threading.Lock()

    @contextmanager
    def observe(self, call: Call) -> Iterator[None]:
        function = call.invocation.function
        if function in _OF_AN_UPLOAD:
            yield
            return
        with self._lock:
            self.invocations[call.invocation.number] = function
        if call.service == FAL:
            yield
            if call.operation in _SUBMITS:
                self.precedence.answered(call.invocation)  # fal works on it, whatever the function does meanwhile
            return
        with self._lock:
            self.calls[function, call.service, call.operation] += 1
        with self.precedence.observe(call):
            yield


@contextmanager
def counting_theatre() -> Iterator[Theatre]:
    """Return a theatre where every invocation has to read its run's plan.

    So it is on AWS for the first message that an instance of a function gets of a run, and at worst for all.
    """
    with pytest.MonkeyPatch.context() as patch:
        copy_only_what_changes(patch)
        patch.setattr(clients, "_PLANS_KEPT", 0)
        with Theatre() as theatre:
            yield theatre


def count_run(theatre: Theatre, lines: int) -> Counts:
    """Make an episode of so many lines, of which nothing is there yet, and count; the functions are warm.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    stage, meter = theatre.set_up(rebuy=False, seed=lines), _Meter()
    stage.fal.control.change_settings(upload_token_seconds=_UPLOAD_TOKEN_SECONDS)
    _warm_up(stage)
    theatre.outgoing.observe = meter.observe
    with pytest.MonkeyPatch.context() as patch:
        meter.precedence.hook(patch)
        stage.upload(_COUNTED, episode_files(long_script(lines, _COUNTED)))
        stage.play_until(lambda: stage.all_ended(2), patience=_PATIENCE_SECONDS)
    theatre.outgoing.observe = lambda _: nullcontext()
    name, status = next(item for item in stage.execution_states().items() if item[0].startswith(_COUNTED))
    if status != "SUCCEEDED":
        raise RuntimeError(f"the execution {name} ended as {status}")
    history = _history(stage, name)
    entered = Counter(event["stateEnteredEventDetails"]["name"] for event in history if _ENTERED in event)
    return Counts(
        parts=lines,
        states=entered,
        events=len(history),
        largest_payload=max(map(_payload, history)),
        invocations=Counter(meter.invocations.values()),
        calls=meter.calls,
        in_turn=meter.precedence.chains,
    )


def _warm_up(stage: ChaosStage) -> None:
    """Make another episode, so that every function has what it keeps: providers' keys, clients, secrets."""
    script = long_script(1, "warm-up")
    script["scenes"][0]["lines"][0]["end"] += _ANOTHER_PIECE_SECONDS
    stage.upload("warm-up", episode_files(script))
    stage.play_until(lambda: stage.all_ended(1), patience=_PATIENCE_SECONDS)


_ENTERED = "stateEnteredEventDetails"


def _history(stage: ChaosStage, name: str) -> list[dict[str, Any]]:
    arn = f"{stage.values.arn('Plot').replace(':stateMachine:', ':execution:')}:{name}"
    pages = client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]


def _payload(event: Mapping[str, Any]) -> int:
    """Return the bytes of an event's largest input, output or parameters."""
    details = [value for key, value in event.items() if key.endswith("EventDetails")]
    payloads = [text for entry in details for text in entry.values() if _is_payload(text)]
    return max((len(text.encode()) for text in payloads), default=0)


def _is_payload(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
