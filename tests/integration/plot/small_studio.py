"""A studio for the simulated fal that is quick: plain pictures, and clips of one colour as long as their recording."""

import hashlib
import io
from collections.abc import Sequence
from typing import Literal

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

RATE = 25
SEED_OF_TOO_SHORT_CLIPS = 13
"""A clip with this seed is a sound video, and ends long before its recording does."""


def draw_portrait(prompt: str, *, seed: int, size: tuple[int, int], style_images: Sequence[bytes] = ()) -> bytes:
    return _plain(f"portrait {prompt} {seed} {len(style_images)}", size, "png")


def draw_background(prompt: str, *, seed: int, size: tuple[int, int], style_images: Sequence[bytes] = ()) -> bytes:
    return _plain(f"background {prompt} {seed} {len(style_images)}", size, "png")


def draw_composite(
    images: Sequence[bytes], prompt: str, *, seed: int, size: tuple[int, int], output_format: Literal["jpeg", "png"]
) -> bytes:
    return _plain(f"composite {prompt} {seed} {len(images)}", size, output_format)


def film_talking_head(image: bytes, audio: bytes, *, size: tuple[int, int], seed: int) -> bytes:
    seconds = 0.2 if seed == SEED_OF_TOO_SHORT_CLIPS else _length(audio)
    picture = np.asarray(Image.open(io.BytesIO(image)).convert("RGB").resize(size))
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(round(seconds * RATE)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _length(audio: bytes) -> float:
    with av.open(io.BytesIO(audio), "r") as container:
        return (container.duration or 0) / av.time_base


def _plain(text: str, size: tuple[int, int], image_format: str) -> bytes:
    colour = hashlib.sha256(text.encode()).digest()
    buffer = io.BytesIO()
    Image.new("RGB", size, (colour[0], colour[1], colour[2])).save(buffer, image_format)
    return buffer.getvalue()
