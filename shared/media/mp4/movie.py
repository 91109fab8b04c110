"""The index of a movie: the box `moov`, which players read first (ISO/IEC 14496-12, 8.2 to 8.7)."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.media.mp4.boxes import box, full_box
from shared.media.mp4.samples import SampleTable, sample_table_boxes

MOVIE_TIMESCALE = 1000
"""Ticks per second of a movie; a frame lasts 40."""

FILE_TYPE = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")

_ENABLED, _IN_MOVIE = 1, 2
_FULL_VOLUME = 0x0100
_NO_LANGUAGE = "und"
_DATA_IN_THIS_FILE = 1
_TEXT = 1  # of iTunes' metadata: UTF-8


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A track of a movie.

    Attributes
    ----------
    handler
        What it is: `vide`, `soun`, `sbtl` or `text`.
    timescale
        Ticks per second.
    ticks
        How long each sample lasts: one number for all, or an array of shape (samples,).
    samples
        Where they lie.
    description
        The contents of the box `stsd`.
    media_header
        The box that comes first in `minf`: for example `vmhd`.
    first_shown
        Ticks from the first sample's time to the moment at which the track starts to be seen or heard.
    width, height, top
        The place on the screen in pixels.
    language
        Three letters after ISO 639-2.
    is_enabled
        Whether it is played; chapters are only referred to.
    chapters
        The number of the track, counted from 1, that holds the chapters.
    groups
        Boxes that tell more about the samples.
    """

    handler: bytes
    timescale: int
    ticks: int | NDArray[np.int64]
    samples: SampleTable
    description: bytes
    media_header: bytes
    first_shown: int = 0
    width: int = 0
    height: int = 0
    top: int = 0
    language: str = _NO_LANGUAGE
    is_enabled: bool = True
    chapters: int | None = None
    groups: bytes = b""

    @property
    def media_ticks(self) -> int:
        """The length of all samples."""
        return int(np.broadcast_to(self.ticks, len(self.samples)).sum())

    @property
    def movie_ticks(self) -> int:
        """How long it is seen or heard, in ticks of the movie."""
        ends = np.cumsum(np.broadcast_to(self.ticks, len(self.samples))) + self.samples.shown_later
        return (int(ends.max()) - self.first_shown) * MOVIE_TIMESCALE // self.timescale


def preroll_groups(count: int) -> bytes:
    """Return the boxes that say that each of `count` packets of AAC needs the one before it (ISO/IEC 14496-12, 10)."""
    described = full_box(b"sgpd", b"roll", struct.pack(">IIh", 2, 1, -1), version=1)
    return described + full_box(b"sbgp", b"roll", struct.pack(">III", 1, count, 1))


def movie_index(tracks: Sequence[Track], title: str) -> bytes:
    """Return the box `moov` of a movie with a title."""
    duration = max(track.movie_ticks for track in tracks)
    header = full_box(
        b"mvhd",
        struct.pack(">IIIIIH10x", 0, 0, MOVIE_TIMESCALE, duration, 0x10000, _FULL_VOLUME),
        _matrix(0),
        bytes(24),
        struct.pack(">I", len(tracks) + 1),
    )
    return box(b"moov", header, *(_track(number, track) for number, track in enumerate(tracks, 1)), _title(title))


def _track(number: int, track: Track) -> bytes:
    group = {b"vide": 0, b"soun": 1}.get(track.handler, 2)
    header = full_box(
        b"tkhd",
        struct.pack(">IIIII8x", 0, 0, number, 0, track.movie_ticks),
        struct.pack(">hhHH", 0, group, _FULL_VOLUME if track.handler == b"soun" else 0, 0),
        _matrix(track.top),
        struct.pack(">II", track.width << 16, track.height << 16),
        flags=_IN_MOVIE | (_ENABLED if track.is_enabled else 0),
    )
    edit = full_box(b"elst", struct.pack(">IIiI", 1, track.movie_ticks, track.first_shown, 0x10000))
    refers = box(b"tref", box(b"chap", struct.pack(">I", track.chapters))) if track.chapters else b""
    return box(b"trak", header, box(b"edts", edit), refers, _media(track))


def _media(track: Track) -> bytes:
    header = full_box(
        b"mdhd", struct.pack(">IIIIHH", 0, 0, track.timescale, track.media_ticks, _packed(track.language), 0)
    )
    data = box(b"dinf", full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=_DATA_IN_THIS_FILE)))
    samples = sample_table_boxes(track.samples, track.ticks, box(b"stsd", track.description), track.groups)
    return box(b"mdia", header, _handler(track.handler), box(b"minf", track.media_header, data, samples))


def _handler(kind: bytes, maker: bytes = bytes(4)) -> bytes:
    return full_box(b"hdlr", bytes(4), kind, maker, bytes(9))


def _title(title: str) -> bytes:
    """Return a title as iTunes writes it, which is what players look for."""
    text = box(b"data", struct.pack(">II", _TEXT, 0), title.encode())
    return box(b"udta", full_box(b"meta", _handler(b"mdir", b"appl"), box(b"ilst", box(b"\xa9nam", text))))


def _matrix(top: int) -> bytes:
    """Return the transformation that moves a picture down by `top` pixels."""
    return struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, top << 16, 0x40000000)


def _packed(language: str) -> int:
    """Return a language's three letters in five bits each (ISO/IEC 14496-12, 8.4.2.3)."""
    if not re.fullmatch("[a-z]{3}", language):
        raise ValueError(f"a language is three letters after ISO 639-2, such as eng, and not {language!r}")
    first, second, third = (ord(letter) - 0x60 for letter in language)
    return first << 10 | second << 5 | third
