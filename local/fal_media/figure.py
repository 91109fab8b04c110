"""A picture of a person, made to speak: mouth, lids and head in a few steps each."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from local.fal_media.canvas import Canvas
from local.fal_media.colours import RGB, luma
from local.fal_media.compositing import Source
from local.fal_media.face import EYE_X, MOUTH_HALF_WIDTH, MOUTH_Y, draw_eyelid
from local.fal_media.mouth import draw_mouth
from local.fal_media.shapes import ellipse
from local.fal_media.tags import Mouth, Tag, draw_strip, draw_tag

MOUTH_STEPS = 6
LID_STEPS = 3
HEAD_STEPS = 3
_SWAY = ((0, 0), (0, 1), (1, 1))  # the head's places, in steps
_LEAST_EYE_CONTRAST = 55


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """What distinguishes one picture of a clip from another, in steps."""

    head: int
    lids: int
    mouth: int


class Figure:
    """
    Draws the looks of one picture.

    Where the picture's mark tells the mouth's place,
        mouth and eyes move; any other picture grows a little with the voice.
    """

    def __init__(self, source: Source, size: tuple[int, int]) -> None:
        self._tag = source.tag or Tag("composite", 0, 0)
        self._picture, self._mouth = _fitted(source, size, self._tag)
        self._heads: dict[int, Image.Image] = {}

    @property
    def has_face(self) -> bool:
        """Whether it is known where the mouth is."""
        return self._mouth is not None

    def draw(self, look: Look) -> Image.Image:
        """Draw one look."""
        if self._mouth is None:
            return self._grown(look.mouth / (MOUTH_STEPS - 1))
        if look.head not in self._heads:
            self._heads[look.head] = self._with_head_at(_SWAY[look.head], self._mouth)
        picture = self._heads[look.head].copy()
        canvas = self._face_canvas(picture, self._mouth, look.head)
        if look.lids:
            self._draw_lids(canvas, closed=look.lids / (LID_STEPS - 1))
        if look.mouth:
            lips = _colour(canvas, 0.0, MOUTH_Y + 0.085)
            draw_mouth(canvas.at(0.0, MOUTH_Y, MOUTH_HALF_WIDTH), lips, openness=look.mouth / (MOUTH_STEPS - 1))
        return picture

    def _face_canvas(self, picture: Image.Image, mouth: Mouth, head: int) -> Canvas:
        width, height = picture.size
        step = _sway_step(picture.size)
        unit = mouth.half_width * width / MOUTH_HALF_WIDTH
        x, y = _SWAY[head]
        return Canvas(picture, mouth.x * width + x * step, mouth.y * height - MOUTH_Y * unit + y * step, unit)

    def _with_head_at(self, sway: tuple[int, int], mouth: Mouth) -> Image.Image:
        """Shift the head by a pixel or so; a soft mask leaves shoulders and surroundings where they are."""
        if sway == (0, 0):
            return self._picture
        step = _sway_step(self._picture.size)
        moved = ImageChops.offset(self._picture, sway[0] * step, sway[1] * step)
        mask = Image.new("RGB", self._picture.size)
        self._face_canvas(mask, mouth, 0).fill(ellipse(0, 0, 1.75, 2.0), (255, 255, 255), blur=0.3)
        return Image.composite(moved, self._picture, mask.getchannel(0))

    def _draw_lids(self, canvas: Canvas, *, closed: float) -> None:
        for side in (-1, 1):
            pupil, white = _colour(canvas, EYE_X * side, 0.0), _colour(canvas, (EYE_X + 0.14) * side, 0.01)
            if luma(white) - luma(pupil) < _LEAST_EYE_CONTRAST:
                continue  # dark glasses
            skin = _colour(canvas, EYE_X * side, -0.155)
            draw_eyelid(canvas.at(EYE_X * side, 0.0), skin, side=side, closed=closed)

    def _grown(self, share: float) -> Image.Image:
        width, height = self._picture.size
        inset = 0.006 * share
        box = (width * inset, height * inset, width * (1 - inset), height * (1 - inset))
        picture = self._picture.resize((width, height), Image.Resampling.BICUBIC, box=box)
        draw_tag(picture, self._tag)
        return picture


def _sway_step(size: tuple[int, int]) -> int:
    """Give the head's step in whole pixels, so that nothing is blurred."""
    return max(1, round(min(size) / 720))


def _fitted(source: Source, size: tuple[int, int], tag: Tag) -> tuple[Image.Image, Mouth | None]:
    """Bring the picture to the clip's format: scaled where the shape is the same, else cropped below the head."""
    image, mouth = source.image, source.mouth
    same_shape = abs(image.width * size[1] / (image.height * size[0]) - 1) < 0.01  # noqa: PLR2004 -- a pixel or so
    if source.tag is not None and same_shape:
        picture = image.resize(size, Image.Resampling.LANCZOS)
        draw_strip(picture, tag, mouth)
        return picture, mouth
    left, top, right, bottom = _crop(source, size)
    picture = image.resize(size, Image.Resampling.LANCZOS, box=(left, top, right, bottom))
    if mouth is not None:
        x, y = (mouth.x * image.width - left) / (right - left), (mouth.y * image.height - top) / (bottom - top)
        half_width = mouth.half_width * image.width / (right - left)
        mouth = Mouth(x, y, half_width) if 0 <= x <= 1 and 0 <= y <= 1 and half_width < 0.25 else None  # noqa: PLR2004
    if mouth is not None:
        draw_tag(picture, tag, mouth)
    return picture, mouth


def _crop(source: Source, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Give the largest part of the picture, without its mark, that has the clip's shape and shows the face."""
    image, top = source.image, source.marked_rows
    height = image.height - top
    scale = min(image.width / size[0], height / size[1])
    wide, high = size[0] * scale, size[1] * scale
    middle = source.mouth.x * image.width if source.mouth else image.width / 2
    left = float(np.clip(middle - wide / 2, 0, image.width - wide))
    spare = height - high
    upper = top + min(
        spare, max(0.0, source.mouth.y * image.height - top - 0.6 * high) if source.mouth else 0.2 * spare
    )
    return left, upper, left + wide, upper + high


def _colour(canvas: Canvas, x: float, y: float) -> RGB:
    """Give the picture's middle colour about a point in face units."""
    radius = max(1.0, 0.02 * canvas.unit)
    px, py = canvas.x + x * canvas.unit, canvas.y + y * canvas.unit
    patch = np.asarray(
        canvas.image.crop((round(px - radius), round(py - radius), round(px + radius) + 1, round(py + radius) + 1))
    )
    red, green, blue = np.median(patch.reshape(-1, 3), axis=0).round().astype(int).tolist()
    return red, green, blue
