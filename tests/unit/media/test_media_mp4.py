"""Reading the index of a file that is damaged, or was made to do harm, and writing one."""

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.media.mp4.boxes import DamagedBox, box, boxes_within, full_box
from shared.media.mp4.clip_index import read_clip_index
from shared.media.mp4.reading import read_movie
from shared.media.mp4.samples import SampleTable, read_sample_table, sample_table_boxes
from tests.unit.media.episodes import marked_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return marked_clip(tmp_path_factory.mktemp("clip"), "line", 0.6, 0.2).path.read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "clip.mp4"


def read_or_refuse(place: Path, data: bytes) -> None:
    """Assert that a file is either refused, or read as a clip all of whose samples lie in its media."""
    place.write_bytes(data)
    with suppress(DamagedBox):
        index = read_clip_index(place)
        for track in filter(None, (index.picture, index.sound)):
            ends = track.samples.offsets + track.samples.sizes
            assert (track.samples.offsets >= index.media.start).all()
            assert (ends <= index.media.start + index.media.length).all()
            assert len(track.samples.shown_later) == len(track.samples.is_key) == len(ends)


@settings(max_examples=6000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 2600), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_are_refused_or_harmless(clip: bytes, place: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(clip)
    for position, value in changes:
        data[position % len(data)] = value
    read_or_refuse(place, bytes(data))


@settings(max_examples=4000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 650), value=st.sampled_from([0, 1, 7, 8, 2**31 - 1, 2**31, 2**32 - 1]))
def test_absurd_numbers_are_refused_or_harmless(clip: bytes, place: Path, position: int, value: int) -> None:
    data = bytearray(clip)
    data[4 * position : 4 * position + 4] = value.to_bytes(4, "big")
    read_or_refuse(place, bytes(data))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda _: b"", "is no MP4"),
        (lambda _: b"\0\0", "middle of a box"),
        (lambda data: data[: len(data) // 2], "does not end within the file"),
        (lambda data: data.replace(b"moov", b"free"), "an index and media are needed"),
        (lambda data: data.replace(b"stco", b"free"), "where its samples lie"),
        (lambda data: data.replace(b"soun", b"vide"), "needs one picture and one sound track"),
        (lambda data: data.replace(b"avcC", b"hvcC"), "box b'avcC' is missing"),
    ],
)
def test_the_reason_is_told(tmp_path: Path, clip: bytes, damage: Callable[[bytes], bytes], reason: str) -> None:
    (tmp_path / "clip.mp4").write_bytes(damage(clip))
    with pytest.raises(DamagedBox, match=reason):
        read_clip_index(tmp_path / "clip.mp4")


@given(
    sizes=st.lists(st.integers(1, 2**20), min_size=1, max_size=60),
    gaps=st.lists(st.integers(0, 3), min_size=60, max_size=60),
    ticks=st.lists(st.integers(1, 9), min_size=60, max_size=60),
    later=st.lists(st.integers(0, 3), min_size=60, max_size=60),
    keys=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_what_is_written_is_read_again(
    sizes: list[int], gaps: list[int], ticks: list[int], later: list[int], keys: list[bool]
) -> None:
    # given samples with gaps between some of them
    count = len(sizes)
    lengths = np.array(sizes, np.int64)
    offsets = 1000 + np.cumsum(lengths) - lengths + np.cumsum(np.array(gaps[:count]) // 2)
    table = SampleTable(offsets, lengths, np.array(later[:count], np.int64), np.array(keys[:count]))
    # when their boxes are written and read
    boxes = sample_table_boxes(table, np.array(ticks[:count], np.int64), full_box(b"stsd"))
    contents = dict(boxes_within(memoryview(boxes)))[b"stbl"]
    read, read_ticks = read_sample_table(dict(boxes_within(contents)))
    # then they are the same
    assert np.array_equal(read.offsets, table.offsets)
    assert np.array_equal(read.sizes, table.sizes)
    assert np.array_equal(read.shown_later, table.shown_later)
    assert np.array_equal(read.is_key, table.is_key)
    assert np.array_equal(np.broadcast_to(read_ticks, count), ticks[:count])


@pytest.mark.parametrize("number", [0, 3, 2**32 - 1])
def test_a_key_frame_that_there_is_not_is_refused(number: int) -> None:
    # given two samples, and a box that names another one as a key frame
    two = SampleTable(np.array([0, 9]), np.array([9, 9]), np.zeros(2, np.int64), np.array([True, False]))
    written = dict(boxes_within(memoryview(sample_table_boxes(two, 1, box(b"stsd")))[8:]))
    keys = struct.pack(">III", 0, 1, number)
    with pytest.raises(DamagedBox, match="number of samples"):
        read_sample_table({**written, b"stss": memoryview(keys)})


def test_samples_beyond_four_gigabytes_get_long_offsets() -> None:
    table = SampleTable(
        np.array([100, 2**32 + 5], np.int64), np.array([10, 20], np.int64), np.zeros(2, np.int64), np.ones(2, np.bool_)
    )
    found = dict(boxes_within(memoryview(sample_table_boxes(table, 1, box(b"stsd")))[8:]))
    assert b"stco" not in found
    assert np.frombuffer(found[b"co64"][8:], ">u8").tolist() == [100, 2**32 + 5]


def test_a_title_may_be_missing(tmp_path: Path, clip: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip)
    assert read_movie(tmp_path / "clip.mp4").title == ""
