"""Which execution may plan a run, and what ends it while it is planned."""

from shared.ledger.records import CANCELLED, Failure, RunState
from shared.workflow.plan_answer import PlanOutcome
from shared.workflow.record_outcome import RunEnd, record_outcome
from tests.builders import (
    EPISODE,
    TWO_SCENES,
)
from tests.unit.workflow.planning_folder import RUN, Folder, plan
from tests.world import World


def test_an_uploads_run_is_taken_over_by_its_execution_alone(folder: Folder) -> None:
    # given a state that an upload claimed
    digest = folder.upload_claimed()
    # when somebody starts another execution beside it
    beside = plan(folder, run="by-hand")
    # then that one does nothing, and the claimed one is planned
    assert beside.outcome is PlanOutcome.NOTHING_TO_DO
    assert RUN in beside.message
    assert plan(folder, digest).outcome is PlanOutcome.PLANNED


def test_a_console_start_after_a_failure_is_the_next_attempt(folder: Folder) -> None:
    folder.upload_claimed("first")
    run = folder.ledger.newest_run(EPISODE)
    assert run
    folder.ledger.update_run(run, RunState.FAILED, {"ended_at": 1.0})
    assert plan(folder, run="second").outcome is PlanOutcome.PLANNED
    newest = folder.ledger.newest_run(EPISODE)
    assert newest
    assert (newest.name, newest.attempt) == ("second", 2)


def test_a_console_start_takes_up_a_run_whose_execution_was_lost(folder: Folder) -> None:
    # given a run that stands as running, and whose execution has ended without a word
    folder.executions.start("the-lost-one", {})
    assert plan(folder, run="the-lost-one").outcome is PlanOutcome.PLANNED
    folder.executions.ended.add("the-lost-one")
    # when a person starts the episode
    answer = plan(folder, run="by-hand")
    # then it is the next attempt
    assert answer.outcome is PlanOutcome.PLANNED
    run = folder.ledger.newest_run(EPISODE)
    assert run
    assert (run.name, run.attempt, run.state) == ("by-hand", 2, RunState.RUNNING)


def test_a_console_start_leaves_a_run_alone_that_is_under_way(folder: Folder) -> None:
    # given a run whose execution is running
    folder.executions.start("under-way", {})
    plan(folder, run="under-way")
    # when a person starts the episode
    answer = plan(folder, run="by-hand")
    # then there is nothing to do
    assert answer.outcome is PlanOutcome.NOTHING_TO_DO
    run = folder.ledger.newest_run(EPISODE)
    assert run
    assert (run.name, run.state) == ("under-way", RunState.RUNNING)


def test_an_execution_whose_run_has_ended_does_nothing(folder: Folder) -> None:
    digest = folder.upload_claimed()
    run = folder.ledger.newest_run(EPISODE)
    assert run
    folder.ledger.update_run(run, RunState.FAILED, {"ended_at": 1.0})
    assert plan(folder, digest).outcome is PlanOutcome.NOTHING_TO_DO


def cancel(world: World) -> None:
    failure = Failure(error=CANCELLED, message="the run was cancelled")
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN, failure=failure), world.closing())


def test_what_was_cancelled_is_not_taken_up_by_its_own_execution(folder: Folder) -> None:
    # given an execution that a person started, and cancelled
    plan(folder)
    cancel(folder)
    # when its planning is tried once more, as Step Functions does where a function died
    answer = plan(folder)
    # then nothing is bought for it
    assert answer.outcome is PlanOutcome.NOTHING_TO_DO
    run = folder.ledger.newest_run(EPISODE)
    assert run
    assert (run.state, run.attempt) == (RunState.FAILED, 1)
    # and another execution, which somebody starts, takes it up
    assert plan(folder, run="another").outcome is PlanOutcome.PLANNED


def test_what_is_cancelled_while_it_is_planned_asks_for_nothing(folder: Folder) -> None:
    # given an execution whose run is cancelled just before its plan is put on record
    put = folder.bucket.put

    def interrupted(key: str, data: bytes, content_type: str) -> None:
        put(key, data, content_type)
        if key.startswith("plans/"):
            cancel(folder)

    folder.bucket.put = interrupted  # type: ignore[method-assign]
    # then the plot has nothing to do
    assert plan(folder).outcome is PlanOutcome.NOTHING_TO_DO


def test_inputs_that_change_while_a_run_starts_end_it(folder: Folder) -> None:
    # given a claimed state, and an upload before its execution looked
    digest = folder.upload_claimed()
    folder.change(TWO_SCENES | {"title": "Another title"})
    # when its execution looks
    answer = plan(folder, digest)
    # then it does nothing, and its run is superseded
    assert answer.outcome is PlanOutcome.NOTHING_TO_DO
    run = folder.ledger.run(EPISODE, digest)
    assert run
    assert (run.state, run.ended_at) == (RunState.SUPERSEDED, folder.clock())
    assert folder.ledger.open_runs() == []
