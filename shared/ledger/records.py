"""What the ledger's items hold."""

from enum import StrEnum

from shared.addresses import Address
from shared.frozen import Frozen
from shared.keys import AssetKind
from shared.ledger.states import OPEN, JobState

Seconds = float
"""Seconds since 1970-01-01T00:00Z, or a length of time."""


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
    """

    error: str
    message: str
    permanent: bool = False


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
    run
        The run that claimed it last.
    size
        Bytes of the stored file.
    doubt
        Why it was once unknown whether the provider has it.
    """

    address: Address
    kind: AssetKind
    state: JobState
    attempt: int
    secrets: dict[str, str]
    run: str
    endpoint: str
    price_usd: float
    claimed_at: Seconds
    lease_until: Seconds
    request_id: str | None = None
    submitted_at: Seconds | None = None
    started_at: Seconds | None = None
    settled_at: Seconds | None = None
    content_type: str | None = None
    size: int | None = None
    doubt: str | None = None
    failure: Failure | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to bring it to an end."""
        return self.state in OPEN

    def expects(self, attempt: int, secret: str) -> bool:
        """Tell whether a callback with this attempt and secret answers this job, in constant time."""
        import hmac

        return hmac.compare_digest(self.secrets.get(str(attempt), "").encode(), secret.encode()) and bool(secret)


class Waiter(Frozen):
    """A task token that waits for an asset."""

    address: Address
    token: str
    run: str
    since: Seconds


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
    failure: Failure | None = None


class PartOutcome(Frozen):
    """How a part was made in a run: with which engine, after stepping down from which."""

    part: int
    engine: str
    house_address: Address
    seconds: Seconds
    stepped_down: tuple[str, ...] = ()


class Handover(Frozen):
    """Where a file was put for a provider to fetch, and until when it lies there."""

    url: str
    expires_at: Seconds
