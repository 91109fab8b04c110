from collections import Counter

import pytest

from benchmarks.aws_latencies import (
    DYNAMODB,
    INVOCATION,
    PATH,
    SQS,
    STATE,
    calls_in_turn,
    expected_seconds,
    on_path,
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
    assert path[INVOCATION] == 13
    assert path[SQS] == 3 * 2 + 3


@pytest.mark.parametrize("parts", [2, 60, 300])
def test_the_path_of_a_longer_episode_is_no_longer(parts: int) -> None:
    # Given that everything grows with the parts, but for what is done for all of them
    def of(number: int) -> Counts:
        calls = {("HedraSubmit", "s3", "GetObject"): number, ("CollectAsset", "dynamodb", "Query"): 2 * number}
        return counts(number, calls)

    assert expected_seconds(on_path(of(parts))) == pytest.approx(expected_seconds(on_path(of(1))))
