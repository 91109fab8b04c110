"""
The mark on every drawn picture: a strip of coloured blocks along its upper edge, and the word SIMULATED.

The strip says which prompts a picture was made from and where its mouth is. It is meant to survive JPEG, H.264, scaling
and letterboxing: four blocks show the palette in order, 64 blocks carry two bits each,
    of which the last 16 are a CRC-32.
"""

import binascii
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from local.fal_media.canvas import Canvas
from local.fal_media.colours import INK, RGB, WHITE, rgb
from local.fal_media.shapes import rounded_box

Kind: TypeAlias = Literal["portrait", "background", "composite"]

# From dark to light, some 60 apart in luma, so that colour subsampling cannot confuse them; none as dark as padding.
PALETTE: tuple[RGB, ...] = (rgb("2b2f55"), rgb("8d5674"), rgb("d6a877"), rgb("f4ecdc"))
DATA_BLOCKS = 64
BLOCKS = len(PALETTE) + DATA_BLOCKS
STRIP_SHARE = 1 / 72  # of the picture's shorter side
_KINDS: tuple[Kind, ...] = ("portrait", "background", "composite")
# Spreads long runs of equal bits, so that a strip always looks like a colour code.
_WHITENING = 0x5A3C96E10FB4D2781BC3A5697E2D48F1
_ASPECTS = (16 / 9, 9 / 16, 1.0, 4 / 3, 3 / 4, 3 / 2, 2 / 3, 21 / 9, 9 / 21)
_LABEL = "SIMULATED"
_PADDING_LUMA = 26
_LEAST_PALETTE_STEP = 12


@dataclass(frozen=True, slots=True)
class Tag:
    """What a picture was made from: CRC-32 fingerprints of the prompts; 0 means none."""

    kind: Kind
    portrait: int
    background: int


@dataclass(frozen=True, slots=True)
class Mouth:
    """A mouth's middle and half its width, as shares of the picture's width (x, half_width) and height (y)."""

    x: float
    y: float
    half_width: float


def prompt_fingerprint(prompt: str) -> int:
    """Give the CRC-32 of the prompt as received, in UTF-8."""
    return binascii.crc32(prompt.encode())


def strip_height(size: tuple[int, int]) -> int:
    """Give the strip's height in pixels for a picture of this size."""
    return max(4, round(min(size) * STRIP_SHARE))


def draw_tag(image: Image.Image, tag: Tag, mouth: Mouth | None = None) -> None:
    """Mark an RGB picture in place: the strip along its upper edge, and the label."""
    draw_strip(image, tag, mouth)
    _draw_label(image)


def draw_strip(image: Image.Image, tag: Tag, mouth: Mouth | None = None) -> None:
    """Draw the strip alone, over a picture that carries its label already."""
    width, _ = image.size
    deep = strip_height(image.size)
    draw = ImageDraw.Draw(image)
    symbols = [*range(len(PALETTE)), *_symbols(tag, mouth)]
    for index, symbol in enumerate(symbols):
        left, right = round(index * width / BLOCKS), round((index + 1) * width / BLOCKS)
        draw.rectangle((left, 0, right - 1, deep - 1), fill=PALETTE[symbol])


def read_tag(image: Image.Image) -> Tag | None:
    """Read the tag of a picture that may be recompressed, scaled or letterboxed; None if it carries none."""
    mark = read_mark(image)
    return mark[0] if mark else None


def _symbols(tag: Tag, mouth: Mouth | None) -> list[int]:
    place = (
        (round(mouth.x * 1023), round(mouth.y * 1023), max(1, round(mouth.half_width * 1020))) if mouth else (0, 0, 0)
    )
    if not all(0 <= value < limit for value, limit in zip(place, (1024, 1024, 256), strict=True)):
        raise ValueError(f"{mouth} does not lie within the picture")
    bits = _KINDS.index(tag.kind)
    for value, length in ((tag.portrait, 32), (tag.background, 32), (place[0], 10), (place[1], 10), (place[2], 8)):
        if not 0 <= value < 1 << length:
            raise ValueError(f"a fingerprint has 32 bits; {value} does not fit")
        bits = bits << length | value
    payload = bits.to_bytes(12, "big")
    message = int.from_bytes(payload + binascii.crc32(payload).to_bytes(4, "big"), "big") ^ _WHITENING
    return [message >> 2 * (DATA_BLOCKS - 1 - index) & 3 for index in range(DATA_BLOCKS)]


def _parsed(symbols: NDArray[np.intp]) -> tuple[Tag, Mouth | None] | None:
    message = 0
    for symbol in symbols.tolist():
        message = message << 2 | symbol
    data = (message ^ _WHITENING).to_bytes(16, "big")
    payload = data[:12]
    if binascii.crc32(payload) != int.from_bytes(data[12:], "big") or payload[0] >> 4 >= len(_KINDS):
        return None
    bits = int.from_bytes(payload, "big")
    tag = Tag(_KINDS[bits >> 92], bits >> 60 & 0xFFFFFFFF, bits >> 28 & 0xFFFFFFFF)
    x, y, half_width = bits >> 18 & 1023, bits >> 8 & 1023, bits & 255
    return tag, Mouth(x / 1023, y / 1023, half_width / 1020) if half_width else None


def read_mark(image: Image.Image) -> tuple[Tag, Mouth | None] | None:
    """Read the tag, as `read_tag` does, together with the mouth's place, as shares of the unpadded picture."""
    pixels = np.asarray(image.convert("RGB"), np.float32)
    for left, top, right, bottom in _content_boxes(pixels):
        for nudge in (0, 1, -1, 2, -2, 3):
            symbols = _read_blocks(pixels, (left, top + nudge, right, bottom))
            if symbols is not None and (mark := _parsed(symbols)) is not None:
                return mark
    return None


def _content_boxes(pixels: NDArray[np.float32]) -> Iterator[tuple[float, float, float, float]]:
    """Give places where the unpadded picture may lie: left, top, right, bottom."""
    height, width = pixels.shape[:2]
    yield 0, 0, width, height
    luma = pixels.max(2)
    rows, columns = np.flatnonzero(luma.mean(1) > _PADDING_LUMA), np.flatnonzero(luma.max(0) > 2 * _PADDING_LUMA)
    if rows.size and columns.size:
        for trim in (0.0, 0.5, 1.0, -0.5):
            yield columns[0] + trim, int(rows[0]), columns[-1] + 1 - trim, int(rows[-1]) + 1
    for aspect in _ASPECTS:
        inner_width, inner_height = min(width, height * aspect), min(height, width / aspect)
        left, top = (width - inner_width) / 2, (height - inner_height) / 2
        yield left, round(top), left + inner_width, top + inner_height


def _read_blocks(pixels: NDArray[np.float32], box: tuple[float, float, float, float]) -> NDArray[np.intp] | None:
    """Classify the blocks of a strip by the palette that it shows itself; None where there is no strip."""
    left, top, right, bottom = box
    deep = min(right - left, bottom - top) * STRIP_SHARE
    if right - left < 2 * BLOCKS or top < 0 or deep < 1:
        return None
    band = pixels[int(top + deep * 0.3) : max(int(top + deep * 0.3) + 1, round(top + deep * 0.7))]
    if band.size == 0:
        return None
    line = band.mean(0)
    block = (right - left) / BLOCKS
    starts = left + block * np.arange(BLOCKS)
    inner = np.linspace(0.3, 0.7, 5)
    positions = (starts[:, None] + block * inner).clip(0, line.shape[0] - 1).astype(int)
    colours = line[positions].mean(1)
    palette = colours[: len(PALETTE)]
    if np.diff(palette.mean(1)).min() < _LEAST_PALETTE_STEP:
        return None
    differences = colours[len(PALETTE) :, None] - palette[None]
    return np.asarray((differences**2).sum(2).argmin(axis=1))


def marked_depth(size: tuple[int, int]) -> int:
    """Give how many pixel rows strip and label take at the upper edge of a picture of this size."""
    return strip_height(size) + math.ceil(min(size) / 720 * 38)


def _draw_label(image: Image.Image) -> None:
    """Write SIMULATED on a small plate under the strip's right end."""
    top = strip_height(image.size)
    unit = min(image.size) / 720
    font = ImageFont.load_default(max(7.0, 13 * unit))
    tracking = 1.6 * unit
    advances = [font.getlength(letter) + tracking for letter in _LABEL]
    canvas = Canvas(image)
    margin, height = 12 * unit, max(11.0, 24 * unit)
    right, upper = image.width - margin, top + margin
    left = right - sum(advances) - height * 0.95
    canvas.fill(rounded_box(left, upper, right, upper + height, height / 2 - 0.01), INK, opacity=0.5)
    dot = height * 0.14
    middle = upper + height / 2
    canvas.fill(
        rounded_box(left + height * 0.36 - dot, middle - dot, left + height * 0.36 + dot, middle + dot, dot - 0.01),
        PALETTE[2],
    )
    draw = ImageDraw.Draw(image)
    x = left + height * 0.66
    for letter, advance in zip(_LABEL, advances, strict=True):
        draw.text((x, middle), letter, fill=WHITE, font=font, anchor="lm")
        x += advance
