"""Callback addresses that we give to providers, and what comes to them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from shared.addresses import Address
from shared.frozen import Frozen
from shared.providers.errors import Scope, SortedError
from shared.providers.names import ProviderName


class CallbackName(Frozen):
    """Which job, attempt and secret a callback carries in its URL.

    A submit whose answer was lost is matched by this, and nobody can guess it.
    """

    address: Address
    attempt: int
    secret: str

    @property
    def query(self) -> str:
        """It as the query of a URL."""
        return urlencode({"address": self.address, "attempt": self.attempt, "secret": self.secret})

    @property
    def key(self) -> str:
        """A name of the attempt that can be given away: 64 hexadecimal digits."""
        return hashlib.sha256(self.query.encode()).hexdigest()

    def url(self, webhook_url: str, provider: ProviderName) -> str:
        """Return the URL that a provider is to call: each has a path of its own, and fal the root."""
        path = "" if provider is ProviderName.FAL else provider
        return f"{webhook_url.rstrip('/')}/{path}?{self.query}"

    @classmethod
    def from_query(cls, query: str) -> "CallbackName":
        """Read it back from a URL's query; raises `ValueError`."""
        fields = {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}
        return cls.model_validate(fields)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The job succeeded; this is what the model returned."""

    request_id: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeliveredElsewhere:
    """The job succeeded, but its result did not fit into the callback: it has to be fetched."""

    request_id: str


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The job is over without a result; `error` is None when the callback does not say why."""

    request_id: str
    error: SortedError | None


CallbackBody = Delivered | DeliveredElsewhere | JobFailed


class CallbackUnreadable(ValueError):
    """A signed callback that is not what its provider documents."""


def write_found(found: CallbackBody) -> bytes:
    """Return as a body what was found out without a callback; `read_found` reads it."""
    return json.dumps({"what": type(found).__name__, **asdict(found)}).encode()


def read_found(body: bytes) -> CallbackBody:
    """Read what `write_found` wrote; raises `CallbackUnreadable`."""
    try:
        return _found(json.loads(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CallbackUnreadable("it is no callback, and nothing that was found out without one") from error


def _found(fields: dict[str, Any]) -> CallbackBody:
    match fields.pop("what"):
        case Delivered.__name__:
            return Delivered(**fields)
        case DeliveredElsewhere.__name__:
            return DeliveredElsewhere(**fields)
        case _:
            error = fields["error"]
            sorted_error = SortedError(**{**error, "scope": Scope(error["scope"])}) if error else None
            return JobFailed(fields["request_id"], sorted_error)
