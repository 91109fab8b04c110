"""Text in pictures: captions and names as overlays.

All sizes go by the shorter side of the picture. Text is drawn four times as large as it is shown: Pillow puts letters
on whole pixels, and quarters of pixels are not seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from shared.captions.cues import Cue
from shared.captions.rows import balanced_rows
from shared.captions.words import unbroken, words_of
from shared.media.fonts import SHIPPED_TYPEFACE, Typeface, draw_row, drawable, row_width, sized
from shared.media.house_format import HouseFormat
from shared.media.overlays import Overlay

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
ACCENT: Colour = (255, 184, 76)
OVERSAMPLING = 4

_SAFE_SHARE = 0.05
"""How much of each side is kept free of text (EBU R 95)."""
_UPRIGHT_BOTTOM_SHARE = 0.1
"""What the apps that show upright video lay their own buttons over."""
_CAPITAL_SHARE = 0.73
_SHRINKING = 0.94
_SMALLEST_SHARE = 0.4

_CAPTION_SIZE, _UPRIGHT_CAPTION_SIZE = 0.052, 0.056
_CAPTION_LINE = 1.28
_OUTLINE = 0.07
_SHADOW_BLUR, _SHADOW_OPACITY = 0.16, 0.75

_NAME_SIZE = 0.052
_NAME_WIDEST = 0.72
_NAME_SECONDS = 3.0
_NAME_FADE_SECONDS = 0.3
_PANEL: Colour = (14, 18, 26)
_PANEL_OPACITY = 0.78


@dataclass(frozen=True, slots=True)
class Lettering:
    """Rows of text in a size that fits.

    Attributes
    ----------
    rows
        From top to bottom.
    font
        The font's file.
    size
        The height of an em, in pixels of the picture.
    line
        From one base line to the next, in pixels.
    """

    rows: tuple[str, ...]
    font: Path
    size: float
    line: float

    @property
    def width(self) -> float:
        """How far the widest row reaches, in pixels."""
        return max(_width(row, self.font, self.size) for row in self.rows)

    @property
    def height_of_capitals(self) -> float:
        """From the top of a capital letter to its base line, in pixels."""
        return _CAPITAL_SHARE * self.size

    @property
    def height(self) -> float:
        """From the top of the first row's capital letters to the last base line, in pixels."""
        return self.line * (len(self.rows) - 1) + self.height_of_capitals


def fitted(text: str, font: Path, size: float, widest: float, most_rows: int, line: float = 1.2) -> Lettering:
    """Divide a text into rows that are at most `widest` pixels wide, in `size` or, if need be, smaller.

    `line` is the distance of base lines, in ems.
    """
    words = words_of(text)
    smallest = size * _SMALLEST_SHARE
    while True:
        rows = balanced_rows(words, most_rows, widest, partial(_width, font=font, size=size))
        if rows is not None:
            return Lettering(rows, font, size, line * size)
        size *= _SHRINKING
        if size < smallest:
            most_rows, smallest = most_rows + 1, size * _SMALLEST_SHARE


def _width(row: str, font: Path, size: float) -> float:
    return row_width(sized(font, round(size * OVERSAMPLING)), row) / OVERSAMPLING


def text_mask(
    lettering: Lettering, size: tuple[int, int], left: float, base: float, *, centred: bool, stroke: float = 0
) -> Image.Image:
    """Return how much text covers each pixel of a picture of `size`, as mode L.

    `left` is where the rows begin, or their middle if they are `centred`; `base` the first base line; in pixels.
    """
    mask = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    font = sized(lettering.font, round(lettering.size * OVERSAMPLING))
    for number, row in enumerate(lettering.rows):
        start = left * OVERSAMPLING - (row_width(font, row) / 2 if centred else 0)
        draw_row(mask, (start, (base + number * lettering.line) * OVERSAMPLING), row, font, stroke * OVERSAMPLING)
    return mask.reduce(OVERSAMPLING)


def painted(canvas: Image.Image, mask: Image.Image, colour: Colour, opacity: float = 1.0) -> Image.Image:
    """Return an RGBA picture with a colour laid over it where a mask says."""
    layer = Image.new("RGBA", canvas.size, (*colour, 0))
    layer.putalpha(mask.point([round(level * opacity) for level in range(256)]))
    return Image.alpha_composite(canvas, layer)


def caption_overlays(cues: Sequence[Cue], form: HouseFormat, typeface: Typeface = SHIPPED_TYPEFACE) -> list[Overlay]:
    """Return cues as they are burned in: white with a dark outline, at the bottom, broken again for narrow pictures.

    Emoji are left out; a cue of nothing else has no overlay.

    Raises
    ------
    MediaRefused
        If the font is damaged.
    """
    overlays = []
    for cue in cues:
        rows = tuple(row for row in (drawable(row, typeface) for row in cue.rows) if row)
        if rows:
            picture, margin = _outlined(_caption_lettering(rows, form, typeface))
            # However many rows there are, the last one stands in the same place.
            bottom = round(form.height - bottom_margin(form) + margin)
            left = (form.width - picture.width) // 2
            overlays.append(_placed(picture, left, bottom - picture.height, cue.start, cue.end))
    return overlays


def _caption_lettering(rows: tuple[str, ...], form: HouseFormat, typeface: Typeface) -> Lettering:
    size = _caption_size(form)
    as_they_are = Lettering(rows, typeface.regular, size, _CAPTION_LINE * size)
    if as_they_are.width <= _safe_width(form):
        return as_they_are
    return fitted(unbroken(rows), typeface.regular, size, _safe_width(form), _caption_rows(form), _CAPTION_LINE)


def _outlined(lettering: Lettering) -> tuple[Image.Image, float]:
    """Return text in white on its shadow, and how far the shadow reaches around it."""
    margin = 0.4 * lettering.size
    width, height = round(lettering.width + 2 * margin), round(lettering.height + 0.25 * lettering.size + 2 * margin)
    base = margin + lettering.height_of_capitals
    letters = text_mask(lettering, (width, height), width / 2, base, centred=True)
    outline = text_mask(lettering, (width, height), width / 2, base, centred=True, stroke=_OUTLINE * lettering.size)
    canvas = Image.new("RGBA", (width, height), (*BLACK, 0))
    canvas = painted(
        canvas, outline.filter(ImageFilter.GaussianBlur(_SHADOW_BLUR * lettering.size)), BLACK, _SHADOW_OPACITY
    )
    canvas = painted(canvas, outline, BLACK, 0.85)
    return painted(canvas, letters, WHITE), margin


def lower_third(
    name: str, form: HouseFormat, start: float = 0.0, typeface: Typeface = SHIPPED_TYPEFACE
) -> Overlay | None:
    """Return a name on a dark panel at the lower left, above where captions stand, for about three seconds.

    None if there is nothing to draw, as in a name of emoji alone.

    Raises
    ------
    MediaRefused
        If the font is damaged.
    """
    text = drawable(name, typeface)
    if not text:
        return None
    lettering = fitted(text, typeface.bold, _NAME_SIZE * _side(form), _NAME_WIDEST * _safe_width(form), 2)
    picture, margin = _panel(lettering)
    left = round(_SAFE_SHARE * form.width - margin)
    bottom = round(form.height - bottom_margin(form) - caption_height(form) - 0.6 * lettering.size + margin)
    end = start + _NAME_SECONDS + 2 * _NAME_FADE_SECONDS
    return _placed(picture, left, bottom - picture.height, start, end, _NAME_FADE_SECONDS)


def _panel(lettering: Lettering) -> tuple[Image.Image, float]:
    """Return a name on its panel, beside a bar in the accent's colour, and how far the shadow reaches around it."""
    em = lettering.size
    margin, padding, bar = 0.5 * em, 0.55 * em, 0.16 * em
    inner = (bar + 2 * padding + lettering.width + 0.1 * em, lettering.height + 2 * padding)
    size = round(inner[0] + 2 * margin), round(inner[1] + 2 * margin)
    panel = rounded_box(size, (margin, margin, margin + inner[0], margin + inner[1]), 0.22 * em)
    strip = rounded_box(
        size, (margin + 0.3 * em, margin + 0.42 * em, margin + 0.3 * em + bar, margin + inner[1] - 0.42 * em), bar / 2
    )
    name = text_mask(
        lettering,
        size,
        margin + bar + padding + 0.2 * em,
        margin + padding + lettering.height_of_capitals,
        centred=False,
    )
    shadow = panel.filter(ImageFilter.GaussianBlur(0.2 * em))
    canvas = painted(Image.new("RGBA", size, (*BLACK, 0)), shadow, BLACK, 0.35)
    for mask, colour, opacity in ((panel, _PANEL, _PANEL_OPACITY), (strip, ACCENT, 1.0), (name, WHITE, 1.0)):
        canvas = painted(canvas, mask, colour, opacity)
    return canvas, margin


def rounded_box(size: tuple[int, int], box: Iterable[float], radius: float) -> Image.Image:
    """Return how much a box with round corners (left, top, right, bottom) covers each pixel, as mode L."""
    mask = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    corners = tuple(edge * OVERSAMPLING for edge in box)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius * OVERSAMPLING, fill=255)
    return mask.reduce(OVERSAMPLING)


def caption_height(form: HouseFormat) -> float:
    """Return how much of a picture captions take above the bottom margin, in pixels."""
    return (_caption_rows(form) * _CAPTION_LINE + 0.2) * _caption_size(form)


def bottom_margin(form: HouseFormat) -> float:
    """Return how far above a picture's lower edge text ends, in pixels."""
    return form.height * (_UPRIGHT_BOTTOM_SHARE if form.height > form.width else _SAFE_SHARE)


def _side(form: HouseFormat) -> int:
    return min(form.width, form.height)


def _safe_width(form: HouseFormat) -> float:
    return form.width * (1 - 2 * _SAFE_SHARE)


def _caption_size(form: HouseFormat) -> float:
    return _side(form) * (_CAPTION_SIZE if form.width > form.height else _UPRIGHT_CAPTION_SIZE)


def _caption_rows(form: HouseFormat) -> int:
    """Return how many rows captions may have: rows of 42 characters are too wide for a narrow picture."""
    return 2 if form.width > form.height else 3


def _placed(picture: Image.Image, left: int, top: int, start: float, end: float, fade: float = 0.0) -> Overlay:
    return Overlay(np.asarray(picture), left, top, start, end, fade, fade)
