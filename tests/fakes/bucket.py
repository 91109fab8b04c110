"""The bucket in memory."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from shared.ledger.records import Seconds
from shared.ports import ObjectMissing, StoredObject


class MemoryBucket:
    """`shared.ports.Bucket`."""

    def __init__(self, clock: Callable[[], Seconds] = lambda: 0.0) -> None:
        self.clock = clock
        self._objects: dict[str, tuple[bytes, str, Seconds]] = {}
        self.writes: list[str] = []

    def get(self, key: str) -> bytes:
        return self._find(key)[0]

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self._objects[key] = (data, content_type, self.clock())
        self.writes.append(key)

    def exists(self, key: str) -> bool:
        return key in self._objects

    def size(self, key: str) -> int:
        return len(self._find(key)[0])

    def list(self, prefix: str, at_most: int | None = None) -> Sequence[StoredObject]:
        found = [
            StoredObject(key, hashlib.md5(data).hexdigest(), len(data), at)  # noqa: S324 - what S3 calls an ETag
            for key, (data, _, at) in sorted(self._objects.items())
            if key.startswith(prefix)
        ]
        return found[:at_most]

    def download(self, key: str, target: Path) -> None:
        target.write_bytes(self._find(key)[0])

    def upload(self, source: Path, key: str, content_type: str) -> None:
        self.put(key, source.read_bytes(), content_type)

    def copy(self, source_key: str, target_key: str, content_type: str) -> None:
        self.put(target_key, self._find(source_key)[0], content_type)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._objects.pop(key, None)

    # For tests

    def content_type(self, key: str) -> str:
        return self._find(key)[1]

    def remove(self, key: str) -> None:
        del self._objects[key]

    @property
    def stored_keys(self) -> Sequence[str]:
        return sorted(self._objects)

    def _find(self, key: str) -> tuple[bytes, str, Seconds]:
        try:
            return self._objects[key]
        except KeyError:
            raise ObjectMissing(f"the bucket has no object {key}") from None
