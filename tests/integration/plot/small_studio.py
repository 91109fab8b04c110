"""A studio for the simulated fal that is quick: plain pictures, and clips of them with their recording."""

import hashlib
import io
from collections.abc import Sequence
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray
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
    sound = _decoded(audio)
    seconds = 0.2 if seed == SEED_OF_TOO_SHORT_CLIPS else sum(frame.samples for frame in sound) / sound[0].sample_rate
    picture = np.asarray(Image.open(io.BytesIO(image)).convert("RGB").resize(size))
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        track = container.add_stream("aac", rate=sound[0].sample_rate, layout=sound[0].layout.name)
        assert isinstance(track, AudioStream)
        for number in range(round(seconds * RATE)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_speaking(picture, number), "rgb24")))
        container.mux(stream.encode(None))
        for frame in sound:
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return buffer.getvalue()


def _speaking(picture: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Return a clip's frame: as little as this has to move in what was bought, or nobody speaks in it."""
    frame = picture.copy()
    height, width, _ = frame.shape
    frame[height // 2 : height * 5 // 8, width * 7 // 16 : width * 9 // 16] = 255 if number // 3 % 2 else 0
    return frame


def _decoded(audio: bytes) -> list[av.AudioFrame]:
    with av.open(io.BytesIO(audio), "r") as container:
        return list(container.decode(audio=0))


def _plain(text: str, size: tuple[int, int], image_format: str) -> bytes:
    colour = hashlib.sha256(text.encode()).digest()
    buffer = io.BytesIO()
    Image.new("RGB", size, (colour[0], colour[1], colour[2])).save(buffer, image_format)
    return buffer.getvalue()
