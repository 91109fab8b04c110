"""The files behind ``/files/``: uploads and results."""

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from local.simulator.records import FileRecord
from local.simulator.settings import LiveSettings
from local.simulator.store import Store

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Files:
    """Stores files in a folder, and their records in the store."""

    def __init__(self, folder: Path, store: Store, settings: LiveSettings, base_url: str) -> None:
        self._folder = folder
        self._store = store
        self._settings = settings
        self._base_url = base_url
        folder.mkdir(exist_ok=True)

    def new_path(self, file_name: str) -> str:
        """Return an unguessable path below ``/files/`` that ends in the file's name."""
        name = _UNSAFE.sub("_", file_name).lstrip(".") or "file"
        return f"b/{secrets.token_hex(4)}/{secrets.token_urlsafe(16)}_{name[-100:]}"

    def url(self, path: str) -> str:
        """Return the public address of a path."""
        return f"{self._base_url}/files/{path}"

    def path_of(self, url: str) -> str | None:
        """Return the path of one of the simulator's own addresses, or None for any other address."""
        prefix = f"{self._base_url}/files/"
        return url.removeprefix(prefix) if url.startswith(prefix) else None

    def admits(self, path: str, query: str) -> bool:  # noqa: ARG002 - for who signs addresses
        """Tell whether the file at a path may be downloaded by an address with this query."""
        return True

    async def save(
        self,
        data: bytes,
        *,
        path: str,
        content_type: str,
        file_name: str,
        seconds: float | None,
        endpoint_id: str | None = None,
    ) -> FileRecord:
        """Store a file.

        Parameters
        ----------
        data
            The file.
        path
            As `new_path` returned it.
        content_type, file_name
            What the file says of itself.
        seconds
            How long it is kept; None for the setting ``file_seconds``.
        endpoint_id
            The endpoint that made it; None for an upload.
        """
        stored_as = secrets.token_hex(16)
        await asyncio.to_thread((self._folder / stored_as).write_bytes, data)
        kept = self._settings.now.file_seconds if seconds is None else seconds
        now = time.time()
        record = FileRecord(
            path=path,
            stored_as=stored_as,
            content_type=content_type,
            file_name=file_name,
            file_size=len(data),
            created_at=now,
            expires_at=None if kept is None else now + kept,
            endpoint_id=endpoint_id,
        )
        self._store.save_file(record)
        return record

    def find(self, path: str) -> FileRecord | None:
        """Return the file at a path, or None if there is none or it has expired."""
        record = self._store.find_file(path)
        if record is None or (record.expires_at is not None and record.expires_at <= time.time()):
            return None
        return record

    async def read(self, record: FileRecord) -> bytes:
        """Return a file's content."""
        return await asyncio.to_thread((self._folder / record.stored_as).read_bytes)

    async def save_part(self, upload_id: str, number: int, data: bytes) -> None:
        """Keep a part of an upload in parts."""
        folder = self._parts(upload_id)
        folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread((folder / str(number)).write_bytes, data)

    async def join_parts(self, upload_id: str, numbers: Sequence[int]) -> bytes:
        """Return the parts of an upload, joined in the order of their numbers, and forget them."""
        folder = self._parts(upload_id)
        parts = [folder / str(number) for number in sorted(numbers)]
        data = await asyncio.to_thread(lambda: b"".join(part.read_bytes() for part in parts))
        shutil.rmtree(folder)
        return data

    def clear(self) -> None:
        """Delete every file."""
        shutil.rmtree(self._folder)
        self._folder.mkdir()

    def _parts(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}-parts"
