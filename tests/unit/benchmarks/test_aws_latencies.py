from collections import Counter

import pytest

from benchmarks.aws_latencies import (
    DYNAMODB,
    INVOCATION,
    PATH,
    S3,
    SQS,
    STATE,
    calls_in_turn,
    expected_seconds,
    on_path,
)
from benchmarks.counted_run import Counts

STATES = ("Begin", "AskPortrait", "AskBackground", "AskComposite", "AskClip", "HouseClip")


def counts(parts: int, calls: dict[tuple[str, str, str], int]) -> Counts:
    """Return what an episode of so many parts took, in which each clip has an invocation of its own."""
    each = ("HedraSubmit", "HouseClip", "CollectAsset", "HedraWebhook")
    return Counts(
        parts=parts,
        states=dict.fromkeys(STATES, parts),
        events=0,
        largest_payload=0,
        invocations={**dict.fromkeys(PATH, 1), **dict.fromkeys(each, parts)},
        calls=Counter(calls),
    )


def test_messages_are_those_of_states_that_ask_and_those_of_functions() -> None:
    assert counts(3, {("HedraWebhook", "sqs", "SendMessage"): 12}).messages == 4 * 3 + 12


def test_a_function_of_each_part_is_counted_once_on_the_path() -> None:
    # Given 60 invocations that each read the ledger twice, when they run side by side, then two reads follow another.
    ours = counts(60, {("HedraSubmit", "dynamodb", "GetItem"): 120})
    assert calls_in_turn("HedraSubmit", ours, ours) == {DYNAMODB: 2}


def test_a_transaction_counts_twice() -> None:
    ours = counts(10, {("HedraSubmit", "dynamodb", "TransactWriteItems"): 30})
    assert calls_in_turn("HedraSubmit", ours, ours) == {DYNAMODB: 6}


def test_a_function_of_all_parts_makes_sixteen_requests_at_once_beside_its_own() -> None:
    # Given three requests for one part, and two more for each of 16 further ones
    one, many = (counts(parts, {("PlanEpisode", "s3", "PutObject"): 3 + 2 * (parts - 1)}) for parts in (1, 17))
    # When these are made by 16 threads, then two waves of them follow the three.
    assert calls_in_turn("PlanEpisode", many, one) == {S3: 3 + 2}


def test_the_path_has_what_happens_for_every_kind_of_asset() -> None:
    path = on_path(counts(1, {}), counts(1, {}))
    assert path[STATE] == len(STATES) - 1  # a background is asked for while a portrait is
    assert path[INVOCATION] == 13
    assert path[SQS] == 3 * 2 + 3


@pytest.mark.parametrize("parts", [2, 60, 300])
def test_the_path_of_a_longer_episode_is_no_longer(parts: int) -> None:
    # Given that everything grows with the parts, but for what is done for all of them
    def of(number: int) -> Counts:
        calls = {("HedraSubmit", "s3", "GetObject"): number, ("CollectAsset", "dynamodb", "Query"): 2 * number}
        return counts(number, calls)

    assert expected_seconds(on_path(of(parts), of(1))) == pytest.approx(expected_seconds(on_path(of(1), of(1))))
