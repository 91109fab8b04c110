"""How large, in pixels, what the models make is."""

from collections.abc import Mapping

from local.simulator.media import Size

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
    size = _NANO_BANANA.get(aspect_ratio) or nearest_in_shape(_NANO_BANANA, first_image or _NANO_BANANA["1:1"])
    width, height = (round(side * _SCALE[resolution]) for side in size)
    return width, height


def clip_size(aspect_ratio: str, resolution: str) -> Size:
    """Return the size of a clip by its ratio, such as ``16:9``, and its shorter side, such as ``720p``."""
    width, height = (int(side) for side in aspect_ratio.split(":"))
    return size_in_shape((width, height), resolution)


def size_in_shape(shape: Size, resolution: str) -> Size:
    """Return the even size in the proportions of ``shape`` whose shorter side has the resolution's pixels."""
    short = int(resolution.removesuffix("p"))
    scale = short / min(shape)
    return (_even(shape[0] * scale), _even(shape[1] * scale))


def nearest_in_shape(sizes: Mapping[str, Size], image: Size) -> Size:
    """Return the size that is nearest in its proportions to an image."""
    ratio = image[0] / image[1]
    # On a scale on which twice as wide is as far as twice as high.
    return min(sizes.values(), key=lambda size: max(size[0] / size[1] / ratio, ratio * size[1] / size[0]))


def _even(length: float) -> int:
    # H.264 in 4:2:0 needs even sides.
    return 2 * round(length / 2)
