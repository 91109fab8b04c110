"""Who may claim what, and what a claim makes: the rules of the ledger that its table of states does not tell."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shared.ledger.budgets import Budget, BudgetKind, Usage, day_of
from shared.ledger.records import ENDED_RUNS, Failure, Job, Run, RunState, Seconds, Waiter
from shared.ledger.states import CLAIM, FAIL, JobState, Transition

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
        case JobState.HELD:
            return claim.rebuy and not (job.bought_once_more and job.run == claim.run)
        case _:
            return False


def may_try_again(job: Job, waiter: Waiter) -> bool:
    """Tell whether a job's failure is no answer to somebody who waits, in a run that may buy it anew.

    It is none to who began to wait after the job had failed: the request is put off, or about to be handled. And it is
    none to anybody else if the job was cancelled because nobody seemed to want it any more.
    """
    if job.state is not JobState.FAILED or job.is_refused_for_good or job.run == waiter.run:
        return False
    return job.was_withdrawn or (job.settled_at is not None and waiter.since > job.settled_at)


def claimed_job(before: Job | None, claim: "Claim", now: Seconds) -> Job:
    """Return a job as it is claimed; the secrets of its earlier attempts stay good, for a late result is kept."""
    attempt = before.attempt + 1 if before else 1
    goes_on = before is not None and before.run == claim.run
    rebought = before is not None and before.state is JobState.HELD
    return Job(
        address=claim.address,
        kind=claim.kind,
        state=CLAIM.target,
        attempt=attempt,
        secrets={**(before.secrets if before else {}), str(attempt): claim.secret},
        run=claim.run,
        episode_id=claim.episode_id,
        endpoint=claim.place.endpoint,
        provider=claim.place.provider,
        others=claim.others,
        earlier_places={**before.earlier_places, str(before.attempt): before.place} if before else {},
        price_usd=claim.usage.usd,
        usage=claim.usage,
        day=day_of(now),
        claimed_at=now,
        lease_until=now + claim.lease,
        retries=before.retries if before and goes_on else 0,
        handed_over_afresh=bool(before and goes_on and before.handed_over_afresh),
        charged_attempts=before.charged_attempts if before and goes_on else 0,
        bought_once_more=rebought or bool(before and goes_on and before.bought_once_more),
        possible_duplicates=(before.possible_duplicates if before else 0) + rebought,
    )


def reserves(before: Job | None, claimed: Job) -> dict[Budget, Usage]:
    """Return what a claim changes in which budgets; a lapsed claim that is taken over gives its own part back."""
    changes = dict.fromkeys(budgets_of(claimed), claimed.usage)
    if before and before.state is JobState.CLAIMED:
        for budget in budgets_of(before):
            changes[budget] = changes.get(budget, Usage()) + -before.usage
    return changes


def budgets_of(job: Job) -> tuple[Budget, Budget]:
    """Return the budgets of which a job has reserved its part."""
    return Budget(BudgetKind.EPISODE, job.episode_id), Budget(BudgetKind.DAY, job.day)


def gives_back(transition: Transition, failure: Failure | None) -> bool:
    """Tell whether what a claim reserved is given back by a transition: certainly nothing was bought."""
    return transition.refunds or (transition is FAIL and failure is not None and not failure.may_be_charged)


def claimed_run(
    before: Run | None,
    episode_id: str,
    digest: str,
    now: Seconds,
    name: Callable[[int], str],
    *,
    rebuy: bool = False,
) -> Run:
    """Return a run as it is claimed, as the first attempt or the next one.

    An approved storyboard stays approved: the next attempt at the same inputs shows the same pictures.
    """
    attempt = before.attempt + 1 if before else 1
    return Run(
        episode_id=episode_id,
        digest=digest,
        attempt=attempt,
        name=name(attempt),
        state=RunState.STARTING,
        started_at=now,
        rebuy=rebuy,
        reviewed=before is not None and before.reviewed,
    )


NEVER: frozenset[RunState] = frozenset()
AFTER_FAILURE = frozenset({RunState.FAILED, RunState.SUPERSEDED})
ALWAYS = ENDED_RUNS
"""After which ends a run is taken up as the next attempt."""


def may_take_up(run: Run, *, newest: bool, again: AbstractSet[RunState]) -> bool:
    """Tell whether a state of the inputs that has its run already is taken up as the next attempt.

    Parameters
    ----------
    newest
        Whether no other state of the episode's inputs was claimed since; if one was, somebody went back to this one.
    again
        The ends after which it is tried once more.
    """
    return not newest or run.state in again
