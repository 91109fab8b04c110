"""How large, in pixels, what the models make is."""

from collections.abc import Mapping

from local.fal.media import Size
from local.fal.picture_sizes import size_in_shape

# Of Gemini's image models at 1K, which nano-banana-2 is one of
# (https://ai.google.dev/gemini-api/docs/image-generation#aspect_ratios_and_image_size).
_NANO_BANANA: Mapping[str, Size] = {
    "1:1": (1024, 1024),
    "2:3": (848, 1264),
    "3:2": (1264, 848),
    "3:4": (896, 1200),
    "4:3": (1200, 896),
    "4:5": (928, 1152),
    "5:4": (1152, 928),
    "9:16": (768, 1376),
    "16:9": (1376, 768),
    "21:9": (1584, 672),
}
_SCALE: Mapping[str, float] = {"512": 0.5, "512px": 0.5, "1K": 1, "2K": 2, "4K": 4}


def nano_banana_size(aspect_ratio: str, resolution: str, first_image: Size | None) -> Size:
    """Return the size of a picture of nano-banana-2.

    Parameters
    ----------
    aspect_ratio
        Such as ``16:9``; anything that is none means that of the first image, or a square.
    """
    size = _NANO_BANANA.get(aspect_ratio) or _nearest(first_image)
    width, height = (round(side * _SCALE[resolution]) for side in size)
    return width, height


def clip_size(aspect_ratio: str, resolution: str) -> Size:
    """Return the size of a clip by its ratio, such as ``16:9``, and its shorter side, such as ``720p``."""
    width, height = (int(side) for side in aspect_ratio.split(":"))
    return size_in_shape((width, height), resolution)


def _nearest(image: Size | None) -> Size:
    if image is None:
        return _NANO_BANANA["1:1"]
    ratio = image[0] / image[1]
    # On a scale on which twice as wide is as far as twice as high.
    return min(_NANO_BANANA.values(), key=lambda size: max(size[0] / size[1] / ratio, ratio * size[1] / size[0]))
