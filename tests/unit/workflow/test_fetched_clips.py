"""Clips on their way into an episode: in order, a few at a time, and gone once they were used."""

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.keys import FileKind, FileRef
from shared.media.disk import NotEnoughDisk
from shared.media.join import Segment
from shared.plan.timeline import Dissolve, Stretch
from shared.ports import ObjectMissing
from shared.workflow.fetched_clips import fetched_segments, require_room
from tests.fakes.bucket import MemoryBucket

AHEAD = 16
"""How many clips may be on their way beside the one that is used."""
MEGABYTE = 1_000_000


def file_of(kind: FileKind, number: int) -> FileRef:
    return FileRef(kind=kind, address=f"{number:040x}")


def episode_of(count: int, dissolving: Sequence[int] = ()) -> tuple[list[Stretch], dict[int, Dissolve], MemoryBucket]:
    """Return so many house clips, with dissolves into some of them, and a bucket that holds it all."""
    bucket = MemoryBucket()
    shown = [Stretch(file_of(FileKind.HOUSE, number), None, float(number), 1.0) for number in range(count)]
    heads = {
        place: Dissolve(file_of(FileKind.HOUSE, place - 1), file_of(FileKind.HOUSE, place)) for place in dissolving
    }
    for number, stretch in enumerate(shown):
        assert stretch.house
        bucket.put(stretch.house.key, f"clip {number}".encode(), "video/mp4")
    for place, dissolve in heads.items():
        bucket.put(dissolve.file.key, f"head {place}".encode(), "video/mp4")
    return shown, heads, bucket


def texts_of(segment: Segment) -> tuple[str, str | None]:
    return segment.clip.read_text(), segment.head.read_text() if segment.head else None


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_clips_come_in_order_few_at_a_time_and_are_gone_afterwards(data: st.DataObject) -> None:
    # given an episode of many clips, some of which dissolve
    count = data.draw(st.integers(1, 60))
    dissolving = sorted(data.draw(st.sets(st.integers(1, count - 1)))) if count > 1 else []
    shown, heads, bucket = episode_of(count, dissolving)
    with TemporaryDirectory() as scratch:
        folder, most = Path(scratch), 0
        # when they are used one after the other
        used = []
        for segment in fetched_segments(shown, heads, folder, bucket):
            used.append(texts_of(segment))
            most = max(most, len(list(folder.glob("*.mp4"))))
        # then each comes once and in order, with its dissolve
        assert used == [(f"clip {n}", f"head {n}" if n in dissolving else None) for n in range(count)]
        # and the disk never holds more than those that are on their way, and none in the end
        assert most <= 2 * (AHEAD + 1)
        assert list(folder.iterdir()) == []


def test_the_disk_holds_seventeen_clips_at_most(tmp_path: Path) -> None:
    # given a hundred clips, each of which is looked at when the next sixteen are there already
    shown, heads, bucket = episode_of(100)
    for used, segment in enumerate(fetched_segments(shown, heads, tmp_path, bucket), start=1):
        wanted = min(100, used + AHEAD)
        assert segment.clip.exists()
        assert len(list(tmp_path.iterdir())) <= wanted - used + 1
    assert used == 100


def test_the_same_clip_twice_is_a_file_each_time(tmp_path: Path) -> None:
    shown, heads, bucket = episode_of(1)
    texts = [texts_of(segment)[0] for segment in fetched_segments(shown * 5, heads, tmp_path, bucket)]
    assert texts == ["clip 0"] * 5


def counting_threads(before: Sequence[threading.Thread]) -> int:
    return sum(thread not in before for thread in threading.enumerate())


@pytest.mark.parametrize("missing", [0, 5, 19])
def test_a_clip_that_cannot_be_fetched_ends_it_where_its_turn_comes(tmp_path: Path, missing: int) -> None:
    # given an episode of twenty clips, one of which is gone
    shown, heads, bucket = episode_of(20)
    house = shown[missing].house
    assert house
    bucket.remove(house.key)
    before = threading.enumerate()
    # when they are used, then those before it come, and then the reason
    used: list[str] = []
    with pytest.raises(ObjectMissing):
        used.extend(texts_of(segment)[0] for segment in fetched_segments(shown, heads, tmp_path, bucket))
    assert used == [f"clip {number}" for number in range(missing)]
    # and nothing is being fetched any more
    assert counting_threads(before) == 0


def test_nothing_is_fetched_any_more_when_no_more_are_wanted(tmp_path: Path) -> None:
    shown, heads, bucket = episode_of(40)
    before = threading.enumerate()
    with closing(fetched_segments(shown, heads, tmp_path, bucket)) as segments:
        next(segments)
    assert counting_threads(before) == 0
    fetched = len(list(tmp_path.iterdir()))
    assert fetched <= AHEAD + 1


# What an episode needs of the disk


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an episode of clips and dissolves, and of music
    shown, heads, bucket = episode_of(40, [3, 20])
    music = file_of(FileKind.SOURCE, 0)
    bucket.put(music.key, b"music", "audio/mpeg")

    def has_free(size: int) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=size))

    # when the disk holds it, then nothing is said
    has_free(10 * MEGABYTE)
    require_room(tmp_path, shown, heads, music, bucket)
    # and when it does not, then what is needed and what is there
    has_free(0)
    with pytest.raises(NotEnoughDisk) as alone:
        require_room(tmp_path, shown, heads, None, bucket)
    with pytest.raises(NotEnoughDisk, match="0 MB are free") as with_music:
        require_room(tmp_path, shown, heads, music, bucket)
    # and with music the episode is there twice, and its mixed sound
    assert with_music.value.needed > 2 * alone.value.needed


@pytest.mark.parametrize("count", [1, 12, 40])
def test_what_is_required_of_the_disk_is_what_is_fetched_at_once(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given clips that are large beside everything else of an episode
    shown, heads, bucket = episode_of(count, range(1, count))
    for file in [stretch.house for stretch in shown if stretch.house] + [dissolve.file for dissolve in heads.values()]:
        bucket.put(file.key, bytes(30_000), "video/mp4")
    # when they are used, and copied into an episode
    episode = most = 0
    for segment in fetched_segments(shown, heads, tmp_path, bucket):
        episode += sum(path.stat().st_size for path in (segment.clip, segment.head) if path)
        most = max(most, episode + sum(path.stat().st_size for path in tmp_path.glob("*.mp4")))
    # then the disk never held more than was required beforehand
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(NotEnoughDisk) as required:
        require_room(tmp_path, shown, heads, None, bucket)
    assert most <= required.value.needed
