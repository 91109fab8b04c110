"""The look of a picture as a whole: the style that the prompt names, given style pictures, and film grain."""

import io
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image, ImageFilter

from local.fal_media.colours import Pixels
from local.fal_media.prompt_words import PromptWords

Style: TypeAlias = Literal["noir", "watercolor", "anime", "documentary", "cinematic", "corporate", "vintage", "plain"]
_STYLES: dict[Style, tuple[str, ...]] = {
    "noir": ("noir", "film noir", "black and white", "monochrome"),
    "watercolor": ("watercolor", "watercolour", "aquarelle", "painting", "painted", "illustration"),
    "anime": ("anime", "manga", "cartoon", "comic", "ghibli"),
    "documentary": ("documentary", "realistic", "natural", "photojournalism"),
    "cinematic": ("cinematic", "film", "movie", "dramatic"),
    "corporate": ("corporate", "business", "clean", "commercial"),
    "vintage": ("vintage", "retro", "sepia", "nostalgic", "1950s", "1970s"),
}
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def grade(image: Image.Image, words: PromptWords, style_images: Sequence[bytes] = ()) -> Image.Image:
    """
    Give the picture the style that the prompt names, and the colours of the style pictures.

    Parameters
    ----------
    image
        An RGB picture.
    words
        The prompt; its style stands after the first sentence, if it has several.
    style_images
        Pictures as files; the result leans towards their average colours.
    """
    style = words.style().first_mentioned(_STYLES) or "plain"
    pixels: Pixels = np.asarray(image, np.float32) / 255
    if style_images:
        pixels = lean_towards(pixels, style_images)
    pixels = _styled(pixels, style, words)
    grain = {"noir": 0.022, "documentary": 0.014, "cinematic": 0.011, "vintage": 0.018}.get(style, 0.006)
    noise = words.chance("grain").standard_normal(pixels.shape[:2], dtype=np.float32)
    pixels = pixels + noise[..., None] * grain
    return Image.fromarray((pixels.clip(0, 1) * 255 + 0.5).astype(np.uint8))


def _styled(pixels: Pixels, style: Style, words: PromptWords) -> Pixels:
    luma = (pixels @ _LUMA)[..., None]
    match style:
        case "noir":
            contrast = luma + (luma * luma * (3 - 2 * luma) - luma) * 0.9
            return _vignette(contrast * np.array([0.97, 0.985, 1.0], np.float32), 0.5)
        case "watercolor":
            return _watercolor(pixels, words)
        case "anime":
            vivid = luma + (pixels - luma) * 1.5
            return np.asarray((vivid - 0.5) * 1.06 + 0.545 + 0.03 * (luma > 0.75), np.float32)  # noqa: PLR2004 -- lights bloom
        case "documentary":
            muted = luma + (pixels - luma) * 0.62
            return _vignette((muted - 0.5) * 0.94 + 0.49, 0.18)
        case "cinematic":
            shadows = np.array([-0.05, 0.0, 0.055], np.float32) * (1 - luma)
            lights = np.array([0.06, 0.018, -0.055], np.float32) * luma
            return _vignette((pixels + shadows + lights - 0.5) * 1.1 + 0.485, 0.36)
        case "corporate":
            cool = luma + (pixels - luma) * 0.84
            return np.asarray(cool * np.array([0.95, 0.985, 1.02], np.float32) * 0.93 + 0.075, np.float32)
        case "vintage":
            sepia = luma * np.array([1.07, 0.93, 0.74], np.float32)
            return _vignette(pixels * 0.4 + sepia * 0.6 + 0.015, 0.3)
        case "plain":
            return _vignette(pixels, 0.1)


def _vignette(pixels: Pixels, strength: float) -> Pixels:
    height, width = pixels.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    falloff = 1 - strength * np.clip((x * x + y * y) / 2 - 0.12, 0, 1)
    return np.asarray(pixels * falloff[..., None], np.float32)


def _watercolor(pixels: Pixels, words: PromptWords) -> Pixels:
    """Soften, lighten, and let pigment settle unevenly on rough paper, darker along edges."""
    height, width = pixels.shape[:2]
    image = Image.fromarray((pixels.clip(0, 1) * 255).astype(np.uint8))
    soft = np.asarray(image.filter(ImageFilter.MedianFilter(5)), np.float32) / 255
    wide = np.asarray(image.reduce(4).filter(ImageFilter.GaussianBlur(3)).resize((width, height)), np.float32) / 255
    chance = words.chance("paper")
    wash = np.zeros((height, width), np.float32)
    for cell, weight in ((110, 0.06), (40, 0.025), (3, 0.05)):
        coarse = chance.uniform(-1, 1, (height // cell + 2, width // cell + 2)).astype(np.float32)
        wash += weight * np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    edge = np.clip((wide @ _LUMA) - (soft @ _LUMA), 0, 0.2)
    pale = 1 - (1 - soft) * (0.8 + wash)[..., None]
    return np.asarray(pale - 0.35 * edge[..., None] * (1 - soft), np.float32)


def lean_towards(pixels: Pixels, style_images: Sequence[bytes]) -> Pixels:
    """Move each channel's mean and spread part of the way to the style pictures' (Reinhard et al., 2001)."""
    thumbnails = [Image.open(io.BytesIO(data)).convert("RGB").resize((32, 32)) for data in style_images]
    samples = np.concatenate([np.asarray(thumbnail, np.float32).reshape(-1, 3) / 255 for thumbnail in thumbnails])
    mean, spread = pixels.mean((0, 1)), pixels.std((0, 1)) + 1e-3
    ratio = np.clip(samples.std(0) / spread, 0.6, 1.5)
    moved = (pixels - mean) * (1 + (ratio - 1) * 0.4) + mean + (samples.mean(0) - mean) * 0.4
    return np.asarray(moved, np.float32)
