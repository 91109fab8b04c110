"""What fal's errors mean, sorted once: how far they reach, whether they are certain, and whether to try again.

Sources: https://fal.ai/docs/documentation/model-apis/errors (a model's own errors) and
https://fal.ai/docs/documentation/model-apis/request-errors (errors of fal's infrastructure).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from shared.ledger.records import Failure


class Scope(StrEnum):
    """How far an error reaches."""

    ACCOUNT = "account"  # key or balance: everything stops until a person acts
    ENDPOINT = "endpoint"  # the model is not there, or not well
    ASSET = "asset"  # these inputs are refused
    FILE = "file"  # one input could not be fetched; handed over afresh it may be


@dataclass(frozen=True, slots=True)
class SortedError:
    """One error of fal, sorted.

    Parameters
    ----------
    name
        fal's own type, or ``http_<status>`` where it gave none.
    message
        fal's words, shortened, without what it echoes of the input.
    retry
        Whether the same request may succeed if it is sent again.
    """

    name: str
    message: str
    scope: Scope
    retry: bool

    def failure(self) -> Failure:
        """Return it as the ledger records it."""
        return Failure(error=self.name, message=self.message, permanent=self.scope is Scope.ASSET and not self.retry)


# Types that fal documents as worth another try, and those about a file that it could not fetch.
_RETRYABLE = frozenset(
    {
        "internal_server_error",
        "generation_timeout",
        "downstream_service_error",
        "downstream_service_unavailable",
        "request_timeout",
        "startup_timeout",
        "runner_scheduling_failure",
        "runner_connection_timeout",
        "runner_disconnected",
        "runner_connection_refused",
        "runner_connection_error",
        "runner_incomplete_response",
        "runner_server_error",
        "internal_error",
        "concurrent_requests_limit",
    }
)
FILE_ERRORS = frozenset({"file_download_error"})
"""Names of errors about a file that fal could not fetch."""
_ACCOUNT_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})
_RETRYABLE_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
_MAX_MESSAGE = 500


def sort_error(status: int, body: object, error_type: str | None = None) -> SortedError:
    """Sort an answer of fal that is not a success.

    Parameters
    ----------
    status
        The HTTP status; for a failed job, that of its result.
    body
        The parsed JSON body, or a text.
    error_type
        The header ``X-Fal-Error-Type``, if there was one.
    """
    detail = body.get("detail", body) if isinstance(body, Mapping) else body
    name = _type_of(body, detail) or error_type or f"http_{status}"
    message = _message_of(detail) or f"fal answered with status {status}"
    if status in _ACCOUNT_STATUSES:
        return SortedError(name, message, Scope.ACCOUNT, retry=False)
    if status == HTTPStatus.NOT_FOUND:
        return SortedError(name, message, Scope.ENDPOINT, retry=False)
    if name in FILE_ERRORS:
        return SortedError(name, message, Scope.FILE, retry=True)
    if name in _RETRYABLE or status in _RETRYABLE_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SortedError(name, message, Scope.ENDPOINT, retry=True)
    return SortedError(name, message, Scope.ASSET, retry=False)


def is_fals_own(status: int, body: object) -> bool:
    """Tell whether an answer is certainly fal's verdict, and not that of something in between.

    A 4xx counts whatever its body; a 5xx only with a JSON body in fal's shape. A gateway's HTML page says nothing about
    whether fal has the job.
    """
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:
        return False
    return isinstance(body, Mapping) and "detail" in body


def tells_its_type(body: object) -> bool:
    """Tell whether an error's body names what kind of error it is."""
    return _type_of(body, body.get("detail", body) if isinstance(body, Mapping) else body) is not None


def _type_of(body: object, detail: object) -> str | None:
    if isinstance(body, Mapping) and isinstance(body.get("error_type"), str):
        return str(body["error_type"])
    first = _first(detail)
    return str(first["type"]) if first and isinstance(first.get("type"), str) else None


def _message_of(detail: object) -> str:
    first = _first(detail)
    if first:
        # `input` echoes prompts and URLs: it stays out of messages.
        loc = first.get("loc")
        where = ".".join(str(step) for step in loc if step != "body") if isinstance(loc, list) else ""
        text = str(first.get("msg", ""))
        return f"{where}: {text}"[:_MAX_MESSAGE] if where else text[:_MAX_MESSAGE]
    return detail[:_MAX_MESSAGE] if isinstance(detail, str) else ""


def _first(detail: object) -> Mapping[str, Any] | None:
    return detail[0] if isinstance(detail, list) and detail and isinstance(detail[0], Mapping) else None
