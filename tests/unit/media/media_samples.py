"""Sounds, pictures and videos for the tests, made on the spot, and the looks inside that the tests need."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

Samples = NDArray[np.float32]
RATE = 44_100
SIZE = (320, 180)


def speech(seconds: float, *, pauses: Sequence[tuple[float, float]] = (), seed: int = 0, rate: int = RATE) -> Samples:
    """Return a hum with the rhythm of syllables; `pauses` are (start, length) in seconds."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 0.7 * times)) / rate
    tone = sum((np.sin(k * phase) / k for k in range(1, 12)), np.zeros_like(times))
    steps = np.arange(0, seconds + 0.2, 0.12)
    loudness = np.interp(times, steps, 0.3 + 0.7 * random.random(len(steps)))
    voice = (tone + 0.1 * random.standard_normal(len(times))) * loudness
    voice *= 0.6 / np.abs(voice).max()
    for start, length in pauses:
        voice[round(start * rate) : round((start + length) * rate)] *= 1e-4
    return np.asarray(voice, dtype=np.float32)


def tone(seconds: float, level: float, rate: int = RATE) -> Samples:
    return np.asarray(level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate), dtype=np.float32)


_ENCODERS = {
    "mp3": ("libmp3lame", "mp3", "fltp", RATE),
    "wav": ("pcm_s16le", "wav", "s16", RATE),
    "m4a": ("aac", "ipod", "fltp", RATE),
    "flac": ("flac", "flac", "s16", RATE),
    "ogg": ("libopus", "ogg", "flt", 48_000),
    "webm": ("libopus", "webm", "flt", 48_000),
}


def write_sound(path: Path, samples: Samples, *, layout: str = "mono") -> Path:
    """Write samples, given at `RATE`, in the format of the path's suffix."""
    codec, container_format, sample_format, coded_rate = _ENCODERS[path.suffix[1:]]
    with av.open(str(path), "w", format=container_format) as container:
        stream = _sound_stream(container, codec, coded_rate, layout)
        stream.codec_context.format = sample_format
        container.start_encoding()
        _encode_sound(container, stream, samples)
    return path


def _sound_stream(container: OutputContainer, codec: str, rate: int, layout: str) -> AudioStream:
    # FFmpeg's other AAC coder overshoots at the start.
    options = {"aac_coder": "fast"} if codec == "aac" else {}
    stream = container.add_stream(codec, rate=rate, layout=layout, options=options)
    assert isinstance(stream, AudioStream)
    return stream


def _encode_sound(container: OutputContainer, stream: AudioStream, samples: Samples) -> None:
    context = stream.codec_context
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    resampler = av.AudioResampler(context.format, context.layout, stream.rate, context.frame_size or None)
    for block in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(block))
    container.mux(stream.encode(None))


def portrait(width: int = SIZE[0], height: int = SIZE[1]) -> NDArray[np.uint8]:
    """Return a smooth picture with an edge, shape (height, width, 3)."""
    down, across = np.mgrid[0:height, 0:width]
    picture = np.stack([40 + 150 * across / width, 60 + 120 * down / height, 150 - 80 * across / width], -1)
    radius = np.hypot(across - width / 2, down - height / 2)
    picture[radius < height / 4] = (215, 170, 140)
    return picture.astype(np.uint8)


def write_picture(path: Path, width: int = SIZE[0], height: int = SIZE[1]) -> Path:
    Image.fromarray(portrait(width, height)).save(path)
    return path


@dataclass(frozen=True)
class Video:
    """A clip as an engine might make it; a frame is white from `flash` seconds on for 0.2 s."""

    seconds: float
    sound: Samples | None = None
    size: tuple[int, int] = SIZE
    rate: int = 25
    codec: str = "libx264"
    container: str = "mp4"
    flash: float | None = None
    uneven: bool = False
    sound_late: float = 0.0
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast"})
    colour: tuple[int, int, int] | None = None


def write_video(path: Path, video: Video) -> Path:
    width, height = video.size
    picture = portrait(width, height)
    if video.colour is not None:
        picture[:] = video.colour
    plain, white = _house_coloured(picture), _house_coloured(np.full_like(picture, 255))
    with av.open(str(path), "w", format=video.container) as container:
        stream = container.add_stream(video.codec, rate=video.rate, options=video.options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        sound_stream = None if video.sound is None else _sound_stream(container, "aac", 48_000, "mono")
        container.start_encoding()
        for number in range(round(video.seconds * video.rate)):
            if video.uneven and number % 3 == 1:
                continue
            time = number / video.rate
            bright = video.flash is not None and video.flash <= time < video.flash + 0.2
            frame = white if bright else plain
            frame.pts, frame.time_base = round(1000 * time), Fraction(1, 1000)
            frame.pict_type = PictureType.I if number == 0 else PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound_stream is not None and video.sound is not None:
            late = np.zeros(round(video.sound_late * RATE), np.float32)
            _encode_sound(container, sound_stream, np.concatenate([late, video.sound]))
    return path


def _house_coloured(picture: NDArray[np.uint8]) -> av.VideoFrame:
    shown = av.VideoFrame.from_ndarray(picture, "rgb24")
    return shown.reformat(format="yuv420p", dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG")


def turned(path: Path) -> Path:
    """Mark an MP4's picture to be shown turned clockwise by a quarter, as phones do (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    values = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    data[matrix : matrix + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    path.write_bytes(data)
    return path


def first_half(path: Path, share: float = 0.6) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def decoded_sound(path: Path, rate: int) -> Samples:
    resampler = av.AudioResampler("flt", "mono", rate)
    blocks = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            blocks += [block.to_ndarray()[0] for block in resampler.resample(frame)]
        blocks += [block.to_ndarray()[0] for block in resampler.resample(None)]
    return np.concatenate(blocks).astype(np.float32)


def decoded_luma(path: Path) -> NDArray[np.float64]:
    """Return the Y planes, shape (frames, height, width), of a decode that does not forgive any error."""
    planes = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for frame in container.decode(stream):
            rows = np.asarray(frame.to_ndarray(format="yuv420p"), dtype=np.float64)
            planes.append(rows[: frame.height])
    return np.stack(planes)


def delay_samples(sound: Samples, reference: Samples) -> int:
    """Return how many samples `sound` is later than `reference`, by cross-correlation."""
    size = 1 << (len(sound) + len(reference)).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(reference, size)), size)
    peak = int(correlation.argmax())
    return peak if peak < size // 2 else peak - size
