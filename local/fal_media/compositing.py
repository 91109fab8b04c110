"""Composites: the pixels of a portrait's person in the pixels of a background."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from local.fal_media.colours import Pixels
from local.fal_media.cutout import Cutout, cut_out
from local.fal_media.face import MOUTH_HALF_WIDTH, MOUTH_Y
from local.fal_media.grading import lean_towards
from local.fal_media.prompt_words import PromptWords
from local.fal_media.tags import Mouth, Tag, marked_depth, read_mark, strip_height

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Source:
    """A picture handed in, with the mark that was read from it."""

    image: Image.Image
    tag: Tag | None
    mouth: Mouth | None

    @property
    def marked_rows(self) -> int:
        """How many rows at the upper edge show the mark."""
        return marked_depth(self.image.size) if self.tag else 0


@dataclass(frozen=True, slots=True)
class Pose:
    """A face in a picture: the eyes' middle and half a face's width, in pixels."""

    x: float
    y: float
    unit: float


def open_picture(data: bytes) -> Source:
    """
    Read a picture and its mark.

    Raises
    ------
    ValueError
        If the bytes are no picture.
    """
    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a readable PNG, JPEG or WebP picture: {error}") from error
    tag, mouth = read_mark(picture) or (None, None)
    return Source(picture, tag, mouth)


def compose(
    images: Sequence[bytes], words: PromptWords, size: tuple[int, int]
) -> tuple[Image.Image, Tag, Mouth | None]:
    """
    Put the first picture's person in front of the second picture.

    Without a second picture, the first one's own surroundings, blurred, are the background; further pictures lend
    their colours. Gives the picture, its tag, and where the mouth has come to lie.
    """
    if not images:
        raise ValueError("a composite needs at least one picture: the portrait first, then the background")
    sources = [open_picture(data) for data in images]
    portrait, background = sources[0], sources[1] if len(sources) > 1 else None
    cutout = cut_out(portrait.image, marked_rows=portrait.marked_rows)
    behind = _prepare_background(background or portrait, size, blur=0.004 if background else 0.05)
    here = _find_face(portrait, cutout)
    there = _place_face(here, _head_room(cutout, here), portrait.image.height, size, words)
    colours, coverage = _moved(cutout, here, there, size)
    pixels = _blend(colours, coverage, behind, size)
    if images[2:]:
        pixels = lean_towards(pixels / 255, images[2:]) * 255
    tag = Tag(
        "composite",
        _fingerprint(portrait.tag, "portrait"),
        _fingerprint(background.tag if background else None, "background"),
    )
    return Image.fromarray((pixels + 0.5).clip(0, 255).astype(np.uint8)), tag, _moved_mouth(portrait, here, there, size)


def _fingerprint(tag: Tag | None, field: str) -> int:
    return int(getattr(tag, field)) if tag else 0


def _prepare_background(source: Source, size: tuple[int, int], *, blur: float) -> Pixels:
    """Crop the mark away, fill the format, and put it slightly out of focus."""
    image = source.image.crop((0, source.marked_rows, *source.image.size))
    filled = ImageOps.fit(image, size, Image.Resampling.BICUBIC, centering=(0.5, 0.6))
    return np.asarray(filled.filter(ImageFilter.GaussianBlur(max(size) * blur)), np.float32)


def _find_face(portrait: Source, cutout: Cutout) -> Pose:
    width, height = portrait.image.size
    if portrait.mouth:
        unit = portrait.mouth.half_width * width / MOUTH_HALF_WIDTH
        return Pose(portrait.mouth.x * width, portrait.mouth.y * height - MOUTH_Y * unit, unit)
    top = _first_row(cutout)
    unit = min(0.145 * height, 0.19 * width)
    upper = cutout.coverage[top : top + max(1, round(2 * unit))].sum(0)
    x = float((upper * np.arange(width)).sum() / max(float(upper.sum()), 1.0))
    return Pose(x if cutout.keyed else width / 2, top + 1.6 * unit if cutout.keyed else 0.42 * height, unit)


def _first_row(cutout: Cutout) -> int:
    rows = np.flatnonzero(cutout.coverage.max(1) > 0.5)  # noqa: PLR2004 -- more person than backdrop
    return int(rows[0]) if rows.size else 0


def _head_room(cutout: Cutout, face: Pose) -> float:
    """Give how far the person reaches above the eyes, in face units."""
    return max(1.3, (face.y - _first_row(cutout)) / face.unit)


def _place_face(here: Pose, head_room: float, source_height: int, size: tuple[int, int], words: PromptWords) -> Pose:
    """Choose where the face goes: large, never cut above, and the body down to the lower edge."""
    width, height = size
    unit = min(0.186 * height, 0.205 * width) * words.between("closeness", 0.97, 1.03)
    wanted_y = 0.42 * height
    if words.mentions("sitting", "seated", "sits", "chair", "desk", "table", "armchair", "sofa"):
        unit, wanted_y = unit * 0.94, 0.47 * height
    if words.mentions("close up", "closeup", "close"):
        unit *= 1.1
    body = (source_height - here.y) / here.unit
    if body * unit < height - wanted_y:
        unit = max(unit, min((height - wanted_y) / body, 0.27 * width))
    ceiling = strip_height(size) + 0.02 * height
    unit = (
        min(unit, (height - ceiling) / (head_room + body))
        if ceiling + (head_room + body) * unit > height + body * unit * 0.55
        else unit
    )
    y = max(wanted_y, height - body * unit, ceiling + head_room * unit)
    shift = 0.015 * words.between("shift", -1, 1)
    if words.mentions("left"):
        shift -= 0.14
    elif words.mentions("right"):
        shift += 0.14
    elif words.mentions("window", "door", "railing", "view"):
        shift += 0.09 * words.choose("side", (-1, 1))
    margin = min(1.35 * unit, width / 2)
    return Pose(float(np.clip(width * (0.5 + shift), margin, width - margin)), y, unit)


def _moved(cutout: Cutout, here: Pose, there: Pose, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """Move and scale a cutout so that its face comes to lie where it is wanted."""
    scale = here.unit / there.unit
    affine = (scale, 0.0, here.x - there.x * scale, 0.0, scale, here.y - there.y * scale)
    shrink = max(1, int(scale))
    coverage = Image.fromarray((cutout.coverage * 255 + 0.5).astype(np.uint8))
    colours = Image.fromarray((cutout.colours + 0.5).clip(0, 255).astype(np.uint8))
    if shrink > 1:
        coverage, colours = coverage.reduce(shrink), colours.reduce(shrink)
        affine = (affine[0] / shrink, 0.0, affine[2] / shrink, 0.0, affine[4] / shrink, affine[5] / shrink)
    placed = [
        picture.transform(size, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)
        for picture in (colours, coverage)
    ]
    return np.asarray(placed[0], np.float32), np.asarray(placed[1], np.float32) / 255


def _blend(colours: Pixels, coverage: Pixels, behind: Pixels, size: tuple[int, int]) -> Pixels:
    """Lay the person over the background with matched light, a soft shadow, and light that wraps the edges."""
    width, height = size
    mean = behind[height // 8 :].mean((0, 1))
    luma = float(mean @ _LUMA)
    tint = 1 + 0.22 * (mean / max(luma, 1.0) - 1)
    exposure = float(np.clip((luma / 128) ** 0.3, 0.74, 1.06))
    person = colours * (tint * exposure)
    matte = coverage * 255
    shadow = _soft(np.roll(matte, (round(0.02 * height), round(0.018 * width)), (0, 1)), 0.05 * height) / 255
    scene = behind * (1 - 0.26 * shadow)[..., None]
    surroundings = _soft(behind, 0.03 * height)
    wrap = (coverage * (1 - _soft(matte, 0.014 * height) / 255) * 0.55)[..., None]
    person = person * (1 - wrap) + surroundings * wrap
    return np.asarray(scene + (person - scene) * coverage[..., None], np.float32)


def _soft(values: Pixels, radius: float) -> Pixels:
    """Blur values of 0 to 255 at a quarter of the size, where nothing is lost."""
    image = Image.fromarray((values + 0.5).clip(0, 255).astype(np.uint8))
    small = image.resize((max(1, image.width // 4), max(1, image.height // 4)), Image.Resampling.BOX)
    for _ in range(2):
        small = small.filter(ImageFilter.BoxBlur(radius / 4))
    return np.asarray(small.resize(image.size, Image.Resampling.BILINEAR), np.float32)


def _moved_mouth(portrait: Source, here: Pose, there: Pose, size: tuple[int, int]) -> Mouth | None:
    if portrait.mouth is None:
        return None
    scale = there.unit / here.unit
    x = (portrait.mouth.x * portrait.image.width - here.x) * scale + there.x
    y = (portrait.mouth.y * portrait.image.height - here.y) * scale + there.y
    half_width = portrait.mouth.half_width * portrait.image.width * scale / size[0]
    inside = 0 <= x <= size[0] and 0 <= y <= size[1] and half_width < 0.25  # noqa: PLR2004 -- what a strip can say
    return Mouth(x / size[0], y / size[1], half_width) if inside else None
