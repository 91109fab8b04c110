"""Cancelling a run: it is closed with its papers, its execution is stopped, and nothing more is bought for it."""

import json

import pytest

from shared.ledger.records import RunState
from shared.workflow.buy_asset import Answer, buy_asset
from shared.workflow.cancel_run import Cancellation, Cancelling, cancel_run
from shared.workflow.record_outcome import RunEnd, record_outcome
from shared.workflow.status import EpisodeState, StatusBoard
from tests.builders import EPISODE, RUN
from tests.fakes.faults import Crash, Wired
from tests.unit.workflow.two_scenes import PORTRAIT
from tests.world import World, request_of


def cancel(world: World, reason: str = "") -> Cancellation:
    return cancel_run(EPISODE, reason, world.closing(), Wired(world.executions, world.fuse.call))


def test_a_cancelled_run_is_closed_with_its_papers_and_its_execution_is_stopped(world: World) -> None:
    # given a run that has bought a portrait
    buy_asset(request_of("one", PORTRAIT), world.shop())
    # when it is cancelled
    cancelled = cancel(world, "the wrong script")
    # then it has failed, with the reason
    assert cancelled.outcome is Cancelling.CANCELLED
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run == cancelled.run
    assert run.failure
    assert (run.state, run.failure.error) == (RunState.FAILED, "Cancelled")
    assert run.failure.message == "the run was cancelled: the wrong script"
    # and the papers beside the script and the event say so
    assert (world.status().state, world.status().message) == (EpisodeState.FAILED, run.failure.message)
    bill = json.loads(world.bucket.get(f"episodes/{EPISODE}/bill.json"))
    assert bill["run"] == RUN
    assert [kind for kind, _ in world.events.published] == ["Episode Failed"]
    # and its execution has ended, under the same name
    assert world.executions.stopped == {RUN: run.failure}


def test_nothing_is_bought_for_a_cancelled_run(world: World) -> None:
    cancel(world)
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.RUN_OVER
    assert (world.provider.posts, world.tokens.error("one")) == (0, "RunEnded")
    assert world.ledger.waiters(PORTRAIT) == []


def test_a_second_cancel_says_that_it_is_over(world: World) -> None:
    cancel(world, "the wrong script")
    again = cancel(world, "another reason")
    assert again.outcome is Cancelling.OVER
    assert again.run
    assert again.run.failure
    assert again.run.failure.message == "the run was cancelled: the wrong script"
    assert len(world.events.published) == 1


def test_a_run_that_has_ended_is_left_as_it_ended(world: World) -> None:
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN), world.closing())
    assert cancel(world).outcome is Cancelling.OVER
    assert world.status().state is EpisodeState.DONE
    assert world.executions.stopped == {}


def test_there_may_be_nothing_to_cancel() -> None:
    assert cancel(World()) == Cancellation(Cancelling.NO_RUN)


@pytest.mark.parametrize("call", range(1, 30))
def test_who_dies_while_cancelling_may_cancel_again(world: World, call: int) -> None:
    # given somebody who cancels, and whose command dies at one of its calls
    world.fuse.at = call
    try:
        cancel(world)
    except Crash:
        # when it is cancelled once more
        cancel(world)
    # then the run is over, and its execution too
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.failure
    assert (run.failure.error, list(world.executions.stopped)) == ("Cancelled", [RUN])


def test_what_is_still_under_way_does_not_say_that_a_cancelled_run_goes_on(world: World) -> None:
    # given a function that read the run before it was cancelled
    run = world.ledger.newest_run(EPISODE)
    assert run
    cancel(world, "the wrong script")
    # when it says how the run stands
    StatusBoard(world.bucket, world.ledger, world.clock).of_run(run, EpisodeState.RUNNING, "goes on")
    # then the reason stays
    assert world.status().message == "the run was cancelled: the wrong script"
