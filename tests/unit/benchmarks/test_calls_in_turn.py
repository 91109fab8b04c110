"""Which calls follow one another: by what was waited for, and not by when they happened to be made."""

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from typing import Any

import pytest

from benchmarks.calls_in_turn import Operation, Precedence
from tests.chaos.outgoing import Call, Invocation

_NUMBERS = itertools.count()
WEIGHTS = {"get": 1.0, "put": 3.0, "SendTaskSuccess": 1.0}


@pytest.fixture
def precedence(monkeypatch: pytest.MonkeyPatch) -> Precedence:
    def weight(operation: Operation) -> float:
        return WEIGHTS[operation[1]]

    submit = ThreadPoolExecutor.submit

    def submit_in_context(pool: ThreadPoolExecutor, task: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        return submit(pool, copy_context().run, task, *args, **named)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_in_context)
    found = Precedence(weight)
    found.hook(monkeypatch)
    return found


class Function:
    """One invocation, which calls S3."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._invocation = Invocation("Function", next(_NUMBERS))

    def call(self, operation: str) -> None:
        with self._precedence.observe(Call(self._invocation, "s3", operation, 1)):
            pass

    def hand_on(self) -> None:
        self._precedence.answered(self._invocation)


def chain(precedence: Precedence) -> Counter[str]:
    [calls] = precedence.chains["Function"]
    return Counter({operation: count for (_, operation), count in calls.items()})


def test_what_one_thread_does_follows_one_another(precedence: Precedence) -> None:
    function = Function(precedence)
    for operation in ("get", "get", "put"):
        function.call(operation)
    assert chain(precedence) == {"get": 2, "put": 1}


def test_nobody_waits_for_what_is_done_after_the_answers(precedence: Precedence) -> None:
    function = Function(precedence)
    for operation in ("get", "SendTaskSuccess", "get", "SendTaskSuccess", "put", "put"):
        function.call(operation)
    assert chain(precedence) == {"get": 2, "SendTaskSuccess": 2}


def test_nobody_waits_for_what_is_done_while_somebody_else_works_on_it(precedence: Precedence) -> None:
    # given an invocation that asks fal for something after two calls, and notes it afterwards
    function = Function(precedence)
    function.call("get")
    function.call("put")
    function.hand_on()
    function.call("put")
    assert chain(precedence) == {"get": 1, "put": 1}


def test_of_two_that_are_handed_on_at_once_the_later_one_counts(precedence: Precedence) -> None:
    function = Function(precedence)

    def ask(operations: list[str]) -> None:
        for operation in operations:
            function.call(operation)
        function.hand_on()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, [["get", "put"], ["get"]]))
    assert chain(precedence) == {"get": 1, "put": 1}


def test_what_is_done_at_once_counts_once_and_what_weighs_most_is_waited_for(precedence: Precedence) -> None:
    function = Function(precedence)
    function.call("get")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(function.call, ["get", "put", "get", "get"]))
    function.call("get")
    assert chain(precedence) == {"get": 2, "put": 1}


def test_what_is_made_beside_it_is_not_followed_until_it_is_waited_for(precedence: Precedence) -> None:
    # given a heavy call beside three light ones
    function = Function(precedence)
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(function.call, "put")
        function.call("get")
        beside.result()
        function.call("get")
    assert chain(precedence) == {"put": 1, "get": 1}


@pytest.mark.parametrize("by", ["result", "end of the pool"])
def test_a_pool_is_waited_for_by_its_results_and_by_its_end(precedence: Precedence, by: str) -> None:
    function = Function(precedence)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(function.call, "put") for _ in range(2)]
        if by == "result":
            for future in futures:
                future.result()
    function.call("get")
    assert chain(precedence) == {"put": 1, "get": 1}


@pytest.mark.parametrize(("threads", "waves"), [(1, 12), (4, 3), (5, 3), (12, 1), (100, 1)])
def test_threads_that_a_pool_lacks_make_calls_follow_one_another(
    precedence: Precedence, threads: int, waves: int
) -> None:
    function = Function(precedence)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(function.call, ["put"] * 12))
    assert chain(precedence) == {"put": waves}


def test_invocations_at_once_and_one_after_another_are_kept_apart(precedence: Precedence) -> None:
    # given two invocations at once in threads of one pool, and a third one afterwards in this thread
    both = Barrier(2)

    def invoke(_: int) -> None:
        function = Function(precedence)
        both.wait()
        function.call("get")
        function.call("put")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(invoke, [1, 2]))
    Function(precedence).call("get")
    found = precedence.chains["Function"]
    once = {("s3", "get"): 1, ("s3", "put"): 1}
    assert sorted(found, key=len) == [{("s3", "get"): 1}, once, once]
