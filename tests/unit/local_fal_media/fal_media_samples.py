"""Sound and video files made and read in memory, for the tests of this folder."""

import io

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

RATE = 44_100


def sound_file(samples: NDArray[np.float32], codec: str = "pcm_s16le", container_format: str = "wav") -> bytes:
    """Encode mono samples at 44.1 kHz."""
    buffer = io.BytesIO()
    rate = 48_000 if codec == "libopus" else RATE
    with av.open(buffer, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None], dtype=np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(stream.format.name, "mono", rate, frame_size=stream.frame_size or 1024)
        for block in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def syllables(seconds: float, *, seed: int = 0) -> NDArray[np.float32]:
    """Give a tone that comes and goes like speech: loud and silent stretches of 0.4 s."""
    count = int(seconds * RATE)
    steps = np.random.default_rng(seed).permutation([0.0, 0.25, 0.6, 1.0] * (int(seconds / 1.6) + 1))
    envelope = np.repeat(steps, int(0.4 * RATE))[:count]
    return (0.5 * envelope * np.sin(2 * np.pi * 220 * np.arange(count) / RATE)).astype(np.float32)


def filmed(image: Image.Image, crf: int) -> Image.Image:
    """Give the picture as it looks in an H.264 film of itself."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = image.width, image.height, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")))
        container.mux(stream.encode(None))
    return frames(buffer.getvalue())[-1]


def frames(video: bytes) -> list[Image.Image]:
    """Decode all frames, strictly."""
    with av.open(io.BytesIO(video), "r", options={"err_detect": "explode"}) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    """Give the picture as it looks after JPEG compression."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def letterboxed(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale the picture into a format and pad it with black, as house clips are made."""
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    padded = Image.new("RGB", size)
    padded.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return padded
