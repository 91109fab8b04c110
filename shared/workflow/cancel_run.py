"""Cancel an episode's newest run: nothing more is bought for it, and what nobody else waits for is stopped."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.ledger.records import CANCELLED, ENDED_RUNS, Failure, Run
from shared.workflow.record_outcome import ClosingDesk, RunEnd, record_outcome
from shared.workflow.run_over import was_cancelled

if TYPE_CHECKING:
    from shared.ports import Executions


class Cancelling(StrEnum):
    """What came of cancelling a run."""

    CANCELLED = "cancelled"
    OVER = "over already"
    NO_RUN = "no run"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What came of cancelling an episode's newest run, and that run as it is now; None where there is none."""

    outcome: Cancelling
    run: Run | None = None


def cancel_run(episode_id: str, reason: str, desk: ClosingDesk, executions: "Executions") -> Cancellation:
    """Close an episode's newest run as cancelled, with its bill and its papers, and stop its execution.

    That the run was cancelled is all that has to be on record: from then on no function buys anything for it, and
    `reconcile` has providers cancel the jobs that nobody else waits for. The run is closed before its execution is
    stopped, so that nobody who finds the execution gone takes that for an accident.

    Parameters
    ----------
    reason
        Why, in words, for whoever reads ``status.json``; may be empty.
    """
    run = desk.ledger.newest_run(episode_id)
    if run is None:
        return Cancellation(Cancelling.NO_RUN)
    was_open = run.state not in ENDED_RUNS
    if was_open:
        message = f"the run was cancelled: {reason}" if reason else "the run was cancelled"
        failure = Failure(error=CANCELLED, message=message)
        record_outcome(RunEnd(episode_id=episode_id, run=run.name, failure=failure), desk)
        run = _as_it_is_now(run, desk)
    if not was_cancelled(run):  # it had ended, or did so meanwhile
        return Cancellation(Cancelling.OVER, run)
    if run.execution_arn and run.failure:  # also when somebody who cancelled it did not come to this
        executions.stop(run.execution_arn, run.failure)
    return Cancellation(Cancelling.CANCELLED if was_open else Cancelling.OVER, run)


def _as_it_is_now(run: Run, desk: ClosingDesk) -> Run:
    latest = desk.ledger.run(run.episode_id, run.digest)
    return latest if latest and latest.name == run.name else run
