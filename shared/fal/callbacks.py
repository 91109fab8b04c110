"""Callback addresses that we give to fal, and what fal sends to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from shared.addresses import Address
from shared.fal.errors import SortedError, sort_error, tells_its_type
from shared.frozen import Frozen


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

    def url(self, webhook_url: str) -> str:
        """Return the URL that fal is to call."""
        return f"{webhook_url}?{self.query}"

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
    """A signed callback that is not what fal documents."""


_FAILED_JOB_STATUS = 422  # the callback names the job's HTTP status only in a sentence, which is never matched


def read_callback(body: bytes) -> CallbackBody:
    """Read a callback's body; raises `CallbackUnreadable`.

    Source: https://fal.ai/docs/documentation/model-apis/inference/webhooks
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CallbackUnreadable("the callback is not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("request_id"), str):
        raise CallbackUnreadable("the callback names no request")
    request_id, payload = message["request_id"], message.get("payload")
    match message.get("status"):
        case "OK" if isinstance(payload, dict):
            return Delivered(request_id, payload)
        case "OK":
            return DeliveredElsewhere(request_id)
        case "ERROR":
            # Without a type it may be an outage as well as a verdict on the inputs: only the result's status tells.
            known = tells_its_type(payload)
            return JobFailed(request_id, sort_error(_FAILED_JOB_STATUS, payload) if known else None)
    raise CallbackUnreadable("the callback's status is neither OK nor ERROR")
