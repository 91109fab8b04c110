"""Queues, the event bus and dead letters in memory."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from shared.keys import AssetKind

MAX_DELAY = 900


@dataclass
class MemoryQueue:
    """`shared.ports.Queue`; what was sent, with its delay."""

    sent: list[tuple[str, int]] = field(default_factory=list)

    def send(self, body: str, delay: int = 0) -> None:
        if not 0 <= delay <= MAX_DELAY:
            raise ValueError(f"SQS delays by 0 to {MAX_DELAY} seconds, not by {delay}")
        self.sent.append((body, delay))

    @property
    def bodies(self) -> list[str]:
        return [body for body, _ in self.sent]


@dataclass
class MemoryEvents:
    """`shared.ports.Events`."""

    published: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        self.published.append((detail_type, json.loads(json.dumps(detail))))


@dataclass
class MemoryDeadLetters:
    """`shared.workflow.reconcile.DeadLetters`."""

    letters: list[str] = field(default_factory=list)

    def take(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return [(body, partial(self.letters.remove, body)) for body in list(self.letters)]


@dataclass
class MemoryRequests:
    """`shared.ports.Requests`; what was asked for again, with its delay."""

    sent: list[tuple[AssetKind, str, int]] = field(default_factory=list)

    def send(self, kind: AssetKind, body: str, delay: int = 0) -> None:
        if not 0 <= delay <= MAX_DELAY:
            raise ValueError(f"SQS delays by 0 to {MAX_DELAY} seconds, not by {delay}")
        self.sent.append((kind, body, delay))
