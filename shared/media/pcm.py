"""Sound as arrays: decoding to mono, and fades.

All samples are float32 of shape (n,), mono, full scale ±1; stereo has shape (2, n), where it is said.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.audio import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from shared.media.errors import MediaRefused
from shared.media.reading import codec_name, decoded_frames, open_media
from shared.media.sniffing import WAV, FileFormat

Samples = NDArray[np.float32]
Layout = Literal["mono", "stereo"]

_CODECS = ("mp3", "aac", "alac", "flac", "vorbis", "opus")
_SAMPLE_RATES = range(8_000, 192_001)
_MAX_CHANNELS = 8
_RESAMPLER_LEAD_SECONDS = 0.1
_SEEK_LEAD_SECONDS = 0.5


def sound_stream(container: InputContainer) -> AudioStream:
    """Return the sound of a file, or raise `MediaRefused` if it has none of use."""
    if not container.streams.audio:
        raise MediaRefused("has no sound track")
    stream = container.streams.audio[0]
    codec = codec_name(stream)
    if codec not in _CODECS and not codec.startswith("pcm_"):
        raise MediaRefused(f"holds sound in the format {codec}, which is not accepted; export it as WAV or MP3")
    if stream.rate not in _SAMPLE_RATES:
        raise MediaRefused(f"has {stream.rate} samples per second; export it with 44100 or 48000")
    channels = stream.codec_context.layout.nb_channels
    if not 1 <= channels <= _MAX_CHANNELS:
        raise MediaRefused(f"has {channels} channels, and at most {_MAX_CHANNELS} are accepted")
    return stream


def mono_blocks(frames: Iterable[av.AudioFrame], rate: int) -> Iterator[Samples]:
    """Mix frames down to mono at `rate` samples per second.

    Raises
    ------
    MediaRefused
        If the frames change their sample rate or channels.
    """
    for block in resampled_blocks(frames, rate, "mono"):
        yield block[0]


def resampled_blocks(frames: Iterable[av.AudioFrame], rate: int, layout: Layout) -> Iterator[Samples]:
    """Yield frames as blocks of shape (channels, n), at `rate` samples per second; see `mono_blocks`."""
    resampler = av.AudioResampler("fltp", layout, rate)
    shape = None
    for frame in chain(frames, (None,)):
        if frame is not None:
            shape = shape or _shape(frame)
            if _shape(frame) != shape:
                raise MediaRefused("changes its sample rate or its channels in the middle; export it again")
            # The samples are counted, not timed: a jump in the timestamps must not make a hole in the sound.
            frame.pts = None
        for block in resampler.resample(frame):
            yield block.to_ndarray().astype(np.float32, copy=False)


def _shape(frame: av.AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.layout.name, frame.format.name


def read_mono(
    path: Path, file_format: FileFormat, rate: int, *, start: float = 0.0, end: float | None = None
) -> Samples:
    """Read the sound from `start` to `end` seconds (default: all), sample exact, as mono at `rate` samples per second.

    The result is shorter than asked for if the sound ends before `end`. Uncompressed WAV is read from `start` on; all
    else is decoded from its beginning, since only that is sample exact.
    """
    with open_media(path, file_format) as container:
        stream = sound_stream(container)
        skipped = 0
        is_seekable = file_format == WAV and codec_name(stream).startswith("pcm_")
        if is_seekable and start > _SEEK_LEAD_SECONDS:
            container.seek(round((start - _SEEK_LEAD_SECONDS) * stream.rate), stream=stream)
        frames = decoded_frames(container, stream)
        first = next(frames, None)
        if is_seekable and first is not None and first.pts is not None and first.time_base is not None:
            skipped = round(first.pts * first.time_base * stream.rate)
        while first is not None and (skipped + first.samples) / stream.rate < start - _RESAMPLER_LEAD_SECONDS:
            skipped += first.samples
            first = next(frames, None)
        if first is None:
            return np.zeros(0, np.float32)
        begin = round((start - skipped / stream.rate) * rate)
        stop = None if end is None else begin + round((end - start) * rate)
        blocks, length = [], 0
        for block in mono_blocks(chain((first,), frames), rate):
            blocks.append(block)
            length += len(block)
            if stop is not None and length >= stop:
                break
    return np.concatenate([*blocks, np.zeros(0, np.float32)])[begin:stop]


def expand(path: Path, file_format: FileFormat, target: Path) -> None:
    """Write a sound file as uncompressed mono WAV, of which `read_mono` reads any piece at once."""
    with open_media(path, file_format) as source, av.open(str(target), "w", format="wav") as expanded:
        sound = sound_stream(source)
        stream = expanded.add_stream("pcm_f32le", rate=sound.rate, layout="mono")
        position = 0
        for block in mono_blocks(decoded_frames(source, sound), sound.rate):
            expanded.mux(stream.encode(to_frame(block, sound.rate, position)))
            position += len(block)
        expanded.mux(stream.encode(None))


def to_frame(samples: Samples, rate: int, position: int) -> av.AudioFrame:
    """Wrap samples, mono or stereo, in a planar frame whose timestamp is `position`, counted in samples."""
    planes = np.ascontiguousarray(np.atleast_2d(samples))
    frame = av.AudioFrame.from_ndarray(planes, "fltp", "stereo" if len(planes) > 1 else "mono")
    frame.sample_rate = rate
    frame.pts = position
    frame.time_base = Fraction(1, rate)
    return frame


def faded(samples: Samples, seconds: float, rate: int) -> Samples:
    """Return a copy that rises from and falls to silence over `seconds` at its ends, so that an edge does not click."""
    length = min(round(seconds * rate), len(samples) // 2)
    result = samples.copy()
    if length:
        ramp = np.linspace(0.0, 1.0, length, dtype=np.float32)
        result[:length] *= ramp
        result[-length:] *= ramp[::-1]
    return result


def decibels(amplitude: float) -> float:
    """Return an amplitude (1 is full scale) in dBFS, at least -120."""
    return float(20 * np.log10(max(amplitude, 1e-6)))


def pulled(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    """Yield the frames that a sound filter graph has ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame
