"""Who may claim what, and what a claim makes: the rules of the ledger that its table of states does not tell."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.ledger.records import Job, Run, RunState, Seconds
from shared.ledger.states import CLAIM, JobState

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


def claimed_job(before: Job | None, claim: "Claim", now: Seconds) -> Job:
    """Return a job as it is claimed; the secrets of its earlier attempts stay good, for a late result is kept."""
    attempt = before.attempt + 1 if before else 1
    return Job(
        address=claim.address,
        kind=claim.kind,
        state=CLAIM.target,
        attempt=attempt,
        secrets={**(before.secrets if before else {}), str(attempt): claim.secret},
        run=claim.run,
        endpoint=claim.endpoint,
        price_usd=claim.price_usd,
        claimed_at=now,
        lease_until=now + claim.lease,
    )


def claimed_run(before: Run | None, episode_id: str, digest: str, now: Seconds, name: Callable[[int], str]) -> Run:
    """Return a run as it is claimed, as the first attempt or the next one."""
    attempt = before.attempt + 1 if before else 1
    return Run(
        episode_id=episode_id,
        digest=digest,
        attempt=attempt,
        name=name(attempt),
        state=RunState.STARTING,
        started_at=now,
    )


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
