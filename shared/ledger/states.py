"""The states of a job and the only transitions between them, as data.

The same table drives the ledger's conditional writes, its documentation and the tests.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class JobState(StrEnum):
    """Where a job is. FREE is also the state of an address that the ledger has never seen."""

    FREE = "FREE"  # nobody is making it
    CLAIMED = "CLAIMED"  # somebody prepares it; nothing was sent
    SUBMITTING = "SUBMITTING"  # the one POST is under way
    SUBMITTED = "SUBMITTED"  # the provider has it
    UNCONFIRMED = "UNCONFIRMED"  # the provider may or may not have it
    HELD = "HELD"  # still unknown after every limit, or made and lost: a person decides
    STORED = "STORED"  # paid for, and in the bucket
    FAILED = "FAILED"  # over for good


SETTLED = frozenset({JobState.STORED, JobState.FAILED})
"""States in which waiters have their answer."""

OPEN = frozenset(JobState) - SETTLED - {JobState.FREE}
"""States that somebody has to bring to an end."""


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
    refunds
        Whether what the claim reserved of its budgets is given back, since certainly nothing was bought.
    when
        The occasion, in words.
    """

    name: str
    sources: frozenset[JobState]
    target: JobState
    when: str
    refunds: bool = False

    def only_from(self, state: JobState) -> "Transition":
        """Return it for a job that was seen in a state a while ago: where that has changed since, nothing happens."""
        return replace(self, sources=self.sources & {state})


def _step(name: str, sources: set[JobState], target: JobState, when: str, *, refunds: bool = False) -> Transition:
    return Transition(name, frozenset(sources), target, when, refunds)


RELEASABLE = frozenset({JobState.FREE, JobState.CLAIMED, JobState.SUBMITTING})
"""States in which its submitter may still let a job go: who waits for it has to ask once more."""

S = JobState
# Who may claim in which of these states, and when, is in `shared.ledger.rules`.
CLAIM = _step(
    "claim",
    {S.FREE, S.CLAIMED, S.FAILED, S.HELD},
    S.CLAIMED,
    "a worker wants it: it is free, a claim has lapsed before anything was sent, it failed in an earlier run and not "
    "for good, or it is held and a person has said to buy it once more",
)
SEND = _step("send", {S.CLAIMED}, S.SUBMITTING, "the one POST is about to be made")
ACCEPT = _step(
    "accept",
    {S.SUBMITTING, S.UNCONFIRMED, S.HELD},
    S.SUBMITTED,
    "the provider said that it has it: in its answer, by a callback, or in its list of requests",
)
START = _step("start", {S.SUBMITTED}, S.SUBMITTED, "the provider works on it: its engine's clock runs from here")
CANCEL = _step("cancel", {S.SUBMITTED}, S.SUBMITTED, "it is overdue, and the provider was asked to cancel it")
WITHDRAW = _step(
    "withdraw",
    {S.SUBMITTED},
    S.SUBMITTED,
    "its run was cancelled, nobody else waits for it, and the provider is about to be asked to cancel it",
)
DISTRUST = _step("distrust", {S.SUBMITTED}, S.SUBMITTED, "the file that came is not what was paid for; it may be yet")
RELEASE = _step(
    "release",
    {S.CLAIMED, S.SUBMITTING, S.UNCONFIRMED},
    S.FREE,
    "its submitter knows that nothing was bought, and that trying again may help",
    refunds=True,
)
RETRY = _step(
    "retry", {S.SUBMITTED}, S.FREE, "the provider gave it up, charged nothing, and may do better", refunds=True
)
REPEAT = _step("repeat", {S.SUBMITTED}, S.FREE, "the provider gave it up, may have charged for it, and may do better")
DOUBT = _step("doubt", {S.SUBMITTING}, S.UNCONFIRMED, "nobody knows what became of the POST")
HOLD = _step(
    "hold",
    {S.UNCONFIRMED, S.SUBMITTED},
    S.HELD,
    "every limit has passed, and nobody knows what became of it; or its provider has deleted what it made",
)
STORE = _step(
    "store",
    set(S) - {S.STORED},
    S.STORED,
    "its file is in the bucket. It may come before the submit was recorded, after doubt, after the job was given up, "
    "and when the next attempt has begun: it is kept, and an attempt that has not been sent yet then never is",
)
FAIL = _step(
    "fail",
    {S.CLAIMED, S.SUBMITTING, S.SUBMITTED, S.UNCONFIRMED, S.HELD},
    S.FAILED,
    "the provider refused it or gave it up, for good as far as this run goes",
)

TRANSITIONS = (CLAIM, SEND, ACCEPT, START, CANCEL, WITHDRAW, DISTRUST, RELEASE, RETRY, REPEAT, DOUBT, HOLD, STORE, FAIL)
