"""Why a run may do nothing more, and whether anybody still wants a job."""

from typing import TYPE_CHECKING

from shared.ledger.records import CANCELLED, Failure, Job, Run
from shared.workflow.review import STORYBOARD_REJECTED

if TYPE_CHECKING:
    from shared.ports import Ledger

SUPERSEDED = "Superseded"
"""The error under which a run ends that a newer one has taken over from."""

TAKEN_OVER = Failure(error=SUPERSEDED, message="a newer run of this episode has taken over")

BY_A_PERSON = frozenset({CANCELLED, STORYBOARD_REJECTED})
"""Ends that a person has wanted: no trouble, and only a person takes them back."""


def why_run_is_over(name: str, newest: Run | None) -> Failure | None:
    """Tell why the run of a name may do nothing more: a newer one took over, or it has ended; None where it goes on.

    Parameters
    ----------
    newest
        The newest run of its episode.
    """
    if newest is None or newest.name != name:
        return TAKEN_OVER
    if newest.ended_at is not None:
        return Failure(error="RunEnded", message=f"this run has ended as {newest.state}")
    return None


def was_cancelled(run: Run | None) -> bool:
    """Tell whether a person has cancelled a run."""
    return run is not None and run.failure is not None and run.failure.error == CANCELLED


def is_unwanted(job: Job, ledger: "Ledger") -> bool:
    """Tell whether nobody wants an open job any more: a run that did was cancelled, and none that does goes on.

    A run that ended otherwise, or that a newer one took over from, takes nothing back: the newer one may want it.
    """
    newest = ledger.newest_run(job.episode_id)
    if why_run_is_over(job.run, newest) is None:
        return False
    waiting = [(waiter.run, ledger.newest_run(waiter.episode_id)) for waiter in ledger.waiters(job.address)]
    if any(why_run_is_over(name, latest) is None for name, latest in waiting):
        return False
    return any(
        latest is not None and latest.name == name and was_cancelled(latest)
        for name, latest in [(job.run, newest), *waiting]
    )
