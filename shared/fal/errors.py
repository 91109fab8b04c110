"""What fal's errors mean, sorted once: how far they reach, whether to try again, and whether they may cost money.

Sources: https://fal.ai/docs/documentation/model-apis/errors (a model's own errors),
https://fal.ai/docs/documentation/model-apis/request-errors (errors of fal's infrastructure) and
https://fal.ai/docs/documentation/model-apis/faq (what is billed).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from shared.providers.errors import FILE_NOT_FETCHED, Scope, SortedError


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one kind of error means: a value of the table `MEANINGS`.

    Parameters
    ----------
    heeds_hint
        Whether fal's hint that a retry is pointless is heeded.
    """

    scope: Scope
    retry: bool
    may_be_charged: bool
    heeds_hint: bool = False


_REFUSED_ACCOUNT = Meaning(Scope.ACCOUNT, retry=False, may_be_charged=False)
_NO_SUCH_MODEL = Meaning(Scope.ENDPOINT, retry=False, may_be_charged=False)
_OUTAGE = Meaning(Scope.ENDPOINT, retry=True, may_be_charged=False, heeds_hint=True)
_TOO_SOON = Meaning(Scope.RATE, retry=True, may_be_charged=False)
# "A 422 may still be charged if a runner spent GPU time."
_REFUSED_INPUTS = Meaning(Scope.ASSET, retry=False, may_be_charged=True)
_LOST_FILE = Meaning(Scope.FILE, retry=True, may_be_charged=True)
_ENDED = Meaning(Scope.JOB, retry=False, may_be_charged=True)

MEANINGS: Mapping[int | str, Meaning] = MappingProxyType(
    {
        # Statuses that mean the same whatever the body says.
        401: _REFUSED_ACCOUNT,
        402: _REFUSED_ACCOUNT,
        403: _REFUSED_ACCOUNT,
        404: _NO_SUCH_MODEL,
        408: _TOO_SOON,
        409: _TOO_SOON,
        429: _TOO_SOON,
        499: _ENDED,
        # Errors of fal's infrastructure.
        "request_timeout": _OUTAGE,
        "startup_timeout": _OUTAGE,
        "runner_scheduling_failure": _OUTAGE,
        "runner_connection_timeout": _OUTAGE,
        "runner_disconnected": _OUTAGE,
        "runner_connection_refused": _OUTAGE,
        "runner_connection_error": _OUTAGE,
        "runner_incomplete_response": _OUTAGE,
        "runner_server_error": _OUTAGE,
        "internal_error": _OUTAGE,
        "concurrent_requests_limit": _TOO_SOON,
        "client_cancelled": _ENDED,
        "client_disconnected": _ENDED,
        "bad_request": _REFUSED_INPUTS,
        # Errors of a model that are not about the inputs.
        "internal_server_error": _OUTAGE,
        "generation_timeout": _OUTAGE,
        "downstream_service_unavailable": _OUTAGE,
        # One copy of fal's page gives it status 400, which may be charged, the newer one 500.
        "downstream_service_error": Meaning(Scope.ENDPOINT, retry=True, may_be_charged=True, heeds_hint=True),
        # Errors of a model about the inputs, all of status 422.
        FILE_NOT_FETCHED: _LOST_FILE,
        "content_policy_violation": _REFUSED_INPUTS,
        "no_media_generated": _REFUSED_INPUTS,
        "image_too_small": _REFUSED_INPUTS,
        "image_too_large": _REFUSED_INPUTS,
        "image_load_error": _REFUSED_INPUTS,
        "face_detection_error": _REFUSED_INPUTS,
        "file_too_large": _REFUSED_INPUTS,
        "greater_than": _REFUSED_INPUTS,
        "greater_than_equal": _REFUSED_INPUTS,
        "less_than": _REFUSED_INPUTS,
        "less_than_equal": _REFUSED_INPUTS,
        "multiple_of": _REFUSED_INPUTS,
        "sequence_too_short": _REFUSED_INPUTS,
        "sequence_too_long": _REFUSED_INPUTS,
        "one_of": _REFUSED_INPUTS,
        "feature_not_supported": _REFUSED_INPUTS,
        "invalid_archive": _REFUSED_INPUTS,
        "archive_file_count_below_minimum": _REFUSED_INPUTS,
        "archive_file_count_exceeds_maximum": _REFUSED_INPUTS,
        "audio_duration_too_long": _REFUSED_INPUTS,
        "audio_duration_too_short": _REFUSED_INPUTS,
        "video_duration_too_long": _REFUSED_INPUTS,
        "video_duration_too_short": _REFUSED_INPUTS,
        "unsupported_audio_format": _REFUSED_INPUTS,
        "unsupported_image_format": _REFUSED_INPUTS,
        "unsupported_video_format": _REFUSED_INPUTS,
    }
)
"""What an error means, by its status or else by its type."""

MEANINGS_BY_CLASS: Mapping[int, Meaning] = MappingProxyType({4: _REFUSED_INPUTS, 5: _OUTAGE})
"""What an error means that `MEANINGS` does not have, by the class of its status."""

_MAX_MESSAGE = 500


def sort_error(status: int, body: object, error_type: str | None = None, *, hint: bool | None = None) -> SortedError:
    """Sort an answer of fal that is not a success.

    Parameters
    ----------
    status
        The HTTP status; for a failed job, that of its result.
    body
        The parsed JSON body, or a text.
    error_type
        The header ``X-Fal-Error-Type``, if there was one.
    hint
        fal's own word on whether to try again, if there was one; see `retry_hint`.
    """
    detail = body.get("detail", body) if isinstance(body, Mapping) else body
    name = _type_of(body, detail) or error_type or f"http_{status}"
    meaning = MEANINGS.get(status) or MEANINGS.get(name) or MEANINGS_BY_CLASS.get(status // 100, _OUTAGE)
    return SortedError(
        name=name,
        message=_message_of(detail) or f"fal answered with status {status}",
        scope=meaning.scope,
        retry=meaning.retry and not (meaning.heeds_hint and hint is False),
        # fal bills no job that ends with a 5xx, whatever its type.
        may_be_charged=meaning.may_be_charged and status < HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def no_payload() -> SortedError:
    """Return the error of a job that succeeded without a result that anything could be made of."""
    message = "fal says that the job succeeded, but its result is empty"
    return SortedError("no_payload", message, _ENDED.scope, retry=_ENDED.retry, may_be_charged=_ENDED.may_be_charged)


_HINTS = {"true": True, "1": True, "false": False, "0": False}


def retry_hint(headers: Mapping[str, str]) -> bool | None:
    """Return fal's own word on whether to try again, if it gave one that can be read.

    Parameters
    ----------
    headers
        Of fal's answer, in any case: ``X-Fal-Needs-Retry``, or its older name ``X-Fal-Retryable``.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    text = lowered.get("x-fal-needs-retry", lowered.get("x-fal-retryable", ""))
    return _HINTS.get(text.strip().lower())


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
