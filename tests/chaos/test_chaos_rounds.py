"""Random rounds, a few of those that `make chaos` plays, and one for each class of faults that has to be named."""

import os
from collections.abc import Mapping

import pytest

from shared.aws.step_functions import SfnTaskTokens
from shared.keys import AssetKind
from tests.chaos.fault_classes import CLASSES
from tests.chaos.rounds import finish, play_round
from tests.chaos.test_chaos_kill import one_line
from tests.chaos.theatre import Theatre
from tests.chaos.verdict import judge

_ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "6"))
_SEED = int(os.environ.get("CHAOS_SEED", "1"))
_TRIES = 6

NAMED = (
    "fal: submit: drop_connection, and it has the job",
    "fal: callback: drop",
    "fal: answer and callback dropped",
    "fal: answer and callback dropped, and not listed",
    "callback: five at once",
    "fal: callback: before_submit_response",
    "callback: after the token is gone",
    "s3 fails for a while",
    "dynamodb fails for a while",
    "sqs fails for a while",
    "stepfunctions fails for a while",
    "fal: submit: too_many_requests",
    "fal: submit: internal_error",
    "fal: submit: bad_gateway_html",
    "fal: submit: slow",
    "fal: submit: garbage_json",
    "fal: file: truncated",
    "fal: balance exhausted",
    "messages twice",
    "messages out of order",
    "two episodes ask for the same person",
    "execution stopped",
    "superseded",
    "cancelled",
    "callback: at another's path",
    "the webhook's secrets are out of reach",
    "replicate: answer and callback dropped",
    "replicate: results gone",
    "replicate: signing key rotated",
    "hedra: answer and callback dropped",
    "hedra: uploads expired",
    "hedra: down",
)
"""Classes that strike alone here; the others only come in random rounds."""


@pytest.mark.parametrize("number", range(_ROUNDS))
def test_a_random_round_pays_once_loses_nothing_and_ends(theatre: Theatre, number: int) -> None:
    # when
    played = play_round(theatre, _SEED, number * 7)
    # then
    assert played.is_good, played


@pytest.mark.parametrize("name", NAMED)
def test_a_fault_that_strikes_alone_costs_nothing_twice(theatre: Theatre, name: str) -> None:
    # given
    assert name in CLASSES
    for number in range(_TRIES):
        # when
        played = play_round(theatre, _SEED, number, [name])
        # then
        assert played.is_good, played
        if played.faults[name]:
            return
    pytest.fail(f"{name} never struck")


def test_two_hundred_waiters_of_one_asset_are_all_answered_and_it_is_bought_once(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an episode whose portrait is under way, and 200 more that wait for it, whose executions are gone
    succeeded: list[str] = []
    succeed = SfnTaskTokens.succeed

    def note(tokens: SfnTaskTokens, token: str, output: Mapping[str, object]) -> None:
        succeeded.append(token)
        succeed(tokens, token, output)

    monkeypatch.setattr(SfnTaskTokens, "succeed", note)
    stage = theatre.set_up(rebuy=False, seed=0)
    stage.fal.control.pause()
    episode = one_line()
    stage.upload(episode.episode_id, episode.files)
    stage.play_until(lambda: len(stage.jobs_and_waiters()[1]) == 2)
    (waiter,) = [waiter for waiter in stage.jobs_and_waiters()[1] if waiter.kind is AssetKind.PORTRAIT]
    tokens = {waiter.token, *(f"gone-{number}" for number in range(200))}
    for token in tokens:
        stage.ledger.add_waiter(waiter.model_copy(update={"token": token}))
    # when
    stage.fal.control.resume()
    unfinished = finish(stage, [episode], {}, stage.dice)
    # then
    verdict = judge(stage, undecidable=False)
    assert (unfinished, verdict.is_good, stage.jobs_and_waiters()[1]) == ([], True, []), verdict
    assert tokens <= set(succeeded)
