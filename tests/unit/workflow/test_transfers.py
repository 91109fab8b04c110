"""Files come and go several at once, and are there when they have to be."""

from pathlib import Path
from threading import Barrier

import pytest

from shared.keys import FileKind, FileRef
from shared.workflow.transfers import Transfers
from tests.fakes.bucket import MemoryBucket

FILE = FileRef(kind=FileKind.PART, address="a" * 64)
LARGE = b"x" * ((1 << 20) + 1)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "part.mp3"
    path.write_bytes(b"sound")
    return path


def test_what_is_handed_in_is_stored_when_it_is_left(local: Path) -> None:
    bucket = MemoryBucket()
    with Transfers(bucket) as transfers:
        transfers.begin_storing(local, FILE, "audio/mpeg")
    assert (bucket.get(FILE.key), bucket.content_type(FILE.key)) == (b"sound", "audio/mpeg")
    assert local.exists()


def test_a_file_that_is_needed_no_more_is_deleted_once_it_is_stored(local: Path) -> None:
    bucket = MemoryBucket()
    with Transfers(bucket) as transfers:
        transfers.begin_storing(local, FILE, "audio/mpeg", then_delete=True)
    assert bucket.exists(FILE.key)
    assert not local.exists()


def test_a_file_is_fetched(tmp_path: Path) -> None:
    bucket = MemoryBucket()
    bucket.put("episodes/a/audio/01.mp3", b"sound", "audio/mpeg")
    with Transfers(bucket) as transfers:
        assert (
            transfers.begin_fetching("episodes/a/audio/01.mp3", tmp_path / "source").result().read_bytes() == b"sound"
        )


def test_several_are_on_their_way_at_once(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given uploads that end only when all of them have begun
    together = Barrier(8, timeout=10)
    bucket = MemoryBucket()
    monkeypatch.setattr(bucket, "upload", lambda *_: together.wait())
    with Transfers(bucket) as transfers:
        for _ in range(8):
            transfers.begin_storing(local, FILE, "audio/mpeg")


@pytest.mark.parametrize(("content", "writes"), [(LARGE, 1), (b"small", 2)])
def test_only_a_large_file_is_asked_after_before_it_is_stored(local: Path, content: bytes, writes: int) -> None:
    # given a file that is there already
    bucket = MemoryBucket()
    local.write_bytes(content)
    for _ in range(2):
        with Transfers(bucket) as transfers:
            transfers.begin_storing(local, FILE, "audio/mpeg")
    # then a small one is sent again, which takes no longer than to ask
    assert bucket.writes == [FILE.key] * writes


def test_whoever_leaves_it_learns_what_is_not_stored(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = MemoryBucket()
    monkeypatch.setattr(bucket, "upload", refuse)
    with pytest.raises(OSError, match="not today"), Transfers(bucket) as transfers:
        transfers.begin_storing(local, FILE, "audio/mpeg")


def test_what_went_wrong_before_comes_first(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = MemoryBucket()
    monkeypatch.setattr(bucket, "upload", refuse)

    def work() -> None:
        with Transfers(bucket) as transfers:
            transfers.begin_storing(local, FILE, "audio/mpeg")
            raise ValueError("the script is refused")

    with pytest.raises(ValueError, match="the script is refused"):
        work()


def refuse(*_: object) -> None:
    raise OSError("not today")
