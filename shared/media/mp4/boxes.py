"""Boxes, of which MP4 files consist: a length, four letters, and contents (ISO/IEC 14496-12, 4.2)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_HEADER = struct.Struct(">I4s")
_LARGE_SIZE = struct.Struct(">Q")
_LARGE, _TO_THE_END = 1, 0
_CUT_OFF = "is damaged: it ends in the middle of a box"


class DamagedBox(ValueError):
    """A box that is missing, or not what it should be; the text is the rest of a sentence that begins with the file."""


@dataclass(frozen=True, slots=True)
class FileBox:
    """A box of a file: where its contents start, and how many bytes they are."""

    kind: bytes
    start: int
    length: int


def box(kind: bytes, *contents: bytes) -> bytes:
    """Return a box."""
    inside = b"".join(contents)
    return box_header(kind, len(inside)) + inside


def box_header(kind: bytes, length: int) -> bytes:
    """Return the header of a box whose contents, `length` bytes, follow."""
    return _HEADER.pack(_HEADER.size + length, kind)


def full_box(kind: bytes, *contents: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box that begins with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *contents)


def large_box_header(kind: bytes, length: int) -> bytes:
    """Return the header of a box of any length; its contents, `length` bytes, follow."""
    return _HEADER.pack(_LARGE, kind) + _LARGE_SIZE.pack(_HEADER.size + _LARGE_SIZE.size + length)


def boxes_of_file(file: BinaryIO, size: int) -> Iterator[FileBox]:
    """Yield the outermost boxes of a file of `size` bytes."""
    position = 0
    while position < size:
        file.seek(position)
        length, kind = _unpack(_HEADER, file.read(_HEADER.size))
        header = _HEADER.size
        if length == _LARGE:
            (length,) = _unpack(_LARGE_SIZE, file.read(_LARGE_SIZE.size))
            header += _LARGE_SIZE.size
        elif length == _TO_THE_END:
            length = size - position
        if length < header or position + length > size:
            raise DamagedBox(f"is damaged: its box {kind!r} of {length} bytes does not end within the file")
        yield FileBox(kind, position + header, length - header)
        position += length


def boxes_within(contents: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the kinds and contents of the boxes in a box's contents."""
    position, end = 0, len(contents)
    while position < end:
        start = position + _HEADER.size
        if start > end:
            raise DamagedBox(_CUT_OFF)
        length, kind = _HEADER.unpack_from(contents, position)
        position += length
        if position < start or position > end:
            raise DamagedBox(f"is damaged: its box {kind!r} of {length} bytes does not end within the one around it")
        yield kind, contents[start:position]


def box_within(contents: memoryview, *path: bytes) -> memoryview:
    """Return the contents of the first box at the end of a path of kinds.

    Raises
    ------
    DamagedBox
        If there is none.
    """
    for kind in path:
        for found, inside in boxes_within(contents):
            if found == kind:
                contents = inside
                break
        else:
            raise DamagedBox(f"is no house clip: its box {kind!r} is missing")
    return contents


def moov_and_mdat(path: Path) -> tuple[bytes, FileBox]:
    """Read an MP4's index, and say where its media lie."""
    size = path.stat().st_size
    with path.open("rb") as file:
        outer = {each.kind: each for each in boxes_of_file(file, size)}
        if b"moov" not in outer or b"mdat" not in outer:
            raise DamagedBox("is no MP4, or has lost its end: an index and media are needed")
        index, media = outer[b"moov"], outer[b"mdat"]
        file.seek(index.start)
        return file.read(index.length), media


def _unpack(form: struct.Struct, data: bytes | memoryview) -> tuple[Any, ...]:
    if len(data) < form.size:
        raise DamagedBox(_CUT_OFF)
    return form.unpack(data)
