"""Who may claim what: the conditions of the ledger's claims that its tables of states do not tell."""

from typing import TYPE_CHECKING

from shared.ledger.records import Job, Run, RunState, Seconds
from shared.ledger.states import JobState

if TYPE_CHECKING:
    from shared.ports import Claim


def may_claim(job: Job, claim: "Claim", now: Seconds) -> bool:
    """Tell whether a job that the ledger knows may be claimed."""
    match job.state:
        case JobState.FREE:
            return True
        case JobState.CLAIMED:
            return job.lease_until <= now
        case JobState.FAILED:
            return job.failure is not None and not job.failure.permanent and job.run != claim.run
        case _:
            return False


def may_take_up(run: Run, *, newest: bool, again: bool) -> bool:
    """Tell whether a state of the inputs that has its run already is taken up as the next attempt.

    Parameters
    ----------
    newest
        Whether no other state of the episode's inputs was claimed since; if one was, somebody went back to this one.
    again
        Whether what failed or was superseded is tried once more.
    """
    return not newest or (again and run.state in {RunState.FAILED, RunState.SUPERSEDED})
