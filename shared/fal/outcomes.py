"""What can come of asking fal for a job, or after one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.fal.errors import SortedError

RESULT_LIFETIME = 7 * 86_400
"""Seconds for which fal is asked to keep the files that a job makes: far longer than any result may be on its way.

Without it they stay as long as the account's settings say, which may be for ever, readable for whoever has the address.
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """fal has the job."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """fal certainly does not have the job.

    Parameters
    ----------
    cause
        What was raised.
    """

    error: SortedError
    cause: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """fal may or may not have the job.

    Parameters
    ----------
    cause
        What was raised.
    """

    reason: str
    cause: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Queued:
    """The job waits at fal; its clock has not started."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """The job is being worked on."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The job succeeded.

    Parameters
    ----------
    run_seconds
        How long the model worked on it, if fal says so.
    """

    payload: Mapping[str, Any]
    run_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The job is over, without a result."""

    error: SortedError


@dataclass(frozen=True, slots=True)
class Gone:
    """fal knows the job no more: it may have been paid for, but its result cannot be had."""


SubmitOutcome = Accepted | Refused | Unconfirmed
JobOutcome = Queued | InProgress | Finished | Failed | Gone


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """One request of the account, as fal's list of requests has it.

    Parameters
    ----------
    sent_at
        When fal took it, in seconds since 1970-01-01T00:00Z.
    input
        Its arguments; None where fal did not keep them.
    outcome
        How it ended; None for one that has not ended.
    """

    request_id: str
    sent_at: float
    input: Mapping[str, Any] | None
    outcome: JobOutcome | None


class FalUnreachable(Exception):
    """fal could not be asked just now; nothing was decided by that."""
