"""Fonts: the shipped one, own ones, and what they cannot show.

Text is placed by Pillow's basic layout, one character after the other from left to right, because what the better one
(Raqm) needs is not on every machine, and a film should look the same wherever it was made. So text that runs from
right to left, and scripts whose letters change with their neighbours, are not drawn; caption files hold them all the
same, and players show them.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from shared.captions.words import columns_of
from shared.media.errors import MediaRefused
from shared.media.sniffing import describe

MAX_FONT_BYTES = 20_000_000

_FONT_STARTS = (b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf")
_WEB_FONT_STARTS = (b"wOFF", b"wOF2")
_PROBED_TEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,;:!?'-"
_PROBED_SIZES = (16, 200)
_TALLEST = 5
_NO_CHARACTER = "\uffff"
_COMPARED_SIZE = 48
_MOST_NAMED = 8
# Unicode's blocks of Indic and other scripts whose letters are reordered or joined: U+0900 to U+109F but for Thai and
# Lao, Khmer, Mongolian and more.
_SHAPED = ((0x0900, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AF), (0x1900, 0x1AFF), (0x1B00, 0x1CFF), (0xA800, 0xABFF))
_EMOJI = ((0x2600, 0x27BF), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF))
_EMOJI_PARTS = "\u200d\ufe0e\ufe0f\u20e3"


@dataclass(frozen=True, slots=True)
class Typeface:
    """The font files that text is drawn with: one for captions and subtitles, a bolder one for names and titles."""

    regular: Path
    bold: Path


_FOLDER = Path(__file__).resolve().parents[1] / "fonts"
SHIPPED_TYPEFACE = Typeface(_FOLDER / "Inter-Medium.otf", _FOLDER / "Inter-Bold.otf")
"""Inter, which covers Latin, Greek and Cyrillic."""


def own_typeface(path: Path) -> Typeface:
    """Return a typeface of an own font file.

    Raises
    ------
    MediaRefused
        If the file is no TrueType or OpenType font (.ttf, .otf, .ttc), too large, or damaged.
    """
    size = path.stat().st_size
    if size > MAX_FONT_BYTES:
        raise MediaRefused(f"is too large: {size / 1e6:.0f} MB, and a font may have {MAX_FONT_BYTES / 1e6:.0f} MB")
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_WEB_FONT_STARTS):
        raise MediaRefused("is a font for web pages (WOFF); the same font as .ttf or .otf is needed")
    if not head.startswith(_FONT_STARTS):
        found = f"it looks like {describe(head)}" if head else "it is empty"
        raise MediaRefused(f"is not a font that can be read (.ttf, .otf and .ttc are); {found}")
    for pixels in _PROBED_SIZES:
        draw_row(Image.new("L", (pixels, pixels)), (0, pixels), _PROBED_TEXT, sized(path, pixels))
    typeface = Typeface(path, path)
    if all(_is_lacking(character, typeface) for character in _PROBED_TEXT):
        raise MediaRefused("is a font without letters or digits; another one is needed")
    return typeface


@lru_cache(maxsize=64)
def sized(path: Path, pixels: int) -> ImageFont.FreeTypeFont:
    """Return a font in a size.

    Raises
    ------
    MediaRefused
        If it cannot be opened in this size.
    """
    with _damage_refused():
        return ImageFont.truetype(str(path), pixels, layout_engine=ImageFont.Layout.BASIC)


def row_width(font: ImageFont.FreeTypeFont, row: str) -> float:
    """Return how far a row of text reaches, in pixels.

    Raises
    ------
    MediaRefused
        If the font is damaged.
    """
    with _damage_refused():
        return float(font.getlength(row))


def draw_row(
    mask: Image.Image, position: tuple[float, float], row: str, font: ImageFont.FreeTypeFont, stroke: float = 0
) -> None:
    """Draw a row of text in white into a picture of mode L, widened by `stroke`.

    Parameters
    ----------
    mask
        The picture.
    position
        The left end of the base line, in pixels.
    row, font
        The text and its font.
    stroke
        By how many pixels the letters are widened on all sides.

    Raises
    ------
    MediaRefused
        If the font is damaged.
    """
    with _damage_refused():
        left, top, right, bottom = font.getbbox(row, anchor="ls")
        if bottom - top > _TALLEST * font.size or right - left > _TALLEST * font.size * (len(row) + 1):
            raise MediaRefused("is a damaged font: its letters are far larger than its lines")
        ImageDraw.Draw(mask).text(position, row, 255, font, anchor="ls", stroke_width=stroke)


@contextmanager
def _damage_refused() -> Iterator[None]:
    """Turn whatever FreeType and Pillow make of a damaged font into a refusal."""
    try:
        yield
    except MediaRefused:
        raise
    except (OSError, ValueError, OverflowError, MemoryError, Image.DecompressionBombError) as error:
        raise MediaRefused(f"is a font that cannot be used ({error}); another one is needed") from error


def missing_characters(text: str, typeface: Typeface = SHIPPED_TYPEFACE) -> tuple[str, ...]:
    """Return the characters of a text that cannot be drawn, each once, in order.

    Those are the ones that the typeface lacks, and those of scripts that are never drawn (see above). Emoji are none of
    them: they belong to no text font, and are left out of what is drawn (`drawable`).

    Raises
    ------
    MediaRefused
        If the font is damaged.
    """
    return tuple(
        character
        for character in dict.fromkeys(text)
        if not _is_emoji(character) and (_needs_shaping(character) or _is_lacking(character, typeface))
    )


def explain_missing(characters: Sequence[str], use: str) -> str:
    """Say which characters cannot be drawn, and what to do; `use` is what they were to be drawn for.

    The sentence stands alone: ``captions: ... cannot be drawn: ...``.
    """
    named = ", ".join(f"{character} (U+{ord(character):04X})" for character in characters[:_MOST_NAMED])
    more = f" and {len(characters) - _MOST_NAMED} more" if len(characters) > _MOST_NAMED else ""
    if all(_needs_shaping(character) for character in characters):
        return (
            f"{use}: {named}{more} cannot be drawn into the picture: that script runs from right to left or joins its "
            "letters. The caption files hold the text as it is, and players show it."
        )
    return (
        f"{use}: the font has no {named}{more}. Name a font that has them in the script, such as "
        "`font: fonts/NotoSansCJK-Regular.ttc`."
    )


def drawable(text: str, typeface: Typeface = SHIPPED_TYPEFACE) -> str:
    """Return what of a text is drawn: composed (NFC), without emoji that the typeface lacks and invisible marks.

    Marks such as soft hyphens would otherwise be drawn. If there is nothing to see, the result is empty.
    """
    composed = unicodedata.normalize("NFC", text)
    kept = [c for c in composed if not _is_invisible(c) and not (_is_emoji(c) and _is_lacking(c, typeface))]
    drawn = " ".join("".join(kept).split())
    return drawn if columns_of(drawn) else ""


def _is_invisible(character: str) -> bool:
    return character in _EMOJI_PARTS or unicodedata.category(character) == "Cf"


def _is_emoji(character: str) -> bool:
    return character in _EMOJI_PARTS or _is_within(character, _EMOJI)


def _needs_shaping(character: str) -> bool:
    return unicodedata.bidirectional(character) in {"R", "AL"} or _is_within(character, _SHAPED)


def _is_within(character: str, blocks: Sequence[tuple[int, int]]) -> bool:
    return any(first <= ord(character) <= last for first, last in blocks)


@lru_cache(maxsize=4096)
def _is_lacking(character: str, typeface: Typeface) -> bool:
    """Tell whether a typeface shows for a character what it shows for one that does not exist."""
    if unicodedata.category(character)[0] in "ZC":
        return False
    for path in {typeface.regular, typeface.bold}:
        font = sized(path, _COMPARED_SIZE)
        with _damage_refused():
            shown, unknown = font.getmask(character), font.getmask(_NO_CHARACTER)
        if shown.size == unknown.size and bytes(shown) == bytes(unknown):
            return True
    return False
