"""Reading the index of a movie that is made of one piece: house clips, their heads, sounds and episodes."""

import struct
from dataclasses import dataclass
from pathlib import Path

from shared.media.mp4.boxes import DamagedBox, FileBox, box, box_within, boxes_within, moov_and_mdat
from shared.media.mp4.movie import Track
from shared.media.mp4.samples import SampleTable, read_sample_table

_ENABLED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Movie:
    """A movie's tracks and title, and where its media lie in the file."""

    tracks: tuple[Track, ...]
    title: str
    media: FileBox

    def track(self, handler: bytes) -> Track | None:
        """Return the first track of a kind."""
        return next((track for track in self.tracks if track.handler == handler), None)


def read_movie(path: Path) -> Movie:
    """Read the index of an MP4.

    Raises
    ------
    DamagedBox
        If it has none, or is damaged; the text is the rest of a sentence about the file.
    """
    data, media = moov_and_mdat(path)
    contents = memoryview(data)
    try:
        boxes = list(boxes_within(contents))
        tracks = tuple(_track(inside) for kind, inside in boxes if kind == b"trak")
        title = _title(contents) if any(kind == b"udta" for kind, _ in boxes) else ""
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise DamagedBox("is damaged: its index ends too early") from error
    for track in tracks:
        _require_within(media, track.samples)
    return Movie(tracks, title, media)


def _track(contents: memoryview) -> Track:
    outer = dict(boxes_within(contents))
    media = dict(boxes_within(_of(outer, b"mdia")))
    information = list(boxes_within(_of(media, b"minf")))
    if not information:
        raise DamagedBox("is damaged: a track says nothing about its media")
    stored = dict(boxes_within(_of(dict(information), b"stbl")))
    samples, ticks = read_sample_table(stored)
    header, media_header = _of(outer, b"tkhd"), _of(media, b"mdhd")
    (flags,) = struct.unpack_from(">I", header)
    (top,) = struct.unpack_from(">i", header, 64)
    width, height = struct.unpack_from(">II", header, 76)
    timescale, _, language = struct.unpack_from(">IIH", media_header, 12)
    return Track(
        handler=bytes(_of(media, b"hdlr")[8:12]),
        timescale=timescale,
        ticks=ticks,
        samples=samples,
        description=bytes(_of(stored, b"stsd")),
        media_header=box(information[0][0], bytes(information[0][1])),
        first_shown=_first_shown(outer[b"edts"]) if b"edts" in outer else 0,
        width=width >> 16,
        height=height >> 16,
        top=top >> 16,
        language="".join(chr((language >> shift & 31) + 0x60) for shift in (10, 5, 0)),
        is_enabled=bool(flags & _ENABLED),
        chapters=struct.unpack(">I", box_within(outer[b"tref"], b"chap"))[0] if b"tref" in outer else None,
    )


def _of(boxes: dict[bytes, memoryview], kind: bytes) -> memoryview:
    if kind not in boxes:
        raise DamagedBox(f"is damaged: its box {kind!r} is missing")
    return boxes[kind]


def _first_shown(edits: memoryview) -> int:
    count, _, first_shown = struct.unpack_from(">IIi", box_within(edits, b"elst"), 4)
    if count != 1 or first_shown < 0:
        raise DamagedBox("is not in the house format: it begins late")
    return int(first_shown)


def _title(contents: memoryview) -> str:
    """Return the title as `movie_index` writes it; files without one have other metadata, or none."""
    listed = box_within(box_within(contents, b"udta", b"meta")[4:], b"ilst")
    named = next((inside for kind, inside in boxes_within(listed) if kind == b"\xa9nam"), None)
    return bytes(box_within(named, b"data")[8:]).decode() if named is not None else ""


def _require_within(media: FileBox, samples: SampleTable) -> None:
    if not len(samples):
        return
    start, end = samples.offsets.min(), (samples.offsets + samples.sizes).max()
    if start < media.start or end > media.start + media.length:
        raise DamagedBox("is damaged: its index points outside of its media")
