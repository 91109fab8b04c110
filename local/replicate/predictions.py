"""What Replicate says of a prediction, to who asks and in callbacks."""

import time
from datetime import UTC, datetime
from typing import Any

from local.simulator.files import Files
from local.simulator.job_queue import CANCELLED
from local.simulator.making import failure_of, made_file
from local.simulator.records import RequestRecord, RequestState
from local.simulator.settings import LiveSettings

_FLAGGED = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
"""Reported by many who run the model; on no page of Replicate's."""
# https://replicate.com/docs/reference/error-codes
_UNKNOWN_ERROR = "Prediction failed due to an unknown error. (E1000)"
_NOT_STARTED = "Prediction failed to start in time. (E6716)"
_ERRORS = {
    "content_policy_violation": _FLAGGED,
    "startup_timeout": _NOT_STARTED,
    "runner_scheduling_failure": _NOT_STARTED,
    "internal_server_error": _UNKNOWN_ERROR,
    "internal_error": _UNKNOWN_ERROR,
    "runner_disconnected": "Prediction interrupted; please retry (code: PA)",
}
"""The words of a failure by its kind; a model's own say which inputs it could not use."""


class Predictions:
    """Describes predictions as the API does.

    Parameters
    ----------
    base_url
        The address of the API, without its version.
    files
        Where the outputs are.
    settings
        How long inputs and outputs are kept.
    """

    def __init__(self, base_url: str, files: Files, settings: LiveSettings) -> None:
        self._base_url = base_url
        self._files = files
        self._settings = settings

    def described(self, record: RequestRecord) -> dict[str, Any]:
        """Return a prediction as ``GET /v1/predictions/{id}`` does."""
        url = f"{self._base_url}/v1/predictions/{record.request_id}"
        removed = self._is_removed(record)
        file = made_file(record)
        prediction: dict[str, Any] = {
            "id": record.request_id,
            "model": record.endpoint_id,
            "version": "hidden",
            "input": {} if removed else record.input,
            "logs": "",
            "output": None if removed or file is None else self._files.url(file["path"]),
            "data_removed": removed,
            "error": _error(record),
            "status": _status(record),
            "source": "api",
            "created_at": _moment(record.submitted_at),
            "urls": {
                "cancel": f"{url}/cancel",
                "get": url,
                "web": f"https://replicate.com/p/{record.request_id}",
            },
        }
        if record.deadline_at is not None:
            prediction["deadline"] = _moment(record.deadline_at)
        if record.started_at is not None:
            prediction["started_at"] = _moment(record.started_at)
        if record.ended_at is not None:
            prediction["completed_at"] = _moment(record.ended_at)
            prediction["metrics"] = {"total_time": record.ended_at - record.submitted_at}
            if record.started_at is not None:
                prediction["metrics"]["predict_time"] = record.ended_at - record.started_at
        return prediction

    def _is_removed(self, record: RequestRecord) -> bool:
        kept = self._settings.now.stored_result_seconds
        return record.ended_at is not None and time.time() >= record.ended_at + kept


def _status(record: RequestRecord) -> str:
    if record.state is RequestState.IN_QUEUE:
        return "starting"
    if record.state is RequestState.IN_PROGRESS:
        return "processing"
    if record.failure == CANCELLED:
        # Whoever cancels a prediction that has not started gets "canceled" too: unverified.
        reached_deadline = record.deadline_at is not None and (record.ended_at or 0) >= record.deadline_at
        return "aborted" if reached_deadline and record.started_at is None else "canceled"
    return "succeeded" if failure_of(record) is None else "failed"


def _error(record: RequestRecord) -> str | None:
    kind = failure_of(record)
    if kind is None or kind == CANCELLED:
        return None
    if kind in _ERRORS:
        return _ERRORS[kind]
    details = record.output.get("detail") if isinstance(record.output, dict) else None
    first = details[0] if isinstance(details, list) else None
    return f"Prediction failed: {first['msg']}" if isinstance(first, dict) else _UNKNOWN_ERROR


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
