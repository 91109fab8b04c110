"""Where the samples of a track lie, and how large they are: a frame of picture, a packet of sound, a caption.

The boxes are those of ISO/IEC 14496-12, 8.6 and 8.7.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.media.mp4.boxes import DamagedBox, box, full_box

_LARGEST_SHORT_OFFSET = 0xFFFF_FFFF
_MOST_SAMPLES = 10_000_000
"""More than the packets of sound of two days."""
_UNCLEAR_COUNT = "contradicts itself about its number of samples"


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """The samples of a track, in the order in which they are decoded; all arrays have shape (samples,).

    Attributes
    ----------
    offsets
        Where each sample lies in the file, in bytes.
    sizes
        In bytes.
    shown_later
        How much later than it is decoded each sample is shown, in ticks of the track.
    is_key
        Which samples can be decoded without those before them.
    """

    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    shown_later: NDArray[np.int64]
    is_key: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.offsets)

    def moved(self, distance: int) -> "SampleTable":
        """Return the table of the same samples after they were moved by `distance` bytes."""
        return SampleTable(self.offsets + distance, self.sizes, self.shown_later, self.is_key)

    def first(self, count: int) -> "SampleTable":
        """Return the table of the first `count` samples."""
        return SampleTable(self.offsets[:count], self.sizes[:count], self.shown_later[:count], self.is_key[:count])

    def without_first(self, count: int) -> "SampleTable":
        """Return the table of all samples but the first `count`."""
        return SampleTable(self.offsets[count:], self.sizes[count:], self.shown_later[count:], self.is_key[count:])


def one_behind_another(tables: Sequence[SampleTable]) -> SampleTable:
    """Return the table of the samples of several tables."""
    return SampleTable(
        np.concatenate([table.offsets for table in tables]),
        np.concatenate([table.sizes for table in tables]),
        np.concatenate([table.shown_later for table in tables]),
        np.concatenate([table.is_key for table in tables]),
    )


def plain_samples(start: int, sizes: Sequence[int]) -> SampleTable:
    """Return the table of samples that lie one behind the other, are shown when decoded, and need no others."""
    lengths = np.array(sizes, np.int64)
    offsets = start + np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return SampleTable(offsets, lengths, np.zeros(len(sizes), np.int64), np.ones(len(sizes), np.bool_))


def read_sample_table(boxes: Mapping[bytes, memoryview]) -> tuple[SampleTable, int | NDArray[np.int64]]:
    """Read a track's table from the boxes in its `stbl`, and how long its samples last, as in `sample_table_boxes`.

    Raises
    ------
    DamagedBox
        If boxes are missing or contradict each other.
    """
    if not boxes.keys() >= {b"stsz", b"stts", b"stsc", b"stco"}:
        raise DamagedBox("does not say where its samples lie")
    size_of_all, count = struct.unpack_from(">II", boxes[b"stsz"], 4)
    if count > _MOST_SAMPLES:
        raise DamagedBox(_UNCLEAR_COUNT)
    sizes = np.full(count, size_of_all) if size_of_all else _numbers(boxes[b"stsz"], 12)
    if len(sizes) != count:
        raise DamagedBox(_UNCLEAR_COUNT)
    durations = _runs(boxes[b"stts"], count)
    is_even = count and (durations[:, 1] == durations[0, 1]).all()
    shown_later = _unrolled(_runs(boxes[b"ctts"], count)) if b"ctts" in boxes else np.zeros(count, np.int64)
    is_key = _marked(boxes[b"stss"], count) if b"stss" in boxes else np.ones(count, np.bool_)
    table = SampleTable(_offsets(boxes[b"stco"], boxes[b"stsc"], sizes), sizes, shown_later, is_key)
    return table, int(durations[0, 1]) if is_even else _unrolled(durations)


def _marked(contents: memoryview, count: int) -> NDArray[np.bool_]:
    """Return which of `count` samples a box numbers, from 1 on."""
    marked, places = np.zeros(count, np.bool_), _numbers(contents, 8) - 1
    if len(places) and not 0 <= places.min() <= places.max() < count:
        raise DamagedBox(_UNCLEAR_COUNT)
    marked[places] = True
    return marked


def _runs(contents: memoryview, count: int) -> NDArray[np.int64]:
    """Return the runs of a box that says how many of `count` samples follow each other with which value."""
    runs = _tuples(contents, 2)
    if runs[:, 0].sum() != count:
        raise DamagedBox(_UNCLEAR_COUNT)
    return runs


def _unrolled(runs: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.repeat(runs[:, 1], runs[:, 0])


def _offsets(chunk_offsets: memoryview, chunk_runs: memoryview, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each sample lies: samples lie one behind the other in chunks, whose places are given."""
    starts = _numbers(chunk_offsets, 8)
    runs = _tuples(chunk_runs, 3)
    if len(runs) == 1 and runs[0, :2].tolist() == [1, 1] and len(starts) == len(sizes):
        return starts  # each sample is a chunk, as pictures are where sound lies between them
    # Each run says how many samples are in each chunk from its first one up to the next run's first one.
    lengths = np.append(runs[1:, 0], len(starts) + 1) - runs[:, 0]
    if (lengths < 0).any() or lengths.sum() != len(starts) or (runs[:, 1] < 1).any():
        raise DamagedBox(_UNCLEAR_COUNT)
    counts = np.repeat(runs[:, 1], lengths)
    if counts.sum() != len(sizes):
        raise DamagedBox(_UNCLEAR_COUNT)
    before = np.cumsum(sizes) - sizes
    firsts = np.cumsum(counts) - counts
    return np.asarray(np.repeat(starts - before[firsts], counts) + before, np.int64)


def _tuples(contents: memoryview, length: int) -> NDArray[np.int64]:
    numbers = _numbers(contents, 8)
    if len(numbers) % length:
        raise DamagedBox(_UNCLEAR_COUNT)
    return numbers.reshape(-1, length)


def _numbers(contents: memoryview, start: int) -> NDArray[np.int64]:
    words = contents[start:]
    if len(words) % 4:
        raise DamagedBox(_UNCLEAR_COUNT)
    return np.frombuffer(words, ">u4").astype(np.int64)


def sample_table_boxes(
    table: SampleTable, ticks: int | NDArray[np.int64], description: bytes, groups: bytes = b""
) -> bytes:
    """Return the box `stbl`.

    Parameters
    ----------
    table
        The samples.
    ticks
        How long each of them lasts: one number for all, or an array of shape (samples,).
    description
        The box `stsd`.
    groups
        Boxes that tell more about the samples.
    """
    durations = np.broadcast_to(ticks, len(table))
    ends = table.offsets + table.sizes
    # A chunk begins wherever a sample does not lie behind the one before it.
    firsts = np.flatnonzero(np.append(True, table.offsets[1:] != ends[:-1]))
    counts = np.diff(np.append(firsts, len(table)))
    runs = np.flatnonzero(np.append(True, counts[1:] != counts[:-1]))
    chunks = np.stack([runs + 1, counts[runs], np.ones_like(runs)], axis=1)
    boxes = [
        description,
        full_box(b"stts", *_counted(_run_lengths(durations))),
        full_box(b"stsc", *_counted(chunks)),
        full_box(b"stsz", struct.pack(">I", 0), *_counted(table.sizes)),
        _chunk_offsets(table.offsets[firsts]),
    ]
    if table.shown_later.any():
        boxes.append(full_box(b"ctts", *_counted(_run_lengths(table.shown_later))))
    if not table.is_key.all():
        boxes.append(full_box(b"stss", *_counted(np.flatnonzero(table.is_key) + 1)))
    return box(b"stbl", *boxes, groups)


def _chunk_offsets(offsets: NDArray[np.int64]) -> bytes:
    if len(offsets) and offsets.max() > _LARGEST_SHORT_OFFSET:
        return full_box(b"co64", struct.pack(">I", len(offsets)), offsets.astype(">u8").tobytes())
    return full_box(b"stco", *_counted(offsets))


def _run_lengths(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return values as runs, shape (runs, 2): how many, of which value."""
    firsts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return np.stack([np.diff(np.append(firsts, len(values))), values[firsts]], axis=1)


def _counted(entries: NDArray[np.int64]) -> tuple[bytes, bytes]:
    return struct.pack(">I", len(entries)), entries.astype(">u4").tobytes()
