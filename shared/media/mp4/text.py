"""Text in a movie: captions that can be switched on, and chapters. Times are in whole milliseconds.

Captions are 3GPP Timed Text (3GPP TS 26.245), which players call tx3g or mov_text; chapters are a track of titles to
which the picture's track refers (QuickTime File Format Specification, "Chapter lists").
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from shared.captions.cues import Cue
from shared.media.mp4.boxes import box, full_box
from shared.media.mp4.movie import Track
from shared.media.mp4.samples import plain_samples

TEXT_TIMESCALE = 1000
"""Ticks per second of captions and chapters."""

_LONGEST_TEXT = 0xFFFF
_UTF8_MARK = struct.pack(">I4sI", 12, b"encd", 0x100)
_CENTRED, _AT_BOTTOM = 1, -1
_WHITE = b"\xff\xff\xff\xff"
_FONT = box(b"ftab", struct.pack(">HHB", 1, 1, 10), b"Sans-Serif")
_FONT_SHARE = 0.045
_BOX_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of an episode: where it starts, in seconds, and its title. It ends where the next one starts."""

    start: float
    title: str


@dataclass(frozen=True, slots=True)
class TimedText:
    """Samples of text that follow each other without a gap, and how long each is shown, in ticks."""

    samples: tuple[bytes, ...]
    ticks: tuple[int, ...]

    @property
    def data(self) -> bytes:
        """All samples, one behind the other."""
        return b"".join(self.samples)


def caption_samples(cues: Sequence[Cue], seconds: Fraction) -> TimedText:
    """Return cues as samples for all of an episode of `seconds`; those between cues are empty.

    Raises
    ------
    ValueError
        If the cues are not in order, or last longer than the episode.
    """
    # Each sample lasts until the next one starts: lengths that are rounded one by one would add up to a drift.
    starts, texts = [0], [""]
    for cue in cues:
        start, end = _milliseconds(cue.start), _milliseconds(cue.end)
        if not starts[-1] <= start < end:
            raise ValueError(f"captions must be in order: one starts at {cue.start} s, and an earlier one ends later")
        if start == starts[-1]:
            starts.pop()
            texts.pop()
        starts += [start, end]
        texts += ["\n".join(cue.rows), ""]
    return _timed(starts, texts, seconds, "captions")


def chapter_samples(chapters: Sequence[Chapter], seconds: Fraction) -> TimedText:
    """Return the titles of chapters as samples for all of an episode of `seconds`.

    Raises
    ------
    ValueError
        If the first chapter does not start at 0, they are not in order, or one starts after the episode's end.
    """
    starts = [_milliseconds(chapter.start) for chapter in chapters]
    ends = [*starts[1:], _milliseconds(seconds)]
    if starts[0] != 0 or any(end <= start for start, end in zip(starts, ends, strict=True)):
        raise ValueError("chapters must be in order, from the start of the episode on, and start before its end")
    timed = _timed(starts, [chapter.title for chapter in chapters], seconds, "chapters")
    return TimedText(tuple(sample + _UTF8_MARK for sample in timed.samples), timed.ticks)


def _timed(starts: Sequence[int], texts: Sequence[str], seconds: Fraction, what: str) -> TimedText:
    end = _milliseconds(seconds)
    if starts[-1] > end:
        raise ValueError(f"{what} last until {starts[-1] / 1000:.3f} s, and the episode until {end / 1000:.3f} s")
    ticks = [following - start for start, following in pairwise([*starts, end])]
    lasting = [(_sample(text), length) for text, length in zip(texts, ticks, strict=True) if length]
    return TimedText(tuple(sample for sample, _ in lasting), tuple(length for _, length in lasting))


def _milliseconds(seconds: float | Fraction) -> int:
    return round(seconds * TEXT_TIMESCALE)


def _sample(text: str) -> bytes:
    data = text.encode()
    if len(data) > _LONGEST_TEXT:
        raise ValueError(f"a caption or a chapter's title holds at most {_LONGEST_TEXT} bytes, not {len(data)}")
    return struct.pack(">H", len(data)) + data


def caption_track(text: TimedText, start: int, width: int, height: int, language: str) -> Track:
    """Return the track of captions whose samples lie at `start` in the file, for a picture of a size in pixels.

    They stand centred in the lowest fifth of the picture, in white; players that let people choose ignore that.
    """
    box_height, font_size = round(_BOX_SHARE * height), round(_FONT_SHARE * min(width, height))
    style = struct.pack(">HHHBB", 0, 0, 1, 0, font_size) + _WHITE
    entry = box(
        b"tx3g",
        struct.pack(">6xH", 1),
        struct.pack(">Ibb4x", 0, _CENTRED, _AT_BOTTOM),
        struct.pack(">4H", 0, 0, box_height, width),
        style,
        _FONT,
    )
    return Track(
        handler=b"sbtl",
        timescale=TEXT_TIMESCALE,
        ticks=np.array(text.ticks, np.int64),
        samples=plain_samples(start, [len(sample) for sample in text.samples]),
        description=struct.pack(">II", 0, 1) + entry,
        media_header=full_box(b"nmhd"),
        width=width,
        height=box_height,
        top=height - box_height,
        language=language,
    )


def chapter_track(text: TimedText, start: int) -> Track:
    """Return the track of chapters whose samples lie at `start` in the file."""
    entry = box(
        b"text", struct.pack(">6xH", 1), struct.pack(">I", 1), bytes(26), box(b"ftab", struct.pack(">HHB", 1, 1, 0))
    )
    identity = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    media_header = box(
        b"gmhd", full_box(b"gmin", struct.pack(">4Hhh", 0x40, 0x8000, 0x8000, 0x8000, 0, 0)), box(b"text", identity)
    )
    return Track(
        handler=b"text",
        timescale=TEXT_TIMESCALE,
        ticks=np.array(text.ticks, np.int64),
        samples=plain_samples(start, [len(sample) for sample in text.samples]),
        description=struct.pack(">II", 0, 1) + entry,
        media_header=media_header,
        is_enabled=False,
    )
