"""Own pictures as they come in."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from shared.media.errors import MediaRefused
from shared.media.sniffing import HEAD_BYTES, describe

_FORMATS = ("PNG", "JPEG", "WEBP")
_TURNED_ORIENTATIONS = range(5, 9)
# Each scan of a progressive JPEG goes over all of the picture, and takes a few bytes: 400 of them, in 200 kB, keep the
# decoder busy for half a minute. Encoders write about ten. A scan's marker cannot occur within one.
_JPEG_START = b"\xff\xd8"
_JPEG_SCAN = b"\xff\xda"
_MAX_JPEG_SCANS = 64


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


def probe_image_file(path: Path, *, limits: ImageLimits = ImageLimits()) -> ImageFacts:
    """Do what `probe_image` does with a file, without reading one that is too large."""
    _require_bytes(path.stat().st_size, limits)
    return probe_image(path.read_bytes(), limits=limits)


def probe_image(data: bytes, *, limits: ImageLimits = ImageLimits()) -> ImageFacts:
    """Decode a picture and say what it is.

    Raises
    ------
    MediaRefused
        If it is no still PNG, JPEG or WebP picture, is damaged, or breaks the limits.
    """
    _require_bytes(len(data), limits)
    if data.startswith(_JPEG_START) and data.count(_JPEG_SCAN) > _MAX_JPEG_SCANS:
        raise MediaRefused(f"is a JPEG of more than {_MAX_JPEG_SCANS} scans; export it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
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
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaRefused(
            f"has too many pixels; at most {limits.max_pixels / 1e6:.0f} million are accepted"
        ) from error
    except Exception as error:  # Pillow's decoders raise whatever broken bytes lead them to.
        raise MediaRefused(f"is a damaged picture ({error}); export it and upload it again") from error


def _require_bytes(size: int, limits: ImageLimits) -> None:
    if not size:
        raise MediaRefused("is empty (0 bytes); upload it again")
    if size > limits.max_bytes:
        raise MediaRefused(f"is too large: {size / 1e6:.0f} MB, at most {limits.max_bytes / 1e6:.0f} MB are accepted")


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
