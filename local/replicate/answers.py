"""Replicate's answers that are not successes: problem details (RFC 7807).

The words of 401, 402, 404 and 422 are as integrators report them; Replicate documents those of 429 alone.
"""

from collections.abc import Callable, Mapping

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

_PROBLEM = "application/problem+json"
_RETRY_SECONDS = 30


def problem(status_code: int, detail: str, title: str | None = None, **more: object) -> JSONResponse:
    """Answer with a problem."""
    content = {"detail": detail, "status": status_code, **({} if title is None else {"title": title}), **more}
    return JSONResponse(content, status_code, media_type=_PROBLEM)


def unauthenticated(authorization: str | None) -> Response:
    """Answer to a request without a token, or with a wrong one."""
    which = "an authentication token" if authorization is None else "a valid authentication token"
    return problem(401, f"You did not pass {which}", "Unauthenticated")


def not_found() -> Response:
    """Answer that there is no such thing, or not for this account."""
    return problem(404, "The requested resource could not be found.")


def insufficient_credit() -> Response:
    """Answer that nothing is left on the account."""
    return problem(
        402,
        "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to "
        "purchase credit. Once you purchase credit, please wait a few minutes before trying again.",
        "Insufficient credit",
    )


def throttled(seconds: int = _RETRY_SECONDS) -> Response:
    """Answer that there were too many requests (https://replicate.com/docs/topics/predictions/rate-limits)."""
    return problem(429, f"Request was throttled. Your rate limit resets in ~{seconds}s.")


def unavailable() -> Response:
    """Answer that Replicate cannot serve anybody now."""
    return problem(503, "Service unavailable", "Service Unavailable")


def invalid_version() -> Response:
    """Answer that the version is none, or of a model that the account may not run."""
    return problem(
        422,
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
        "Invalid version or not permitted",
    )


def invalid_input(error: ValidationError, under: str) -> Response:
    """Answer that some fields are wrong.

    Parameters
    ----------
    under
        Where the fields stand, for example ``input``; empty for the body itself.
    """
    fields = [
        {
            "type": each["type"],
            "field": ".".join(filter(None, [under, *map(str, each["loc"])])),
            "description": each["msg"],
        }
        for each in error.errors(include_url=False)
    ]
    lines = "".join(f"- {field['field']}: {field['description']}\n" for field in fields)
    return problem(422, lines, "Input validation failed", invalid_fields=fields)


FAULT_ANSWERS: Mapping[str, Callable[[], Response]] = {
    "too_many_requests": throttled,
    "internal_error": lambda: problem(500, "Internal server error", "Internal Server Error"),
    "unavailable_json": unavailable,
    "exhausted_balance": insufficient_credit,
    "application_not_found": not_found,
    "garbage_json": lambda: Response('{"id": "gm3q', 201, media_type="application/json"),
}
"""The answers to a submit, by the kind of the fault."""
