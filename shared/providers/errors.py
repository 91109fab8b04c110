"""Errors of providers, sorted: how far they reach, whether to try again, and whether they may cost money."""

from dataclasses import dataclass
from enum import StrEnum

from shared.ledger.records import Failure

FILE_NOT_FETCHED = "file_download_error"
"""The name of the error about a file that a provider could not fetch; it is fal's, and stands for that of others."""


class Scope(StrEnum):
    """How far an error reaches."""

    ACCOUNT = "account"  # key or balance: everything stops until a person acts
    ENDPOINT = "endpoint"  # the model is not there, or not well
    RATE = "rate"  # nothing is wrong: it was asked too soon, or for too much at once
    ASSET = "asset"  # these inputs are refused
    FILE = "file"  # one input could not be fetched; handed over afresh it may be
    JOB = "job"  # this one job ended so; nothing is wrong with its inputs or with the model


@dataclass(frozen=True, slots=True)
class SortedError:
    """One error of a provider, sorted.

    Parameters
    ----------
    name
        The provider's own type, or ``http_<status>`` where it gave none.
    message
        The provider's words, shortened, without what it echoes of the input.
    retry
        Whether the same request may succeed if it is sent again.
    may_be_charged
        Whether the provider may bill the job all the same.
    """

    name: str
    message: str
    scope: Scope
    retry: bool
    may_be_charged: bool = True

    def failure(self) -> Failure:
        """Return it as the ledger records it."""
        return Failure(
            error=self.name,
            message=self.message,
            permanent=self.scope is Scope.ASSET,
            may_be_charged=self.may_be_charged,
        )
