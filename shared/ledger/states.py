"""The states of a job and the only transitions between them, as data.

The same table drives the ledger's conditional writes, its documentation and the tests.
"""

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """Where a job is. FREE is also the state of an address that the ledger has never seen."""

    FREE = "FREE"  # nobody is making it
    CLAIMED = "CLAIMED"  # somebody prepares it; nothing was sent
    SUBMITTING = "SUBMITTING"  # the one POST is under way
    SUBMITTED = "SUBMITTED"  # the provider has it
    UNCONFIRMED = "UNCONFIRMED"  # the provider may or may not have it
    HELD = "HELD"  # still unknown after every limit: a person decides
    STORED = "STORED"  # paid for, and in the bucket
    FAILED = "FAILED"  # over for good


SETTLED = frozenset({JobState.STORED, JobState.FAILED})
"""States in which waiters have their answer."""

OPEN = frozenset(JobState) - SETTLED - {JobState.FREE}
"""States that somebody has to bring to an end; reconcile looks at each of these jobs."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One permitted step of a job.

    Parameters
    ----------
    name
        What happens.
    sources
        The states in which it may happen.
    target
        The state afterwards.
    """

    name: str
    sources: frozenset[JobState]
    target: JobState


def _step(name: str, sources: set[JobState], target: JobState) -> Transition:
    return Transition(name, frozenset(sources), target)


RELEASABLE = frozenset({JobState.FREE, JobState.CLAIMED, JobState.SUBMITTING})
"""States from which a job may still become free again: who waits for it then has to ask once more."""

S = JobState
# A claim also takes over an expired lease, but only from CLAIMED: nothing was sent then. And a new run may claim
# what failed in an earlier one, unless the failure is permanent. Both conditions are in `shared.ledger.rules`.
CLAIM = _step("claim", {S.FREE, S.CLAIMED, S.FAILED}, S.CLAIMED)
SEND = _step("send", {S.CLAIMED}, S.SUBMITTING)
ACCEPT = _step("accept", {S.SUBMITTING, S.UNCONFIRMED, S.HELD}, S.SUBMITTED)
START = _step("start", {S.SUBMITTED}, S.SUBMITTED)  # its engine's clock runs from here
RELEASE = _step("release", {S.CLAIMED, S.SUBMITTING}, S.FREE)  # a definite refusal that is worth another try
DOUBT = _step("doubt", {S.SUBMITTING}, S.UNCONFIRMED)
HOLD = _step("hold", {S.UNCONFIRMED}, S.HELD)
# A result may arrive before the submit was recorded, after doubt, after the job was given up, and when the next attempt
# has begun: it is kept, and an attempt that has not been sent yet then never is.
STORE = _step("store", set(S) - {S.STORED}, S.STORED)
FAIL = _step("fail", {S.CLAIMED, S.SUBMITTING, S.SUBMITTED, S.UNCONFIRMED, S.HELD}, S.FAILED)

TRANSITIONS = (CLAIM, SEND, ACCEPT, START, RELEASE, DOUBT, HOLD, STORE, FAIL)
