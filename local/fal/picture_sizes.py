"""How large, in pixels, what fal's models make is."""

from local.fal.model_inputs import ImageSize
from local.simulator.media import Size
from local.simulator.picture_sizes import nearest_in_shape, size_in_shape

# fal's named sizes (https://fal.ai/docs, ``ImageSize``). That Ideogram keeps to them exactly is unverified.
_NAMED: dict[str, Size] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}

# The sizes of about one megapixel that FLUX Kontext was made for: see PREFERRED_KONTEXT_RESOLUTIONS in
# https://github.com/huggingface/diffusers (``pipeline_flux_kontext.py``).
_KONTEXT: dict[str, Size] = {
    "21:9": (1568, 672),
    "16:9": (1392, 752),
    "4:3": (1184, 880),
    "3:2": (1248, 832),
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:4": (880, 1184),
    "9:16": (752, 1392),
    "9:21": (672, 1568),
}

_HEDRA_RATIOS: dict[str, Size] = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4)}


def ideogram_size(requested: str | ImageSize) -> Size:
    """Return the size of a named or a free size."""
    return (requested.width, requested.height) if isinstance(requested, ImageSize) else _NAMED[requested]


def kontext_size(aspect_ratio: str | None, first_image: Size) -> Size:
    """Return the size for an aspect ratio; without one, the size nearest in shape to the first image."""
    return _KONTEXT[aspect_ratio] if aspect_ratio is not None else nearest_in_shape(_KONTEXT, first_image)


def hedra_size(aspect_ratio: str | None, resolution: str, image: Size) -> Size:
    """Return the size for an aspect ratio and a resolution such as ``720p``; without a ratio, the image's nearest."""
    shape = _HEDRA_RATIOS[aspect_ratio] if aspect_ratio is not None else nearest_in_shape(_HEDRA_RATIOS, image)
    return size_in_shape(shape, resolution)
