"""What can come of asking a provider for a job, or after one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.providers.errors import SortedError


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the job."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider certainly does not have the job.

    Parameters
    ----------
    cause
        What was raised.
    """

    error: SortedError
    cause: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The provider may or may not have the job.

    Parameters
    ----------
    cause
        What was raised.
    """

    reason: str
    cause: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Queued:
    """The job waits at the provider; its clock has not started."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """The job is being worked on."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job succeeded.

    Parameters
    ----------
    run_seconds
        How long the model worked on it, if the provider says so.
    """

    payload: Mapping[str, Any]
    run_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The job is over, without a result."""

    error: SortedError


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider knows the job no more: it may have been paid for, but its result cannot be had.

    Parameters
    ----------
    is_deleted
        Whether the provider says itself that it had the result and has deleted it, so that it will never be had.
    """

    is_deleted: bool = False


SubmitOutcome = Accepted | Refused | Unconfirmed
JobOutcome = Queued | InProgress | Finished | Failed | Gone


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """One request of the account, as the provider's list of requests has it.

    Parameters
    ----------
    sent_at
        When the provider took it, in seconds since 1970-01-01T00:00Z.
    input
        Its arguments; None where they were not kept.
    outcome
        How it ended; None for one that has not ended.
    """

    request_id: str
    sent_at: float
    input: Mapping[str, Any] | None
    outcome: JobOutcome | None


class ProviderUnreachable(Exception):
    """A provider could not be asked just now; nothing was decided by that."""
