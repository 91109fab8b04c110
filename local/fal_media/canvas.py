"""A picture that is being drawn, shape by shape, with smooth edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from local.fal_media.colours import RGB, Gradient, Paint
from local.fal_media.shapes import Outline, Point

# Every shape's mask is drawn this many times larger and averaged down: 16 levels of edge coverage.
OVERSAMPLING = 4


@dataclass(frozen=True, slots=True)
class Canvas:
    """
    Draws on an RGB image in the image's own units: an origin in pixels, and a unit's length in pixels.

    Canvases on the same image share its pixels, so that a face can be drawn in face units on a picture of any size.
    """

    image: Image.Image
    x: float = 0.0
    y: float = 0.0
    unit: float = 1.0

    def at(self, x: float, y: float, unit: float = 1.0) -> "Canvas":
        """Give a canvas on the same image with its origin at (x, y) and `unit` of this canvas' units as its own."""
        return Canvas(self.image, self.x + x * self.unit, self.y + y * self.unit, self.unit * unit)

    @property
    def left(self) -> float:
        """The left edge of the image, in this canvas' units."""
        return -self.x / self.unit

    @property
    def right(self) -> float:
        """The right edge of the image, in this canvas' units."""
        return (self.image.width - self.x) / self.unit

    @property
    def top(self) -> float:
        """The upper edge of the image, in this canvas' units."""
        return -self.y / self.unit

    @property
    def bottom(self) -> float:
        """The lower edge of the image, in this canvas' units."""
        return (self.image.height - self.y) / self.unit

    def fill(
        self,
        outline: Sequence[Point],
        paint: Paint,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
        within: Sequence[Point] | None = None,
    ) -> None:
        """
        Fill an outline.

        Parameters
        ----------
        outline
            Corners of the shape, in this canvas' units; parts outside of the image are left out.
        paint
            A colour, or a gradient over the shape's whole extent.
        opacity
            0 (invisible) to 1.
        blur
            Softness of the edge: standard deviation in this canvas' units.
        within
            An outline that the shape is clipped to.
        """
        points = self._pixels(outline)
        radius = blur * self.unit
        limits = points if within is None else self._pixels(within)
        visible = self._visible(points, radius, limits)
        if visible is None:
            return
        mask = _mask(points, visible, radius)
        if within is not None:
            mask = ImageChops.multiply(mask, _mask(limits, visible, 0.0))
        if opacity < 1:
            mask = mask.point([round(value * opacity) for value in range(256)])
        if isinstance(paint, Gradient):
            self.image.paste(_gradient(paint, _extent(points), visible), visible, mask)
        else:
            self.image.paste(paint, visible, mask)

    def glow(self, x: float, y: float, radius: float, colour: RGB, opacity: float = 0.5) -> None:
        """Add round light that fades out towards `radius`."""
        side = max(2, round(2 * radius * self.unit))
        light = Image.radial_gradient("L").point([round(max(0, 1 - v / 181) ** 2 * 255 * opacity) for v in range(256)])
        light = light.resize((side, side), Image.Resampling.BICUBIC)
        left, top = round(self.x + (x - radius) * self.unit), round(self.y + (y - radius) * self.unit)
        self.image.paste(colour, (left, top, left + side, top + side), light)

    def _pixels(self, outline: Sequence[Point]) -> Outline:
        return [(self.x + x * self.unit, self.y + y * self.unit) for x, y in outline]

    def _visible(self, points: Outline, radius: float, limits: Outline) -> tuple[int, int, int, int] | None:
        margin = 3 * radius + 1
        left, top, right, bottom = _extent(points)
        edges = (
            _extent(limits) if limits is not points else (left - margin, top - margin, right + margin, bottom + margin)
        )
        x0, y0 = int(max(0, left - margin, edges[0] - 1)), int(max(0, top - margin, edges[1] - 1))
        x1 = int(min(self.image.width, right + margin + 1, edges[2] + 2))
        y1 = int(min(self.image.height, bottom + margin + 1, edges[3] + 2))
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _extent(points: Outline) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _mask(points: Outline, visible: tuple[int, int, int, int], radius: float) -> Image.Image:
    """Draw a shape's coverage over the visible box; very soft shapes are drawn small, as nothing sharp is lost."""
    left, top, right, bottom = visible
    size = (right - left, bottom - top)
    shrink = max(1, min(16, int(radius / 2)))
    scale = 1 / shrink if shrink > 1 else OVERSAMPLING
    large = Image.new("L", (max(1, round(size[0] * scale)), max(1, round(size[1] * scale))))
    ImageDraw.Draw(large).polygon([((x - left) * scale - 0.5, (y - top) * scale - 0.5) for x, y in points], fill=255)
    if radius > 0 and shrink > 1:
        large = large.filter(ImageFilter.GaussianBlur(radius * scale))
        return large.resize(size, Image.Resampling.BICUBIC)
    mask = large.reduce(OVERSAMPLING)
    return mask.filter(ImageFilter.GaussianBlur(radius)) if radius > 0 else mask


def _gradient(
    paint: Gradient, extent: tuple[float, float, float, float], visible: tuple[int, int, int, int]
) -> Image.Image:
    first, last = (extent[0], extent[2]) if paint.horizontal else (extent[1], extent[3])
    low, high = (visible[0], visible[2]) if paint.horizontal else (visible[1], visible[3])
    share = np.clip((np.arange(low, high) + 0.5 - first) / max(last - first, 1e-6), 0, 1)[:, None]
    start, end = np.array(paint.start, float), np.array(paint.end, float)
    column = np.rint(start + (end - start) * share).astype(np.uint8)
    line = Image.fromarray(column[None] if paint.horizontal else column[:, None])
    return line.resize((visible[2] - visible[0], visible[3] - visible[1]), Image.Resampling.NEAREST)
