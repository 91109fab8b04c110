"""Cutting a person out of a picture: by its smooth backdrop, or else by a soft vignette."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from local.fal_media.colours import Pixels

_SMALL_SIDE = 240
_LEAST_TOLERANCE, _GREATEST_TOLERANCE = 8.0, 20.0  # differences of colour, of 255
_BACKDROP_SHARES = (0.12, 0.92)  # of the picture
_LEAST_SMOOTH_SHARE = 0.9  # of the sides


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person's colours (height, width, 3; 0 to 255), free of backdrop, and coverage (height, width; 0 to 1)."""

    colours: Pixels
    coverage: Pixels
    keyed: bool


def cut_out(image: Image.Image, *, marked_rows: int = 0) -> Cutout:
    """
    Cut out the person.

    A backdrop that a cubic polynomial describes, and that can be reached from the upper edge and the sides, is keyed
    out; any other picture is faded towards its edges.

    Parameters
    ----------
    image
        An RGB picture of one person, cut off by the lower edge.
    marked_rows
        Rows at the upper edge that show marks and not the picture.
    """
    colours = np.asarray(image, np.float32)
    backdrop = _find_backdrop(image, marked_rows)
    if backdrop is None:
        return Cutout(colours, _vignette(image.size, marked_rows), keyed=False)
    fitted, reached, tolerance = backdrop
    behind = np.asarray(
        Image.fromarray(fitted.clip(0, 255).astype(np.uint8)).resize(image.size, Image.Resampling.BICUBIC), np.float32
    )
    region = Image.fromarray(reached.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))
    open_region = np.asarray(region.resize(image.size, Image.Resampling.BILINEAR)) > 0
    difference = np.abs(colours - behind).max(2)
    certain = (
        np.asarray(Image.fromarray(reached).resize(image.size)) & (np.arange(image.height) >= marked_rows)[:, None]
    )
    tolerance = max(tolerance, 1.2 * float(np.percentile(difference[certain][::17], 97)))
    solid = ~open_region | (difference > 2.0 * tolerance)
    solid[:marked_rows] = False
    coverage = _edge_coverage(colours, behind, solid, open_region, difference > 0.6 * tolerance)
    coverage[:marked_rows] = 0
    share = np.maximum(coverage, 0.05)[..., None]
    pure = ((colours - behind * (1 - share)) / share).clip(0, 255)
    return Cutout(np.where(coverage[..., None] < 1, pure, colours).astype(np.float32), coverage, keyed=True)


def _edge_coverage(
    colours: Pixels,
    behind: Pixels,
    solid: NDArray[np.bool_],
    open_region: NDArray[np.bool_],
    differs: NDArray[np.bool_],
) -> Pixels:
    """
    Solve `colour = coverage * person + (1 - coverage) * backdrop` for pixels along the edge.

    The person's colour there is taken from solid pixels a few pixels further in.
    """
    inner = np.asarray(Image.fromarray(solid.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(5)), np.float32) / 255
    weight = _blurred(inner * 255) / 255
    person = _blurred(colours * inner[..., None])
    person /= np.maximum(weight, 1e-3)[..., None]
    span = person - behind
    share = ((colours - behind) * span).sum(2) / np.maximum((span * span).sum(2), 1.0)
    near = (weight > 0.03) & open_region & (inner == 0)  # noqa: PLR2004 -- where the blur reaches
    coverage = np.where(near, np.clip(share * 1.04 - 0.02, 0, 1), solid)
    return np.where(differs | ~open_region, coverage, 0).astype(np.float32)


def _blurred(values: Pixels) -> Pixels:
    return np.asarray(Image.fromarray((values + 0.5).astype(np.uint8)).filter(ImageFilter.BoxBlur(3)), np.float32)


def _find_backdrop(image: Image.Image, marked_rows: int) -> tuple[Pixels, NDArray[np.bool_], float] | None:
    """Fit the backdrop, small; give it with the pixels that it was seen at, and how far colours may be off."""
    scale = _SMALL_SIDE / max(image.size)
    size = (max(16, round(image.width * scale)), max(16, round(image.height * scale)))
    small = np.asarray(image.resize(size, Image.Resampling.BOX), np.float32)
    height, width = small.shape[:2]
    first_row = math.ceil(marked_rows * scale)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], axis=-1)
    seeds = np.zeros((height, width), np.bool_)
    seeds[first_row : height // 2, : max(2, width // 25)] = True
    seeds[first_row : height // 2, -max(2, width // 25) :] = True
    sides = seeds.copy()
    flat, curved = terms[..., [0, 1, 2, 4]], terms[..., [0, 1, 2, 4, 5, 7]]
    known, similar, fitted, tolerance = sides, sides, small, 0.0
    for basis in (flat, flat, curved, terms, terms):
        coefficients = np.linalg.lstsq(basis[known], small[known], rcond=None)[0]
        fitted = (basis @ coefficients).astype(np.float32)
        difference = np.abs(small - fitted).max(2)
        spread = float(np.percentile(difference[known], 80))
        tolerance = float(np.clip(3.0 * spread, _LEAST_TOLERANCE, _GREATEST_TOLERANCE))
        similar = difference < tolerance
        seeds[first_row : first_row + 2] = True
        known = _reached(seeds & similar, similar)
    reached = known | _pockets(known, similar)
    reached[:first_row] = True
    low, high = _BACKDROP_SHARES
    smooth = float(similar[sides].mean()) > _LEAST_SMOOTH_SHARE and low < float(reached.mean()) < high
    return (fitted, reached, tolerance) if smooth else None


def _pockets(known: NDArray[np.bool_], similar: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find backdrop that hair or an arm closes in: larger than specks, and not far from the open backdrop."""
    near = np.asarray(Image.fromarray(known.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(19))) > 0
    closed_in = Image.fromarray((similar & near & ~known).astype(np.uint8) * 255)
    return np.asarray(closed_in.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))) > 0


def _reached(start: NDArray[np.bool_], passable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spread from `start` over neighbouring passable pixels."""
    reached, count = start.copy(), -1
    while count != (count := int(reached.sum())):
        for _ in range(8):
            grown = reached.copy()
            grown[1:] |= reached[:-1]
            grown[:-1] |= reached[1:]
            grown[:, 1:] |= reached[:, :-1]
            grown[:, :-1] |= reached[:, 1:]
            reached = grown & passable
    return reached


def _vignette(size: tuple[int, int], marked_rows: int) -> Pixels:
    """Give a soft mask about head and shoulders that stays open towards the lower edge."""
    width, height = size
    x = (np.arange(width, dtype=np.float32) / width - 0.5)[None, :] / 0.42
    y = np.minimum((np.arange(height, dtype=np.float32) / height - 0.52)[:, None] / 0.5, 0)
    radius = np.sqrt(x * x + y * y)
    fade = np.clip((1 - radius) / 0.3, 0, 1)
    mask = fade * fade * (3 - 2 * fade)
    mask[:marked_rows] = 0
    return np.asarray(mask, np.float32)
