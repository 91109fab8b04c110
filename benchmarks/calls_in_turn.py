"""Which calls of an invocation have to follow one another, however fast each of them is.

A call follows what its own thread has done before, what the thread that handed its task over had done by then, and
what was waited for in between: the result of a task, or the end of a pool. What a pool's threads do in turn, because
it has no more of them, follows one another too.
"""

import heapq
import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.chaos.outgoing import Call, Invocation

Operation = tuple[str, str]
"""A service and one of its operations."""


_ANSWERS = frozenset({"SendTaskSuccess", "SendTaskFailure"})


@dataclass(frozen=True, slots=True)
class Chain:
    """Calls that follow one another within an invocation, and what they weigh together."""

    invocation: int | None = None
    weight: float = 0.0
    calls: Counter[Operation] = field(default_factory=Counter)

    def followed_by(self, operation: Operation, weight: float) -> "Chain":
        """Return the chain with one more call."""
        return Chain(self.invocation, self.weight + weight, self.calls + Counter([operation]))


_NOTHING = Chain()
_so_far: ContextVar[Chain] = ContextVar("chain", default=_NOTHING)


class Precedence:
    """Follows every invocation, and keeps the heaviest chain of its calls.

    What an invocation does after it has answered whoever waits for it, or has asked a provider for what takes time,
    nobody waits for.

    Parameters
    ----------
    weight
        What a call weighs.
    """

    def __init__(self, weight: Callable[[Operation], float]) -> None:
        self._weight = weight
        self._heaviest: dict[tuple[str, int], Chain] = {}
        self._answered: dict[tuple[str, int], Chain] = {}
        self._lock = threading.Lock()

    @property
    def chains(self) -> Mapping[str, list[Counter[Operation]]]:
        """The calls in the heaviest chain of each invocation, by function."""
        by_function = defaultdict(list)
        for (function, _), chain in {**self._heaviest, **self._answered}.items():
            by_function[function].append(chain.calls)
        return by_function

    @contextmanager
    def observe(self, call: Call) -> Iterator[None]:
        """Note a call of a function, which happens within."""
        try:
            yield
        finally:
            operation = call.service, call.operation
            chain = _so_far_in(call.invocation).followed_by(operation, self._weight(operation))
            _so_far.set(chain)
            with self._lock:
                _note(chain, call.invocation, self._heaviest)
            if call.operation in _ANSWERS:
                self.answered(call.invocation)

    def answered(self, invocation: Invocation) -> None:
        """Note that from here on somebody else goes on with what an invocation was for."""
        with self._lock:
            _note(_so_far_in(invocation), invocation, self._answered)

    def hook(self, patch: pytest.MonkeyPatch) -> None:
        """Have tasks of pools begin after whoever handed them over, and whoever waits for them go on after them.

        A task is taken to run in a copy of its submitter's context, as `tests.chaos.outgoing` sees to.
        """
        submit, shut_down, result = ThreadPoolExecutor.submit, ThreadPoolExecutor.shutdown, Future.result
        lines: dict[int, _Line] = {}

        def submit_in_line(
            pool: ThreadPoolExecutor, task: Callable[..., Any], /, *args: object, **named: object
        ) -> Future[Any]:
            with self._lock:
                line = lines.setdefault(id(pool), _Line(pool._max_workers))  # noqa: SLF001 - told nowhere else
            ended: list[Chain] = []

            def in_line(*args: object, **named: object) -> object:
                _so_far.set(line.enter(_so_far.get()))
                try:
                    return task(*args, **named)
                finally:
                    line.leave(_so_far.get())
                    ended.append(_so_far.get())

            future = submit(pool, in_line, *args, **named)
            future.__dict__["ended"] = ended
            return future

        def wait_for(future: Future[Any], timeout: float | None = None) -> object:
            try:
                return result(future, timeout)
            finally:
                _go_on_after(*future.__dict__.get("ended", ()))

        def wait_for_all(pool: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as it is
            shut_down(pool, wait, cancel_futures=cancel_futures)
            line = lines.pop(id(pool), None)
            if wait and line:
                _go_on_after(*line.ended)

        patch.setattr(ThreadPoolExecutor, "submit", submit_in_line)
        patch.setattr(ThreadPoolExecutor, "shutdown", wait_for_all)
        patch.setattr(Future, "result", wait_for)


def _so_far_in(invocation: Invocation) -> Chain:
    chain = _so_far.get()
    return chain if chain.invocation == invocation.number else Chain(invocation.number)


def _note(chain: Chain, invocation: Invocation, heaviest: dict[tuple[str, int], Chain]) -> None:
    key = invocation.function, invocation.number
    heaviest[key] = _heavier(heaviest.get(key, _NOTHING), chain)


class _Line:
    """The threads of a pool, by what each of them has done."""

    def __init__(self, threads: int) -> None:
        self._order = itertools.count()
        self._free = [(0.0, next(self._order), _NOTHING) for _ in range(threads)]
        self._lock = threading.Lock()
        self.ended: list[Chain] = []

    def enter(self, submitted_after: Chain) -> Chain:
        """Take the thread that is free first; return what a task on it follows."""
        with self._lock:
            _, _, thread = heapq.heappop(self._free)
        return _heavier(submitted_after, thread)

    def leave(self, chain: Chain) -> None:
        """Give a thread back, after the last call of its task."""
        with self._lock:
            heapq.heappush(self._free, (chain.weight, next(self._order), chain))
            self.ended.append(chain)


def _go_on_after(*chains: Chain) -> None:
    for chain in chains:
        _so_far.set(_heavier(_so_far.get(), chain))


def _heavier(one: Chain, other: Chain) -> Chain:
    """Return the heavier one; one of an earlier invocation counts for nothing."""
    if one.invocation != other.invocation:
        return max(one, other, key=lambda chain: chain.invocation if chain.invocation is not None else -1)
    return max(one, other, key=lambda chain: chain.weight)
