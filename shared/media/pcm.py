"""Sound as arrays: decoding to mono, fades, loudness and the limiter.

All samples are float32 of shape (n,), mono, full scale ±1.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from shared.media.errors import MediaRefused
from shared.media.reading import codec_name, decoded_frames, open_media
from shared.media.sniffing import FileFormat

Samples = NDArray[np.float32]

LOUDNESS_FLOOR_LUFS = -70.0
"""What a meter after EBU R 128 shows for silence, and for anything shorter than its 0.4 s window."""

_CODECS = ("mp3", "aac", "alac", "flac", "vorbis", "opus")
_SAMPLE_RATES = range(8_000, 192_001)
_MAX_CHANNELS = 8
_RESAMPLER_LEAD_SECONDS = 0.1


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
    resampler = av.AudioResampler("flt", "mono", rate)
    shape = None
    for frame in chain(frames, (None,)):
        if frame is not None:
            shape = shape or _shape(frame)
            if _shape(frame) != shape:
                raise MediaRefused("changes its sample rate or its channels in the middle; export it again")
            # The samples are counted, not timed: a jump in the timestamps must not make a hole in the sound.
            frame.pts = None
        for block in resampler.resample(frame):
            yield block.to_ndarray()[0].astype(np.float32, copy=False)


def _shape(frame: av.AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.layout.name, frame.format.name


def read_mono(
    path: Path, file_format: FileFormat, rate: int, *, start: float = 0.0, end: float | None = None
) -> Samples:
    """Read the sound from `start` to `end` seconds (default: all), sample exact, as mono at `rate` samples per second.

    The result is shorter than asked for if the sound ends before `end`.
    """
    with open_media(path, file_format) as container:
        stream = sound_stream(container)
        skipped = 0
        frames = decoded_frames(container, stream)
        first = next(frames, None)
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


def to_frame(samples: Samples, rate: int, position: int, sample_format: str = "fltp") -> av.AudioFrame:
    """Wrap samples in a frame whose timestamp is `position`, counted in samples."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), sample_format, "mono")
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


class LoudnessMeter:
    """Integrated loudness of a stream of samples after EBU R 128 / ITU-R BS.1770."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._position = 0
        self._loudness = LOUDNESS_FLOOR_LUFS
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base=Fraction(1, rate))
        self._graph.link_nodes(source, self._graph.add("ebur128", "metadata=1"), self._graph.add("abuffersink"))
        self._graph.configure()

    def add(self, samples: Samples) -> None:
        """Take in the next samples."""
        self._graph.push(to_frame(samples, self._rate, self._position, "flt"))
        self._position += len(samples)
        for frame in pulled(self._graph):
            self._loudness = float(frame.metadata.get("lavfi.r128.I", self._loudness))

    @property
    def integrated_lufs(self) -> float:
        """The loudness of all samples so far, in LUFS."""
        return max(self._loudness, LOUDNESS_FLOOR_LUFS)


def amplified(samples: Samples, gain_db: float, ceiling: float, rate: int) -> Samples:
    """Return the samples louder by `gain_db`, with a look-ahead limiter that keeps peaks under `ceiling` (0..1)."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base=Fraction(1, rate))
    graph.link_nodes(
        source,
        graph.add("volume", f"{gain_db:.3f}dB"),
        graph.add("alimiter", f"limit={ceiling}:level=0:latency=1:attack=3:release=50"),
        graph.add("aformat", "sample_fmts=flt"),
        graph.add("abuffersink"),
    )
    graph.configure()
    graph.push(to_frame(samples, rate, 0, "flt"))
    graph.push(None)
    limited = np.concatenate([np.zeros(0, np.float32), *(frame.to_ndarray()[0] for frame in pulled(graph))])
    return np.pad(limited[: len(samples)], (0, max(0, len(samples) - len(limited)))).astype(np.float32, copy=False)


def pulled(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    """Yield the frames that a sound filter graph has ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame
