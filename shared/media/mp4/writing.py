"""Writing a movie in one go, with its index first, so that it plays while it loads."""

from collections.abc import Sequence
from typing import BinaryIO

from shared.media.mp4.boxes import box_header, large_box_header
from shared.media.mp4.movie import FILE_TYPE, Track, movie_index

# Of a frame, the index holds at most: 4 bytes each for its size and for being a key frame, 8 for when it is shown; 7.5
# for the sizes of its packets of sound; and if both begin a chunk, 8 + 12 bytes each for that.
_INDEX_BYTES_PER_FRAME = 64
_INDEX_BYTES_PER_TEXT = 64
_INDEX_BYTES_AROUND = 8192
_FREE_BOX_BYTES = 8


def index_bytes(frames: int, title: str, texts: int) -> int:
    """Return the most that the index of a movie takes that has so many frames, and captions and chapters."""
    around = _INDEX_BYTES_AROUND + len(title.encode())
    return around + _INDEX_BYTES_PER_FRAME * frames + _INDEX_BYTES_PER_TEXT * texts


class MovieWriter:
    """A movie in a file that is written from its start to its end, but for the index: its place is kept free.

    Parameters
    ----------
    file
        Open for writing, empty. Media may be written to its end directly, too.
    room
        The most bytes that the index will take.
    """

    def __init__(self, file: BinaryIO, room: int) -> None:
        self._file = file
        self._room = room
        self._media_start = len(FILE_TYPE) + room + len(large_box_header(b"mdat", 0))
        file.seek(self._media_start)

    def append(self, data: bytes | memoryview) -> int:
        """Write media, and return where in the file they begin."""
        start = self._file.tell()
        self._file.write(data)
        return start

    def finish(self, tracks: Sequence[Track], title: str) -> None:
        """Write the index of the media."""
        length = self._file.tell() - self._media_start
        index = movie_index(tracks, title)
        free = self._room - len(index) - _FREE_BOX_BYTES
        if free < 0:
            raise ValueError(f"the index of a movie takes {len(index)} bytes, and {self._room} were kept free")
        self._file.seek(0)
        self._file.write(FILE_TYPE + index + box_header(b"free", free))
        media_header = large_box_header(b"mdat", length)
        self._file.seek(self._media_start - len(media_header))  # what lies between was never written: it is zeros
        self._file.write(media_header)
