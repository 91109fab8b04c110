"""Files on their way from the bucket and to it, while others are read, cut and planned with."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from shared.keys import FileRef
    from shared.ports import Bucket

_AT_ONCE = 64
"""At most; hardly ever as many, for whoever stores hundreds of files makes one after another."""

_ASKED_AFTER_BYTES = 1 << 20


class Transfers:
    """Fetches and stores several files at once.

    It is used as a context: who leaves it without an error finds everything stored.
    """

    def __init__(self, bucket: "Bucket") -> None:
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._being_stored: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Wait for all files; raises what went wrong with the first that is not stored."""
        self._pool.shutdown()
        if error is None:
            for stored in self._being_stored:
                stored.result()

    def begin_fetching(self, key: str, target: "Path") -> "Future[Path]":
        """Have an object written to a file; return what gives the file once it is there."""
        return self._pool.submit(self._write_to_file, key, target)

    def begin_storing(self, local: "Path", file: "FileRef", content_type: str, *, then_delete: bool = False) -> None:
        """Have a file stored under its address, which says what is in it: one that is there need not be replaced."""
        self._being_stored.append(
            self._pool.submit(self._upload_file, local, file, content_type, then_delete=then_delete)
        )

    def _write_to_file(self, key: str, target: "Path") -> "Path":
        self._bucket.download(key, target)
        return target

    def _upload_file(self, local: "Path", file: "FileRef", content_type: str, *, then_delete: bool) -> None:
        # To ask whether a small file is there takes as long as to store it.
        if local.stat().st_size < _ASKED_AFTER_BYTES or not self._bucket.exists(file.key):
            self._bucket.upload(local, file.key, content_type)
        if then_delete:
            local.unlink()
