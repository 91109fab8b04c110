"""Downloads from S3 whose connections break halfway: they begin again, and never leave half a file."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from botocore.response import StreamingBody

from shared.aws.bucket import S3Bucket

WHOLE = bytes(range(256)) * 9000

BREAKS = [
    IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ReadTimeoutError(endpoint_url="https://s3"),
    ResponseStreamingError(error="reset"),
    ConnectionResetError(),
]


class Connection:
    """Gives an object's bytes, and breaks after the first piece."""

    def __init__(self, error: Exception | None) -> None:
        self._error, self._left = error, WHOLE

    def read(self, amount: int | None = None) -> bytes:
        piece, self._left = self._left[:amount], self._left[amount or len(self._left) :]
        if self._error and len(self._left) + len(piece) < len(WHOLE):
            raise self._error
        return piece


class BreakingS3:
    """S3 whose first connections break."""

    def __init__(self, errors: list[Exception]) -> None:
        self._errors = errors
        self.requests = 0

    def get_object(self, **_: str) -> dict[str, Any]:
        self.requests += 1
        error = self._errors.pop(0) if self._errors else None
        return {"Body": StreamingBody(Connection(error), len(WHOLE))}  # type: ignore[arg-type]  # it only reads


@pytest.mark.parametrize("error", BREAKS, ids=lambda error: type(error).__name__)
def test_a_download_that_breaks_begins_again(tmp_path: Path, error: Exception) -> None:
    s3: Any = BreakingS3([error, error])
    S3Bucket(s3, "bucket").download("key", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == WHOLE
    assert s3.requests == 3


def test_a_download_that_never_ends_leaves_what_was_there(tmp_path: Path) -> None:
    # given a file of an earlier download, and connections that all break
    target = tmp_path / "episode.mp4"
    target.write_bytes(b"the last episode")
    s3: Any = BreakingS3([ConnectionResetError() for _ in range(10)])
    # when it is downloaded once more
    with pytest.raises(ConnectionResetError):
        S3Bucket(s3, "bucket").download("key", target)
    # then it is as it was
    assert target.read_bytes() == b"the last episode"


def test_a_body_that_is_too_short_is_no_download(tmp_path: Path) -> None:
    class Short(BreakingS3):
        def get_object(self, **_: str) -> dict[str, Any]:
            return {"Body": StreamingBody(Connection(None), len(WHOLE) + 1)}  # type: ignore[arg-type]  # it only reads

    s3: Any = Short([])
    with pytest.raises(IncompleteReadError):
        S3Bucket(s3, "bucket").download("key", tmp_path / "file")
    assert not (tmp_path / "file").exists()
