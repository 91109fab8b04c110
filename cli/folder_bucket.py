"""An episode's folder as if it lay in the bucket."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shared.ports import ObjectMissing, StoredObject


class FolderBucket:
    """`shared.ports.Bucket` over an episode's folder: inputs come from there, and what is written goes elsewhere.

    Parameters
    ----------
    files
        The inputs, by their keys.
    scratch
        An empty folder for what is written.
    """

    def __init__(self, files: Mapping[str, Path], scratch: Path) -> None:
        self._files = dict(files)
        self._scratch = scratch

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises `ObjectMissing`."""
        return self._path(key).read_bytes()

    def put(self, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 -- a file has none
        """Store an object."""
        self._new_path(key).write_bytes(data)

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        return key in self._files

    def size(self, key: str) -> int:
        """Return an object's size in bytes; raises `ObjectMissing`."""
        return self._path(key).stat().st_size

    def list(self, prefix: str, at_most: int | None = None) -> Sequence[StoredObject]:
        """Return all objects whose keys begin with `prefix`, or the first `at_most` of them, by key."""
        return [_stored(key, self._files[key]) for key in sorted(self._files) if key.startswith(prefix)][:at_most]

    def download(self, key: str, target: Path) -> None:
        """Write an object to a file; raises `ObjectMissing`."""
        shutil.copyfile(self._path(key), target)

    def upload(self, source: Path, key: str, content_type: str) -> None:  # noqa: ARG002 -- a file has none
        """Store a file as an object."""
        shutil.copyfile(source, self._new_path(key))

    def copy(self, source_key: str, target_key: str, content_type: str) -> None:  # noqa: ARG002 -- a file has none
        """Copy an object."""
        shutil.copyfile(self._path(source_key), self._new_path(target_key))

    def delete(self, keys: Iterable[str]) -> None:
        """Forget objects; the folder's own files stay."""
        for key in keys:
            self._files.pop(key, None)

    def _path(self, key: str) -> Path:
        if key not in self._files:
            raise ObjectMissing(f"the folder has no file {key}")
        return self._files[key]

    def _new_path(self, key: str) -> Path:
        self._files[key] = path = self._scratch / hashlib.sha256(key.encode()).hexdigest()
        return path


def _stored(key: str, path: Path) -> StoredObject:
    with path.open("rb") as file:
        etag = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredObject(key, etag, path.stat().st_size, path.stat().st_mtime)
