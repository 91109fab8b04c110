"""A studio that draws plain colours: the tests of the protocol need real files, not beautiful ones."""

import hashlib
import io
import os
from collections.abc import Sequence
from typing import Literal

from PIL import Image


def draw_portrait(prompt: str, *, seed: int, size: tuple[int, int], style_images: Sequence[bytes] = ()) -> bytes:
    return _plain(f"portrait {prompt} {seed} {len(style_images)}", size, "png")


def draw_background(prompt: str, *, seed: int, size: tuple[int, int], style_images: Sequence[bytes] = ()) -> bytes:
    if "crash" in prompt:
        os._exit(1)
    if "bug" in prompt:
        raise RuntimeError("a bug in the studio")
    return _plain(f"background {prompt} {seed} {len(style_images)}", size, "png")


def draw_composite(
    images: Sequence[bytes],
    prompt: str,
    *,
    seed: int,
    size: tuple[int, int],
    output_format: Literal["jpeg", "png"],
) -> bytes:
    return _plain(f"composite {prompt} {seed} {len(images)}", size, output_format)


def film_talking_head(image: bytes, audio: bytes, *, size: tuple[int, int], seed: int) -> bytes:
    if size[0] == size[1]:
        raise ValueError("this studio films no squares")
    return f"film {size[0]}x{size[1]} {seed} {len(image)} {len(audio)}".encode()


def _plain(text: str, size: tuple[int, int], image_format: str) -> bytes:
    colour = hashlib.sha256(text.encode()).digest()
    buffer = io.BytesIO()
    Image.new("RGB", size, (colour[0], colour[1], colour[2])).save(buffer, image_format)
    return buffer.getvalue()
