"""Title and end cards: text over a picture out of focus, or over a calm dark ground."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from shared.media.fonts import SHIPPED_TYPEFACE, Typeface, drawable
from shared.media.house_format import HouseFormat
from shared.media.images import probe_image
from shared.media.lettering import ACCENT, BLACK, WHITE, Lettering, fitted, painted, rounded_box, text_mask

# Shares of the picture's shorter side, except the first, which is of its width.
_WIDEST = 0.82
_TITLE_SIZE, _SUBTITLE_SIZE = 0.115, 0.046
_GAP = 0.06
_LINE_WIDTH, _LINE_HEIGHT = 0.11, 0.007
_BLUR, _SHADOW_BLUR = 0.022, 0.014

_LINE = 1.16
_TITLE_ROWS, _UPRIGHT_TITLE_ROWS = 3, 5
_SUBTITLE_ROWS = 3
_TITLE_OPACITY, _SUBTITLE_OPACITY, _SHADOW_OPACITY = 1.0, 0.86, 0.5
_BRIGHTNESS, _VIGNETTE = 0.5, 0.45
_LIGHT, _DARK = np.array([44.0, 54.0, 72.0]), np.array([10.0, 12.0, 18.0])
_GRAIN = 1.2


def title_picture(
    title: str,
    subtitle: str | None,
    backdrop: Path | None,
    form: HouseFormat,
    typeface: Typeface = SHIPPED_TYPEFACE,
) -> NDArray[np.uint8]:
    """Draw a title card.

    Parameters
    ----------
    title, subtitle
        Long ones are broken into rows, and made smaller until they fit.
    backdrop
        A picture to stand behind them, blurred and darkened; without one the ground is plain.
    form
        The size.
    typeface
        What to draw with.

    Returns
    -------
    NDArray
        RGB, shape (height, width, 3).

    Raises
    ------
    MediaRefused
        If the backdrop is no picture that can be read, or the font is damaged.
    """
    ground = _plain_ground(form) if backdrop is None else _blurred(backdrop, form)
    side, widest = min(form.width, form.height), _WIDEST * form.width
    rows = _TITLE_ROWS if form.width > form.height else _UPRIGHT_TITLE_ROWS
    texts = [
        fitted(text, font, size * side, widest, most_rows, _LINE)
        for text, font, size, most_rows in (
            (drawable(title, typeface), typeface.bold, _TITLE_SIZE, rows),
            (drawable(subtitle or "", typeface), typeface.regular, _SUBTITLE_SIZE, _SUBTITLE_ROWS),
        )
        if text
    ]
    return np.asarray(_lettered(ground.convert("RGBA"), texts, side).convert("RGB"))


def _lettered(card: Image.Image, texts: Sequence[Lettering], side: int) -> Image.Image:
    """Return a card with texts in its middle, one under the other, with a short line between them."""
    gap = _GAP * side
    top = (card.height - sum(text.height for text in texts) - 2 * gap * (len(texts) - 1)) / 2
    for number, text in enumerate(texts):
        if number:
            card = painted(card, _short_line(card.size, top + gap, side), ACCENT)
            top += 2 * gap
        letters = text_mask(text, card.size, card.width / 2, top + text.height_of_capitals, centred=True)
        card = painted(card, letters.filter(ImageFilter.GaussianBlur(_SHADOW_BLUR * side)), BLACK, _SHADOW_OPACITY)
        card = painted(card, letters, WHITE, _TITLE_OPACITY if number == 0 else _SUBTITLE_OPACITY)
        top += text.height
    return card


def _short_line(size: tuple[int, int], middle: float, side: int) -> Image.Image:
    half_width, half_height = _LINE_WIDTH * side / 2, _LINE_HEIGHT * side / 2
    box = (size[0] / 2 - half_width, middle - half_height, size[0] / 2 + half_width, middle + half_height)
    return rounded_box(size, box, half_height)


def _blurred(backdrop: Path, form: HouseFormat) -> Image.Image:
    """Return a picture that fills the form, out of focus and dark, and darker towards its edges."""
    probe_image(backdrop.read_bytes())
    with Image.open(backdrop, formats=("PNG", "JPEG", "WEBP")) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    filled = ImageOps.fit(upright, (form.width, form.height), Image.Resampling.LANCZOS)
    soft = filled.filter(ImageFilter.GaussianBlur(_BLUR * min(form.width, form.height)))
    pixels = np.asarray(soft, dtype=np.float64) * (_BRIGHTNESS * (1 - _VIGNETTE * _distance(form) ** 2))
    return _dithered(pixels)


def _plain_ground(form: HouseFormat) -> Image.Image:
    """Return a dark ground, lighter in the middle."""
    share = np.clip(_distance(form), 0, 1)
    return _dithered(_LIGHT + (_DARK - _LIGHT) * share * share * (3 - 2 * share))


def _distance(form: HouseFormat) -> NDArray[np.float64]:
    """Return how far each pixel is from the middle, 1 in the corners; shape (height, width, 1)."""
    down = np.linspace(-1, 1, form.height)[:, np.newaxis, np.newaxis]
    across = np.linspace(-1, 1, form.width)[np.newaxis, :, np.newaxis]
    return np.asarray(np.hypot(down, across) / np.sqrt(2))


def _dithered(pixels: NDArray[np.float64]) -> Image.Image:
    """Return pixels as a picture with a fine grain, without which smooth ground shows bands."""
    grain = np.random.default_rng(0).normal(0, _GRAIN, (*pixels.shape[:2], 1))
    return Image.fromarray(np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8))
