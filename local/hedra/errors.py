"""Hedra's errors: one envelope for answers that are no successes, for jobs that failed and for outputs."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from local.simulator.job_queue import CANCELLED
from local.simulator.rate_limit import WINDOW_SECONDS, Allowance

_STATUS_CODES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHORIZED": 401,
    "INSUFFICIENT_BALANCE": 402,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,  # which code and status a conflict has is unverified
    "ALREADY_IN_PROGRESS": 409,
    "MODERATION_FAILED": 422,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
_RETRYABLE = frozenset({"RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED"})
_RETRY_SECONDS = 30
_FUNDING = "https://www.hedra.com/develop/billing"
# "required", "enum", "type" and "minimum" are documented; that the rest are JSON Schema's own names is unverified.
_REASONS = {
    "missing": "required",
    "literal_error": "enum",
    "extra_forbidden": "unknown",
    "greater_than_equal": "minimum",
    "less_than_equal": "maximum",
    "too_short": "minItems",
    "too_long": "maxItems",
    "string_too_long": "maxLength",
    "string_pattern_mismatch": "pattern",
}
_JOB_ERRORS = {
    "content_policy_violation": ("MODERATION_FAILED", "The generated content failed moderation."),
    "file_download_error": ("INVALID_ARGUMENT", "An input file could not be read."),
    "generation_timeout": ("DEADLINE_EXCEEDED", "The job did not finish in time."),
    "request_timeout": ("DEADLINE_EXCEEDED", "The job did not finish in time."),
    "startup_timeout": ("UNAVAILABLE", "The model is not available."),
    "downstream_service_unavailable": ("UNAVAILABLE", "The model is not available."),
    "runner_scheduling_failure": ("UNAVAILABLE", "The model is not available."),
    "internal_server_error": ("INTERNAL", "An unexpected error occurred"),
    "downstream_service_error": ("INTERNAL", "An unexpected error occurred"),
    "no_media_generated": ("INTERNAL", "An unexpected error occurred"),
    "runner_disconnected": ("INTERNAL", "An unexpected error occurred"),
    "internal_error": ("INTERNAL", "An unexpected error occurred"),
    CANCELLED: ("CANCELLED", "The job was cancelled."),
}
"""Code and message by the kind of a job's failure; the other kinds say which input could not be used."""


def envelope(code: str, message: str, **more: object) -> dict[str, Any]:
    """Return an error as Hedra describes one, without what there is not to say of it."""
    given = {name: value for name, value in more.items() if value is not None}
    return {"code": code, "message": message, "retryable": code in _RETRYABLE, **given}


def error(code: str, message: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """Answer with an error."""
    trace_id = secrets.token_hex(16)
    content = {"error": envelope(code, message, **more), "trace_id": trace_id}
    return JSONResponse(content, _STATUS_CODES[code], {**(headers or {}), "X-Trace-Id": trace_id})


def error_of_job(kind: str, output: object) -> dict[str, Any]:
    """Return why a job failed.

    Parameters
    ----------
    kind
        Of the failure.
    output
        What the job came to; a model's error says there what was wrong.
    """
    if kind in _JOB_ERRORS:
        return envelope(*_JOB_ERRORS[kind])
    details = output.get("detail") if isinstance(output, dict) else None
    if not isinstance(details, list):
        return envelope("INTERNAL", "An unexpected error occurred")
    field = field_name(details[0]["loc"][1:])
    message = f"{field}: {details[0]['msg']}"
    problem = {"field": field, "message": message, "reason": kind}
    return envelope("INVALID_ARGUMENT", message, param=field, details=[problem])


def unauthorized(authorization: str | None) -> Response:
    """Answer to a request without a key, or with a wrong one."""
    missing = "Missing credentials. Send 'Authorization: Key <key_id>:<secret>' or 'Authorization: Bearer <token>'."
    return error("UNAUTHORIZED", missing if authorization is None else "Invalid API key.")


def insufficient_balance(balance: Decimal = Decimal(0), required: Decimal | None = None) -> Response:
    """Answer that the wallet cannot pay; ``required`` is None where a price is not known before the inputs are."""
    costs = "" if required is None else f" and this request costs ${required:.2f}"
    message = (
        f"Your API wallet balance is ${balance:.2f}{costs}. The API wallet is funded separately from Studio and pays "
        f"only for API requests \u2014 add funds at {_FUNDING}, then retry."
    )
    billing: dict[str, object] = {"balance": float(balance)}
    if required is not None:
        billing["required"] = float(required)
    billing |= {"currency": "USD", "funding_url": f"{_FUNDING}?add_funds=true"}
    return error("INSUFFICIENT_BALANCE", message, billing=billing)


def rate_limited(allowance: Allowance) -> Response:
    """Answer that there were too many requests."""
    seconds = allowance.resets_in
    message = (
        f"Request rate limit exceeded: this API key is limited to {allowance.limit} requests per {WINDOW_SECONDS}s. "
        f"Retry after {seconds}s. To follow job progress without polling, stream job status "
        "(https://www.hedra.com/docs/api-reference/v3/jobs/stream-job) or subscribe to webhooks "
        "(https://www.hedra.com/docs/api-reference/v3/webhooks)."
    )
    headers = {
        "Retry-After": str(seconds),
        "X-RateLimit-Limit": str(allowance.limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(seconds),
    }
    return error("RESOURCE_EXHAUSTED", message, headers, retry_after=seconds)


def model_not_found(model: str) -> Response:
    """Answer that the catalogue has no such model."""
    return error("NOT_FOUND", f"Model '{model}' not found.")


def job_not_found() -> Response:
    """Answer that there is no such job, or not for this account."""
    return error("NOT_FOUND", "Job not found.")


def unavailable() -> Response:
    """Answer that Hedra cannot serve anybody now."""
    message = "The service is temporarily unavailable."
    return error("UNAVAILABLE", message, {"Retry-After": str(_RETRY_SECONDS)}, retry_after=_RETRY_SECONDS)


def invalid_fields(refused: ValidationError, under: str, accepted: Sequence[str]) -> Response:
    """Answer that fields are wrong: all of them at once.

    Parameters
    ----------
    under
        Where the fields stand: ``input``, or empty for the body itself.
    accepted
        The fields that there are.
    """
    problems: list[dict[str, object]] = []
    for each in refused.errors(include_url=False):
        field = field_name((*filter(None, [under]), *each["loc"]))
        reason = _REASONS.get(each["type"], "type")
        problem: dict[str, object] = {"field": field, "message": f"{field}: {each['msg']}", "reason": reason}
        if reason == "unknown" and not any("allowed" in other for other in problems):
            problem["allowed"] = list(accepted)
        problems.append(problem)
    count = f"{len(problems)} input field{' is' if len(problems) == 1 else 's are'} invalid; see details."
    return error("INVALID_ARGUMENT", count, param=problems[0]["field"], details=problems)


def invalid_field(field: str, message: str, reason: str) -> Response:
    """Answer that one field is wrong."""
    said = f"{field}: {message}"
    return error("INVALID_ARGUMENT", said, param=field, details=[{"field": field, "message": said, "reason": reason}])


def field_name(location: Sequence[str | int]) -> str:
    """Return the path of a field as Hedra writes it, for example ``input.images[0]``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


FAULT_ANSWERS: Mapping[str, Callable[[], Response]] = {
    "too_many_requests": lambda: rate_limited(Allowance(60, -1, _RETRY_SECONDS)),
    "internal_error": lambda: error("INTERNAL", "An unexpected error occurred"),
    "unavailable_json": unavailable,
    "exhausted_balance": insufficient_balance,
    "application_not_found": lambda: model_not_found("some-model"),
    "garbage_json": lambda: Response('{"job_id": "job_', 202, media_type="application/json"),
}
"""The answers to a submit, by the kind of the fault."""
