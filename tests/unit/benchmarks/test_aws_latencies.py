from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.aws_latencies import (
    DYNAMODB,
    INVOCATION,
    PATH,
    S3,
    SQS,
    STATE,
    Latency,
    calls_in_turn,
    expected_seconds,
    on_path,
    slowest_s3,
)
from benchmarks.counted_run import Counts

STATES = ("Begin", "AskPortrait", "AskBackground", "AskComposite", "AskClip", "HouseClip")

_OF_EACH_PART = frozenset({"HedraSubmit", "HouseClip", "CollectAsset", "HedraWebhook"})


def counts(parts: int, calls: dict[tuple[str, str, str], int]) -> Counts:
    """Return what an episode of so many parts took, each with its own invocations, whose calls follow one another."""
    invocations = {name: parts if name in _OF_EACH_PART else 1 for name in PATH}
    in_turn = {
        name: [{call[1:]: times // count for call, times in calls.items() if call[0] == name}] * count
        for name, count in invocations.items()
    }
    return Counts(
        parts=parts,
        states=dict.fromkeys(STATES, parts),
        events=0,
        largest_payload=0,
        invocations=invocations,
        calls=Counter(calls),
        in_turn=in_turn,
    )


def test_messages_are_those_of_states_that_ask_and_those_of_functions() -> None:
    assert counts(3, {("HedraWebhook", "sqs", "SendMessage"): 12}).messages == 4 * 3 + 12


def test_a_function_of_each_part_is_counted_once_on_the_path() -> None:
    # Given 60 invocations that each read the ledger twice, when they run side by side, then two reads follow another.
    ours = counts(60, {("HedraSubmit", "dynamodb", "GetItem"): 120})
    assert calls_in_turn("HedraSubmit", ours) == {DYNAMODB: 2}


def test_a_transaction_counts_twice() -> None:
    ours = counts(10, {("HedraSubmit", "dynamodb", "TransactWriteItems"): 30})
    assert calls_in_turn("HedraSubmit", ours) == {DYNAMODB: 6}


def test_the_path_has_what_happens_for_every_kind_of_asset() -> None:
    path = on_path(counts(1, {}))
    assert path[STATE] == len(STATES) - 1  # a background is asked for while a portrait is
    assert path[INVOCATION] == 7  # to plan, to take callbacks in three times, house format, to assemble, to close
    assert path[SQS] == 3  # and three that take callbacks on, which are calls of functions


def test_a_message_that_a_function_sends_is_on_the_path_for_each_of_its_invocations() -> None:
    assert on_path(counts(1, {("HedraWebhook", "sqs", "SendMessage"): 1}))[SQS] == 3 + PATH["HedraWebhook"]


@pytest.mark.parametrize("parts", [2, 60, 300])
def test_the_path_of_a_longer_episode_is_no_longer(parts: int) -> None:
    # Given that everything grows with the parts, but for what is done for all of them
    def of(number: int) -> Counts:
        calls = {("HedraSubmit", "s3", "GetObject"): number, ("CollectAsset", "dynamodb", "Query"): 2 * number}
        return counts(number, calls)

    assert expected_seconds(on_path(of(parts))) == pytest.approx(expected_seconds(on_path(of(1))))


def test_of_a_functions_invocations_the_one_that_waits_longest_counts() -> None:
    # given one that reads the ledger nine times, and one that asks S3 twice, which takes longer
    ours = counts(2, {})
    reads, asks = {("dynamodb", "GetItem"): 9}, {("s3", "GetObject"): 1, ("s3", "PutObject"): 1}
    waiting = replace(ours, in_turn={**ours.in_turn, "HedraSubmit": [reads, asks, {}]})
    assert calls_in_turn("HedraSubmit", waiting) == {S3: 2}


def test_a_latency_of_s3_takes_the_place_of_what_is_published() -> None:
    path = {S3: 10, SQS: 2}
    assert expected_seconds(path) == pytest.approx((10 * S3.low + 2 * SQS.low, 10 * S3.high + 2 * SQS.high))
    assert expected_seconds(path, 0.05) == pytest.approx((0.5 + 2 * SQS.low, 0.5 + 2 * SQS.high))


def numbers_of_requests(at_least: int) -> st.SearchStrategy[dict[Latency, int]]:
    others = {latency: st.integers(0, 50) for latency in (STATE, SQS, DYNAMODB)}
    return st.fixed_dictionaries({S3: st.integers(at_least, 40), **others})


@given(
    path=numbers_of_requests(5), assembly=numbers_of_requests(0), work=st.floats(1, 100), wanted=st.floats(1.01, 1.12)
)
def test_at_the_slowest_s3_a_path_is_as_long_as_it_may_be(
    path: dict[Latency, int], assembly: dict[Latency, int], work: float, wanted: float
) -> None:
    """At both ends of what everything else takes."""
    with_slow_others, with_quick_others = slowest_s3(path, assembly, work, wanted)
    for end, s3 in ((0, with_quick_others), (1, with_slow_others)):
        overhead, wait = expected_seconds(path, s3)[end], expected_seconds(assembly, s3)[end]
        assert work + wait + overhead == pytest.approx(wanted * (work + wait))
