"""Own pictures as they come in."""

import io
import warnings
from dataclasses import dataclass

from PIL import ExifTags, Image, UnidentifiedImageError

from shared.media.errors import MediaRefused
from shared.media.sniffing import HEAD_BYTES, describe

_FORMATS = ("PNG", "JPEG", "WEBP")
_TURNED_ORIENTATIONS = range(5, 9)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a picture may ask of the machine, and the smallest that is of use."""

    max_bytes: int = 50_000_000
    max_pixels: int = 40_000_000
    min_side: int = 64


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What a picture is; the size is the one seen, after the camera's orientation is applied."""

    format: str
    width: int
    height: int


def probe_image(data: bytes, *, limits: ImageLimits = ImageLimits()) -> ImageFacts:
    """Decode a picture and say what it is.

    Raises
    ------
    MediaRefused
        If it is no still PNG, JPEG or WebP picture, is damaged, or breaks the limits.
    """
    if not data:
        raise MediaRefused("is empty (0 bytes); upload it again")
    if len(data) > limits.max_bytes:
        raise MediaRefused(
            f"is too large: {len(data) / 1e6:.0f} MB, at most {limits.max_bytes / 1e6:.0f} MB are accepted"
        )
    try:
        with warnings.catch_warnings():
            # The limit below is stricter than the one that Pillow warns of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                _require_size(image, limits)
                image.load()
                return _facts(image)
    except MediaRefused:
        raise
    except UnidentifiedImageError as error:
        raise MediaRefused(
            f"is not a picture that can be read (PNG, JPEG, WebP are); it looks like {describe(data[:HEAD_BYTES])}"
        ) from error
    except Image.DecompressionBombError as error:
        raise MediaRefused(
            f"has too many pixels; at most {limits.max_pixels / 1e6:.0f} million are accepted"
        ) from error
    except Exception as error:  # Pillow's decoders raise whatever broken bytes lead them to.
        raise MediaRefused(f"is a damaged picture ({error}); export it and upload it again") from error


def _require_size(image: Image.Image, limits: ImageLimits) -> None:
    width, height = image.size
    if width * height > limits.max_pixels:
        raise MediaRefused(
            f"has too many pixels: {width} x {height}, at most {limits.max_pixels / 1e6:.0f} million are accepted"
        )
    if min(width, height) < limits.min_side:
        raise MediaRefused(f"is too small: {width} x {height} pixels, and both sides need at least {limits.min_side}")
    if getattr(image, "n_frames", 1) > 1:
        raise MediaRefused("is animated; a still picture is needed")


def _facts(image: Image.Image) -> ImageFacts:
    width, height = image.size
    if image.getexif().get(ExifTags.Base.Orientation) in _TURNED_ORIENTATIONS:
        width, height = height, width
    return ImageFacts(format=str(image.format), width=width, height=height)
