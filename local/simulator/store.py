"""The simulator's memory: requests, files, webhook attempts and the invoice, in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from local.simulator.records import FileRecord, InvoiceLine, RequestRecord, RequestState, WebhookAttempt

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT UNIQUE NOT NULL, endpoint_id TEXT NOT NULL,
    submitted_at REAL NOT NULL, state TEXT NOT NULL, record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS requests_by_endpoint ON requests (endpoint_id, submitted_at);
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS invoice (
    sequence INTEGER PRIMARY KEY, request_id TEXT UNIQUE NOT NULL, record TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS webhook_attempts (
    sequence INTEGER PRIMARY KEY, request_id TEXT NOT NULL, record TEXT NOT NULL
);
"""


class Store:
    """Keeps records across restarts. Every method is one short statement, so the event loop may call it."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        # A crash of the process loses nothing; only a crash of the machine may, which a simulator can afford.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("requests", "files", "invoice", "webhook_attempts"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above

    def save_request(self, record: RequestRecord) -> RequestRecord:
        """Insert or replace a request, and return it."""
        self._database.execute(
            "INSERT INTO requests (request_id, endpoint_id, submitted_at, state, record) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (request_id) DO UPDATE SET state = excluded.state, record = excluded.record",
            (record.request_id, record.endpoint_id, record.submitted_at, record.state, record.model_dump_json()),
        )
        return record

    def find_request(self, request_id: str) -> RequestRecord | None:
        """Return a request, or None if there never was one with this id."""
        row = self._database.execute("SELECT record FROM requests WHERE request_id = ?", (request_id,)).fetchone()
        return None if row is None else RequestRecord.model_validate_json(row[0])

    def request(self, request_id: str) -> RequestRecord:
        """Return a request that is known to exist."""
        record = self.find_request(request_id)
        if record is None:
            raise KeyError(f"no request {request_id}")
        return record

    def requests(self, endpoint_id: str | None = None) -> Iterator[RequestRecord]:
        """Return all requests, or those of one endpoint, in the order of their submits."""
        return self._requests(
            "SELECT record FROM requests WHERE ? IS NULL OR endpoint_id = ? ORDER BY sequence",
            (endpoint_id, endpoint_id),
        )

    def requests_submitted(self, endpoint_id: str, start: float, end: float) -> Iterator[RequestRecord]:
        """Return an endpoint's requests of a time span (seconds since the epoch), newest first."""
        return self._requests(
            "SELECT record FROM requests WHERE endpoint_id = ? AND submitted_at BETWEEN ? AND ? ORDER BY sequence DESC",
            (endpoint_id, start, end),
        )

    def unfinished_requests(self) -> Iterator[RequestRecord]:
        """Return the requests that have not ended, in the order of their submits."""
        return self._requests(
            "SELECT record FROM requests WHERE state <> ? ORDER BY sequence", (RequestState.COMPLETED,)
        )

    def save_file(self, record: FileRecord) -> None:
        """Insert a file."""
        self._database.execute("INSERT INTO files VALUES (?, ?)", (record.path, record.model_dump_json()))

    def find_file(self, path: str) -> FileRecord | None:
        """Return the file at a path below ``/files/``, expired or not."""
        row = self._database.execute("SELECT record FROM files WHERE path = ?", (path,)).fetchone()
        return None if row is None else FileRecord.model_validate_json(row[0])

    def files(self) -> Iterator[FileRecord]:
        """Return all files, expired or not, newest first."""
        for row in self._database.execute("SELECT record FROM files ORDER BY rowid DESC").fetchall():
            yield FileRecord.model_validate_json(row[0])

    def save_invoice_line(self, line: InvoiceLine) -> None:
        """Bill a request; a request can be billed once only."""
        self._database.execute(
            "INSERT INTO invoice (request_id, record) VALUES (?, ?)", (line.request_id, line.model_dump_json())
        )

    def invoice_lines(self) -> tuple[InvoiceLine, ...]:
        """Return what was billed, in order."""
        rows = self._database.execute("SELECT record FROM invoice ORDER BY sequence")
        return tuple(InvoiceLine.model_validate_json(row[0]) for row in rows)

    def save_webhook_attempt(self, attempt: WebhookAttempt) -> None:
        """Record an attempt at a webhook."""
        self._database.execute(
            "INSERT INTO webhook_attempts (request_id, record) VALUES (?, ?)",
            (attempt.request_id, attempt.model_dump_json()),
        )

    def webhook_attempts(self, request_id: str | None = None) -> tuple[WebhookAttempt, ...]:
        """Return all attempts, or those of one request, in order."""
        rows = self._database.execute(
            "SELECT record FROM webhook_attempts WHERE ? IS NULL OR request_id = ? ORDER BY sequence",
            (request_id, request_id),
        )
        return tuple(WebhookAttempt.model_validate_json(row[0]) for row in rows)

    def _requests(self, statement: str, parameters: tuple[object, ...]) -> Iterator[RequestRecord]:
        for row in self._database.execute(statement, parameters).fetchall():
            yield RequestRecord.model_validate_json(row[0])
