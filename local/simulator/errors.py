"""The errors that a request can end with, by fal's names and in fal's two shapes; the others say them in their words.

Model errors carry a list of details (https://fal.ai/docs/documentation/model-apis/errors), errors of fal's
infrastructure a flat body (https://fal.ai/docs/documentation/model-apis/request-errors).
"""

from collections.abc import Sequence

from pydantic import JsonValue, ValidationError

_UNPROCESSABLE = 422

MODEL_ERRORS: dict[str, tuple[int, str]] = {
    "internal_server_error": (500, "Internal server error"),
    "generation_timeout": (504, "Generation timeout"),
    # One copy of fal's page says 400, the newer one 500.
    "downstream_service_error": (500, "Downstream service error"),
    "downstream_service_unavailable": (500, "Downstream service unavailable"),
    "content_policy_violation": (
        _UNPROCESSABLE,
        "The content could not be processed because it contained material flagged by a content checker.",
    ),
    "no_media_generated": (_UNPROCESSABLE, "No media was generated"),
    "image_too_small": (_UNPROCESSABLE, "Image is too small"),
    "image_too_large": (_UNPROCESSABLE, "Image is too large"),
    "image_load_error": (_UNPROCESSABLE, "Failed to load the image"),
    "file_download_error": (_UNPROCESSABLE, "Failed to download the file"),
    "face_detection_error": (_UNPROCESSABLE, "Could not detect a face in the image"),
    "file_too_large": (_UNPROCESSABLE, "File size exceeds the maximum allowed size"),
    "greater_than": (_UNPROCESSABLE, "Input should be greater than the limit"),
    "greater_than_equal": (_UNPROCESSABLE, "Input should be greater than or equal to the limit"),
    "less_than": (_UNPROCESSABLE, "Input should be less than the limit"),
    "less_than_equal": (_UNPROCESSABLE, "Input should be less than or equal to the limit"),
    "multiple_of": (_UNPROCESSABLE, "Input should be a multiple of the step"),
    "sequence_too_short": (_UNPROCESSABLE, "Sequence has too few items"),
    "sequence_too_long": (_UNPROCESSABLE, "Sequence has too many items"),
    "one_of": (_UNPROCESSABLE, "Input should be one of the allowed values"),
    "feature_not_supported": (_UNPROCESSABLE, "Feature not supported"),
    "audio_duration_too_long": (_UNPROCESSABLE, "Audio duration is too long"),
    "audio_duration_too_short": (_UNPROCESSABLE, "Audio duration is too short"),
    "video_duration_too_long": (_UNPROCESSABLE, "Video duration is too long"),
    "video_duration_too_short": (_UNPROCESSABLE, "Video duration is too short"),
    "invalid_archive": (_UNPROCESSABLE, "Invalid archive"),
    "archive_file_count_below_minimum": (_UNPROCESSABLE, "The archive has too few files"),
    "archive_file_count_exceeds_maximum": (_UNPROCESSABLE, "The archive has too many files"),
    "unsupported_audio_format": (_UNPROCESSABLE, "Unsupported audio format"),
    "unsupported_image_format": (_UNPROCESSABLE, "Unsupported image format"),
    "unsupported_video_format": (_UNPROCESSABLE, "Unsupported video format"),
}
"""Status code and message by type."""

INFRASTRUCTURE_ERRORS: dict[str, tuple[int, str]] = {
    "request_timeout": (504, "Request timed out"),
    "startup_timeout": (504, "Startup timed out"),
    "runner_scheduling_failure": (503, "Failed to schedule a runner"),
    "runner_connection_timeout": (503, "Connection to the runner timed out"),
    "runner_disconnected": (503, "Runner disconnected"),
    "runner_connection_refused": (503, "Runner refused the connection"),
    "runner_connection_error": (503, "Runner connection error"),
    "runner_incomplete_response": (502, "Runner sent an incomplete response"),
    "runner_server_error": (500, "Runner server error"),
    "client_disconnected": (499, "Client disconnected"),
    "client_cancelled": (499, "Request was cancelled"),
    "bad_request": (400, "Bad request"),
    "internal_error": (500, "Internal error"),
}

# Types of pydantic's that fal names otherwise; the rest keep their names, as on the endpoints that answer with plain
# pydantic errors. Which endpoint does which is unverified.
_RENAMED = {"literal_error": "one_of", "too_short": "sequence_too_short", "too_long": "sequence_too_long"}


class RequestFailed(Exception):
    """A request ended with an error of the model or of fal's infrastructure."""

    def __init__(self, status_code: int, body: JsonValue, *, kind: str, error_type: str | None = None) -> None:
        super().__init__(f"status {status_code}: {body}")
        self.status_code = status_code
        self.body = body
        self.kind = kind
        """One of `MODEL_ERRORS` or `INFRASTRUCTURE_ERRORS`, or a type of pydantic's."""
        self.error_type = error_type
        """Only for errors of the infrastructure; those of a model name their type in the body."""


def model_error(
    error_type: str,
    location: Sequence[str | int] = (),
    *,
    message: str | None = None,
    value: JsonValue = None,
    context: dict[str, JsonValue] | None = None,
) -> RequestFailed:
    """Build an error of a model: a list with one detail.

    Parameters
    ----------
    error_type
        One of `MODEL_ERRORS`.
    location
        The path of the input that is wrong, below the body.
    message
        What went wrong, if there is more to say than the type's own message.
    value
        The input that is wrong; fal echoes it.
    context
        Figures such as a limit.
    """
    status_code, standard_message = MODEL_ERRORS[error_type]
    detail = _detail(error_type, location, message or standard_message, value, context)
    return RequestFailed(status_code, {"detail": [detail]}, kind=error_type)


def infrastructure_error(error_type: str) -> RequestFailed:
    """Build an error of fal's infrastructure, one of `INFRASTRUCTURE_ERRORS`."""
    status_code, message = INFRASTRUCTURE_ERRORS[error_type]
    body: JsonValue = {"detail": message, "error_type": error_type}
    return RequestFailed(status_code, body, kind=error_type, error_type=error_type)


def validation_error(error: ValidationError) -> RequestFailed:
    """Build the 422 for inputs that the model's schema refuses: a detail for each."""
    details: list[JsonValue] = []
    for each in error.errors(include_url=False):
        error_type = _RENAMED.get(each["type"], each["type"])
        context: dict[str, JsonValue] = {
            name: value if isinstance(value, str | int | float | bool) else str(value)
            for name, value in each.get("ctx", {}).items()
        }
        details.append(_detail(error_type, each["loc"], each["msg"], each["input"], context or None))
    return RequestFailed(_UNPROCESSABLE, {"detail": details}, kind="value_error")


def _detail(
    error_type: str,
    location: Sequence[str | int],
    message: str,
    value: JsonValue,
    context: dict[str, JsonValue] | None,
) -> dict[str, JsonValue]:
    detail: dict[str, JsonValue] = {
        "loc": ["body", *location],
        "msg": message,
        "type": error_type,
        "url": f"https://docs.fal.ai/errors#{error_type}",
        "input": value,
    }
    if context is not None:
        detail["ctx"] = context
    return detail
