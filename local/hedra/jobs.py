"""What Hedra says of a job, to who asks and in callbacks."""

import time
from datetime import UTC, datetime
from typing import Any

from local.hedra.errors import error_of_job
from local.hedra.files import asset_id_of
from local.simulator.files import Files
from local.simulator.making import failure_of, made_file
from local.simulator.records import RequestRecord, RequestState
from local.simulator.settings import LiveSettings
from local.simulator.store import Store

_HALF_DONE = 0.5


class Jobs:
    """Describes jobs as the API does."""

    def __init__(self, store: Store, files: Files, settings: LiveSettings) -> None:
        self._store = store
        self._files = files
        self._settings = settings

    def accepted(self, record: RequestRecord) -> dict[str, Any]:
        """Return the answer to a submit."""
        url = f"/v3/jobs/{record.request_id}"
        return {
            "job_id": record.request_id,
            "model": record.endpoint_id,
            "status": status_of(record),
            "status_url": f"{url}/status",
            "result_url": url,
            "estimated_completion_at": None,
        }

    def status(self, record: RequestRecord) -> dict[str, Any]:
        """Return how far a job is."""
        progress = {RequestState.IN_QUEUE: 0.0, RequestState.IN_PROGRESS: _HALF_DONE}.get(record.state, 1.0)
        return {
            "job_id": record.request_id,
            "status": status_of(record),
            "progress": progress,
            "estimated_completion_at": None,
        }

    def summary(self, record: RequestRecord) -> dict[str, Any]:
        """Return a job as lists show it."""
        return {
            "job_id": record.request_id,
            "model": record.endpoint_id,
            "status": status_of(record),
            "created_at": moment(record.submitted_at),
        }

    def result(self, record: RequestRecord) -> dict[str, Any]:
        """Return a job as ``GET /v3/jobs/{job_id}`` does."""
        described = self.payload(record)
        billed = next((line for line in self._store.invoice_lines() if line.request_id == record.request_id), None)
        if billed is not None:
            described |= {"cost": float(billed.usd), "currency": "USD"}
        return described

    def payload(self, record: RequestRecord) -> dict[str, Any]:
        """Return a job as callbacks show it: the output's address is signed anew every time."""
        failure = failure_of(record)
        described: dict[str, Any] = {
            "job_id": record.request_id,
            "model": record.endpoint_id,
            "status": status_of(record),
            "outputs": [] if (output := self._output(record)) is None else [output],
            "error": None if failure is None else error_of_job(failure, record.output),
        }
        described |= {name: record.input[name] for name in ("prompt", "quality") if name in record.input}
        if status_of(record) == "COMPLETED":
            elapsed = (record.ended_at or 0) - (record.started_at or 0)
            described["metrics"] = {"processing_time_ms": round(elapsed * 1000)}
        return described

    def _output(self, record: RequestRecord) -> dict[str, Any] | None:
        file = made_file(record)
        if file is None:
            return None
        # How long outputs are kept is unverified.
        expired = time.time() >= (record.ended_at or 0) + self._settings.now.stored_result_seconds
        return {
            "status": "EXPIRED" if expired else "COMPLETED",
            "asset_id": None if expired else asset_id_of(file["path"]),
            "voice_id": None,
            "url": None if expired else self._files.url(file["path"]),
            "content_type": file["content_type"],
            "width": file["width"],
            "height": file["height"],
            "duration_ms": file.get("duration_ms"),
            "fps": file.get("fps"),
            "error": None,
        }


def status_of(record: RequestRecord) -> str:
    """Return a job's status in Hedra's words."""
    if record.state is not RequestState.COMPLETED:
        return record.state.value
    return "COMPLETED" if failure_of(record) is None else "FAILED"


def moment(at: float) -> str:
    """Return a time in seconds since the epoch as Hedra writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat()
