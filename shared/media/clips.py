"""Clips as they come: bought ones and own ones."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from shared.media.deadline import Deadline
from shared.media.errors import MediaRefused
from shared.media.reading import (
    MAX_SOURCE_BYTES,
    codec_name,
    decoded_frames,
    missing_mp4_bytes,
    open_media,
    require_format,
)
from shared.media.sniffing import MP4, VIDEO_FORMATS, FileFormat

_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores")
_QUARTER_TURN = 90


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """What a clip may ask of the machine."""

    max_bytes: int = MAX_SOURCE_BYTES
    max_seconds: float = 900.0
    max_pixels: int = 3840 * 2160
    deadline_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What a clip is, measured by decoding all of its picture; the size is in pixels, upright."""

    width: int
    height: int
    fps: float
    seconds: float
    has_audio: bool
    codec: str


def probe_clip(path: Path, *, limits: ClipLimits = ClipLimits()) -> ClipFacts:
    """Decode a clip from end to end and say what it is.

    Raises
    ------
    MediaRefused
        If it is no video, damaged, cut off, too large, too long or too slow to decode.
    """
    file_format = require_clip_format(path, limits)
    deadline = Deadline.after(limits.deadline_seconds)
    with open_media(path, file_format) as container:
        stream = video_stream(container, limits.max_pixels)
        if container.duration and container.duration / 1e6 > limits.max_seconds:
            raise MediaRefused(_too_long(container.duration / 1e6, limits))
        frames, first, last, turned = 0, Fraction(0), Fraction(0), False
        for frame in decoded_frames(container, stream, deadline):
            if frame.pts is not None and frame.time_base is not None:
                last = frame.pts * frame.time_base
            if frames == 0:
                first, turned = last, is_on_its_side(frame)
            frames += 1
            if last - first > limits.max_seconds:
                raise MediaRefused(_too_long(float(last - first), limits))
        if frames == 0:
            raise MediaRefused("holds no frame of video that can be decoded")
        step = (last - first) / (frames - 1) if frames > 1 else 1 / (stream.average_rate or Fraction(25))
        seconds = float(last - first + step)
        _require_whole(container, stream, seconds)
        if file_format == MP4 and missing_mp4_bytes(path):
            raise MediaRefused("was cut off: bytes are missing at its end; upload it again")
        size = (stream.codec_context.width, stream.codec_context.height)
        return ClipFacts(
            width=size[1] if turned else size[0],
            height=size[0] if turned else size[1],
            fps=float(1 / step) if step else 0.0,
            seconds=seconds,
            has_audio=bool(container.streams.audio),
            codec=codec_name(stream),
        )


def require_clip_format(path: Path, limits: ClipLimits) -> FileFormat:
    """Return the format of a clip, or raise `MediaRefused` if it is none that is accepted."""
    return require_format(path, VIDEO_FORMATS, "video", limits.max_bytes)


def video_stream(container: InputContainer, max_pixels: int) -> VideoStream:
    """Return the video of a clip, ready to be decoded in threads, or raise `MediaRefused` if there is none of use."""
    if not container.streams.video:
        raise MediaRefused("holds no video")
    stream = container.streams.video[0]
    codec = codec_name(stream)
    if codec not in _CODECS:
        raise MediaRefused(f"holds video in the format {codec}, which is not accepted; export it as H.264 in an MP4")
    width, height = stream.codec_context.width, stream.codec_context.height
    if not 0 < width * height <= max_pixels:
        raise MediaRefused(
            f"has {width} x {height} pixels, and at most {max_pixels / 1e6:.1f} million are accepted; export it smaller"
        )
    # The header may lie about the size: the decoder holds to the limit too.
    stream.codec_context.options = {"max_pixels": str(max_pixels)}
    stream.thread_type = "AUTO"
    return stream


def is_on_its_side(frame: av.VideoFrame) -> bool:
    """Tell whether a frame has to be turned by a quarter before it is shown."""
    return frame.rotation % (2 * _QUARTER_TURN) == _QUARTER_TURN


def _require_whole(container: InputContainer, stream: VideoStream, seconds: float) -> None:
    if stream.duration and stream.time_base:
        declared = float(stream.duration * stream.time_base)
    elif container.duration:
        declared = container.duration / 1e6
    else:
        return
    if abs(seconds - declared) > max(0.5, 0.02 * declared):
        raise MediaRefused(
            f"is damaged or was cut off: it says that it lasts {declared:.1f} s, but {seconds:.1f} s can be decoded"
        )


def _too_long(seconds: float, limits: ClipLimits) -> str:
    return f"is too long: {seconds:.0f} s or more, and at most {limits.max_seconds:.0f} s are accepted"
