"""Opening foreign files: one demuxer, no network, no second file, and libav's errors in plain English."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, overload

import av
from av.audio import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from shared.media.deadline import Deadline
from shared.media.errors import MediaRefused
from shared.media.sniffing import HEAD_BYTES, MP3, FileFormat, describe, id3_length, sniff

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.video.codeccontext import VideoCodecContext

MAX_SOURCE_BYTES = 1_000_000_000
"""The largest upload that is read at all."""

_MAX_STREAMS = 8
_MAX_DAMAGED_PACKETS = 5
_MAX_TAGS = 8
_MAX_BOXES = 100_000
_LONG_BOX_HEADER = 16
_MEDIA_BOXES = (b"moov", b"mdat", b"moof")
_PROBE_BYTES = 5_000_000
_IO_TIMEOUT_SECONDS = 10.0


def read_head(path: Path, offset: int = 0) -> bytes:
    """Return the first bytes of a file, or those from `offset` on."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(HEAD_BYTES)


def leading_tag_bytes(path: Path) -> int:
    """Return the length of the ID3 tags that an MP3 begins with; usually there is one."""
    length = 0
    for _ in range(_MAX_TAGS):
        tag = id3_length(read_head(path, length))
        if not tag:
            break
        length += tag
    return length


def missing_mp4_bytes(path: Path) -> int:
    """Return how many bytes the boxes of an MP4 promise beyond the file's end (ISO/IEC 14496-12, 4.2).

    libav makes do with what there is: a film whose index was cut off may lose no more than its sound.
    """
    size, position = path.stat().st_size, 0
    with path.open("rb") as file:
        for _ in range(_MAX_BOXES):
            file.seek(position)
            header = file.read(_LONG_BOX_HEADER)
            length, kind = int.from_bytes(header[:4], "big"), header[4:8]
            if length == 1:
                length = int.from_bytes(header[8:], "big")
            if length < len(header[:8]) or position >= size:
                break  # the last box, which reaches to the end, or no box at all
            position += length
            if position > size and kind in _MEDIA_BOXES:  # and not what others append, which players pass over
                return position - size
    return 0


def require_format(path: Path, allowed: Sequence[FileFormat], kind: str, max_bytes: int) -> FileFormat:
    """Return the format of a file.

    Parameters
    ----------
    path
        The file.
    allowed
        The formats that are accepted.
    kind
        What the file should be, in words that follow "a": "sound file".
    max_bytes
        The largest size that is accepted.

    Raises
    ------
    MediaRefused
        If the file is empty, too large, or none of the allowed formats.
    """
    size = path.stat().st_size
    if size == 0:
        raise MediaRefused("is empty (0 bytes); upload it again")
    if size > max_bytes:
        raise MediaRefused(f"is too large: {size / 1e6:.0f} MB, and at most {max_bytes / 1e6:.0f} MB are accepted")
    head = read_head(path)
    file_format = sniff(head)
    if file_format is None or file_format not in allowed:
        names = ", ".join(known.name for known in allowed)
        raise MediaRefused(f"is not a {kind} that can be read ({names} are); it looks like {describe(head)}")
    return file_format


@contextmanager
def open_media(path: Path, file_format: FileFormat) -> Iterator[InputContainer]:
    """Open a file with the one demuxer of its format; what libav raises in the block comes out as `MediaRefused`.

    The tag in front of an MP3 is passed over: libav would load its pictures, of any size, into memory.
    """
    skipped = leading_tag_bytes(path) if file_format == MP3 else 0
    try:
        with av.open(
            str(path.resolve()),
            format=file_format.demuxer,
            options={
                "protocol_whitelist": "file",
                "format_whitelist": file_format.demuxer,
                "max_streams": str(_MAX_STREAMS),
                "probesize": str(_PROBE_BYTES),
                "analyzeduration": str(_PROBE_BYTES),
                "skip_initial_bytes": str(skipped),
            },
            # Tags in old encodings are no reason to refuse the sound.
            metadata_errors="replace",
            timeout=(_IO_TIMEOUT_SECONDS, _IO_TIMEOUT_SECONDS),
        ) as container:
            yield container
    except av.error.FFmpegError as error:
        if error.errno == errno.ENOSPC:  # The disk's fault, met while writing what was read.
            raise
        raise MediaRefused(
            f"is a damaged or incomplete {file_format.name} file ({error.strerror}); export it and upload it again"
        ) from error


def codec_name(stream: AudioStream | VideoStream) -> str:
    """Return the name of a stream's codec, or raise `MediaRefused` if there is no decoder for it."""
    # A damaged header can name a codec that does not exist; PyAV's types do not show that there is no context then.
    context: AudioCodecContext | VideoCodecContext | None = stream.codec_context
    if context is None:
        raise MediaRefused("is coded in a format that is not known here; export it again in a common format")
    return context.codec.canonical_name


@overload
def decoded_frames(
    container: InputContainer, stream: AudioStream, deadline: Deadline | None = None
) -> Iterator[av.AudioFrame]: ...
@overload
def decoded_frames(
    container: InputContainer, stream: VideoStream, deadline: Deadline | None = None
) -> Iterator[av.VideoFrame]: ...
def decoded_frames(
    container: InputContainer, stream: AudioStream | VideoStream, deadline: Deadline | None = None
) -> Iterator[av.AudioFrame | av.VideoFrame]:
    """Decode a stream, stepping over a few damaged packets as players do.

    Raises
    ------
    MediaRefused
        If more than a few packets are damaged, or the deadline passes.
    """
    damaged = 0
    # All streams are read and not only this one: else libav would pass over the others' packets in one call, which no
    # deadline ends, and a small file can hold very many, all of the same bytes.
    for packet in container.demux():
        if deadline is not None:
            deadline.check()
        if packet.stream is not stream:
            continue
        try:
            frames = packet.decode()
        except av.error.InvalidDataError as error:
            damaged += 1
            if damaged > _MAX_DAMAGED_PACKETS:
                raise MediaRefused("is damaged: parts of it cannot be decoded; export it again") from error
            continue
        for frame in frames:
            if isinstance(frame, (av.AudioFrame, av.VideoFrame)):
                yield frame
