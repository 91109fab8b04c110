"""Small copies of pictures, for pages."""

import io
from pathlib import Path

from PIL import Image, ImageOps

from shared.media.errors import MediaRefused

_WIDTH, _HEIGHT = 480, 640
"""The largest, in pixels."""
_SHRUNK_WELL = frozenset({"RGB", "RGBA", "L", "LA"})
"""Modes of pictures that are made smaller as they are; a palette has no colours between its own."""
_QUALITY = 66
_METHOD = 4  # of 6: how long the encoder searches


def thumbnail(picture: Path) -> bytes:
    """Return a picture as a WebP of at most 480 x 640 pixels, turned as its camera was, on white where it is clear.

    Raises
    ------
    MediaRefused
        If it is no picture that can be read.
    """
    try:
        with Image.open(picture, formats=("PNG", "JPEG", "WEBP")) as opened:
            whole = opened if opened.mode in _SHRUNK_WELL else opened.convert("RGBA")
            # Small first: each copy of the whole of a large picture takes 160 MB, and functions have little.
            whole.thumbnail((2 * _HEIGHT, 2 * _HEIGHT))
            small = ImageOps.exif_transpose(whole).convert("RGBA")
            small.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    except Exception as error:  # Pillow's decoders raise whatever broken bytes lead them to.
        raise MediaRefused(f"is no picture that can be read ({error})") from error
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, mask=small)
    written = io.BytesIO()
    ground.save(written, "WEBP", quality=_QUALITY, method=_METHOD)
    return written.getvalue()
