"""What the ledger's items hold."""

from enum import StrEnum

from pydantic import Field

from shared.addresses import Address
from shared.frozen import Frozen
from shared.keys import AssetKind
from shared.ledger.budgets import Usage
from shared.ledger.states import OPEN, JobState
from shared.providers.names import Place, ProviderName

Seconds = float
"""Seconds since 1970-01-01T00:00Z, or a length of time."""


CANCELLED = "Cancelled"
"""The error of a run that a person has cancelled, and of a job that was cancelled since nobody wanted it any more."""


class Failure(Frozen):
    """Why something failed, in words for a person and a name for a machine.

    Parameters
    ----------
    error
        The name of the kind of failure, for example ``content_policy_violation``.
    message
        A sentence for people.
    permanent
        Whether trying again with the same inputs is pointless.
    may_be_charged
        Whether the provider may have charged for it all the same.
    """

    error: str
    message: str
    permanent: bool = False
    may_be_charged: bool = True


class Job(Frozen):
    """One asset that is bought, or was: the item of an address.

    Parameters
    ----------
    attempt
        How many claims there have been; a callback names the attempt that it answers.
    secrets
        One unguessable text for each attempt, which its callback must carry.
    lease_until
        Until when a claim, or the one POST of a submit, belongs to its owner.
    provider, endpoint
        Where it was claimed for last.
    earlier_places
        Where each earlier attempt was, by its number: a late result is that provider's.
    others
        How many other providers could make it.
    run, episode_id
        The run that claimed it last, and that run's episode.
    usage
        What the claim reserved of its budgets.
    day
        Of which day's budget, as ``2026-11-22`` (UTC).
    retries
        How often this run has asked for it again after the provider had given it up.
    handed_over_afresh
        Whether this run has handed its files over once more, since the provider could not fetch one.
    charged_attempts
        How many requests of this run the provider gave up, may have charged for, and was asked for once more.
    bought_once_more
        Whether this run has bought it once more while nobody knew whether it had been bought: it does so once.
    possible_duplicates
        How often that was done, by whichever run.
    sent_at
        When its one POST was announced.
    sent_input
        The request as it was sent, as JSON; by it the job is found in the provider's list of requests.
    handed_over
        Addresses of the files that were handed over with it.
    cancelled_at
        When the provider was asked to cancel it, since it took too long.
    withdrawn_at
        When it was first to be cancelled since nobody wanted it any more.
    refusals
        How often the file that came was not what was paid for.
    run_seconds
        How long the provider worked on it.
    size
        Bytes of the stored file.
    sha256
        Of the stored file, taken while it came, in hexadecimal.
    doubt
        Why it was once unknown whether the provider has it.
    """

    address: Address
    kind: AssetKind
    state: JobState
    attempt: int
    secrets: dict[str, str]
    run: str
    episode_id: str
    endpoint: str
    provider: ProviderName = ProviderName.FAL
    earlier_places: dict[str, Place] = Field(default_factory=dict)
    others: int = 0
    price_usd: float
    usage: Usage
    day: str
    claimed_at: Seconds
    lease_until: Seconds
    retries: int = 0
    handed_over_afresh: bool = False
    charged_attempts: int = 0
    bought_once_more: bool = False
    possible_duplicates: int = 0
    sent_at: Seconds | None = None
    sent_input: str | None = None
    handed_over: tuple[Address, ...] = ()
    request_id: str | None = None
    submitted_at: Seconds | None = None
    started_at: Seconds | None = None
    cancelled_at: Seconds | None = None
    withdrawn_at: Seconds | None = None
    settled_at: Seconds | None = None
    refusals: int = 0
    run_seconds: Seconds | None = None
    content_type: str | None = None
    size: int | None = None
    sha256: str | None = None
    doubt: str | None = None
    failure: Failure | None = None

    @property
    def place(self) -> Place:
        """Where its present attempt is."""
        return Place(provider=self.provider, endpoint=self.endpoint)

    def place_of(self, attempt: int) -> Place:
        """Return where an attempt is, or was."""
        return self.earlier_places.get(str(attempt), self.place)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to bring it to an end."""
        return self.state in OPEN

    @property
    def is_refused_for_good(self) -> bool:
        """Whether the provider will not make it, however often it is asked."""
        return self.state is JobState.FAILED and self.failure is not None and self.failure.permanent

    @property
    def was_withdrawn(self) -> bool:
        """Whether it is over since nobody wanted it any more: that says nothing about whether it can be made."""
        return self.state is JobState.FAILED and self.failure is not None and self.failure.error == CANCELLED

    def expects(self, attempt: int, secret: str) -> bool:
        """Tell whether a callback with this attempt and secret answers this job, in constant time."""
        import hmac

        return hmac.compare_digest(self.secrets.get(str(attempt), "").encode(), secret.encode()) and bool(secret)


class Waiter(Frozen):
    """A task token that waits for an asset, with all that asking for the asset once more needs."""

    address: Address
    kind: AssetKind
    token: str
    episode_id: str
    run: str
    plan_key: str
    since: Seconds


class Watch(Frozen):
    """A mark: reconcile looks after this address, since a job of it may be open or somebody may wait for it.

    Parameters
    ----------
    stamp
        Changes whenever somebody has cause to have it looked after.
    """

    address: Address
    stamp: str


class RunState(StrEnum):
    """How far a run is."""

    STARTING = "STARTING"  # claimed; its execution may not exist yet
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"  # a newer run of the same episode took over


ENDED_RUNS = frozenset({RunState.DONE, RunState.FAILED, RunState.SUPERSEDED})


class Run(Frozen):
    """One attempt at one state of an episode's inputs.

    Parameters
    ----------
    name
        The execution's name, unique.
    digest
        Hash of the inputs and of the configuration.
    rebuy
        Whether a person has said that what is held is to be bought once more.
    paused
        Why it buys nothing for now; None while it goes on.
    review_token
        The task token by which a person lets it go on, or ends it.
    reviewed
        Whether a person has approved the storyboard of these inputs.
    """

    episode_id: str
    digest: str
    attempt: int
    name: str
    state: RunState
    started_at: Seconds
    ended_at: Seconds | None = None
    execution_arn: str | None = None
    plan_key: str | None = None
    rebuy: bool = False
    paused: str | None = None
    review_token: str | None = None
    reviewed: bool = False
    failure: Failure | None = None


class PartOutcome(Frozen):
    """How a part was made in a run: with which engine, after stepping down from which."""

    part: int
    engine: str
    seconds: Seconds
    stepped_down: tuple[str, ...] = ()


class Outage(Frozen):
    """Why nothing is sent to an endpoint, or to the provider at all, for a while.

    Parameters
    ----------
    strikes
        How often in a row it was seen.
    until
        When it is tried again.
    definite
        Whether it is there to stay until a person acts: the endpoint does not exist.
    """

    what: str
    strikes: int
    reason: str
    since: Seconds
    until: Seconds = 0.0
    definite: bool = False


class Handover(Frozen):
    """Where a file was put for a provider to fetch, and until when it lies there."""

    url: str
    expires_at: Seconds
