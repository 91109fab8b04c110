"""Colours of the drawn pictures, and simple arithmetic on them."""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

RGB: TypeAlias = tuple[int, int, int]
Pixels: TypeAlias = NDArray[np.floating[Any]]

WHITE: RGB = (255, 255, 255)
BLACK: RGB = (0, 0, 0)
INK: RGB = (32, 28, 38)


@dataclass(frozen=True, slots=True)
class Gradient:
    """A straight blend from one colour to another across the shape that it fills."""

    start: RGB
    end: RGB
    horizontal: bool = False


Paint: TypeAlias = RGB | Gradient


def rgb(code: str) -> RGB:
    """Give the colour of a six-digit hexadecimal code."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """Blend two colours; a share of 0 is all the first, 1 is all the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: RGB, share: float = 0.25) -> RGB:
    """Blend towards a dark violet rather than black, which keeps shadows lively."""
    return mix(colour, (30, 18, 46), share)


def lighter(colour: RGB, share: float = 0.25) -> RGB:
    """Blend towards a warm white."""
    return mix(colour, (255, 250, 240), share)


def luma(colour: RGB) -> float:
    """Give the brightness, 0 to 255 (Rec. 601 weights)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def distance(first: RGB, second: RGB) -> float:
    """Give the Euclidean distance between two colours, 0 to about 441."""
    return math.dist(first, second)
