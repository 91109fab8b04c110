"""An episode's aspect ratio, and how each model is told of it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from shared.fal.models.hedra import HedraAspectRatio
from shared.fal.models.ideogram import ImageSizeName


class AspectRatio(StrEnum):
    """Width to height of the episode's picture."""

    LANDSCAPE_16_9 = "16:9"
    PORTRAIT_9_16 = "9:16"
    SQUARE_1_1 = "1:1"
    LANDSCAPE_4_3 = "4:3"
    PORTRAIT_3_4 = "3:4"


def _with_colon(value: object) -> object:
    return value.replace("_", ":") if isinstance(value, str) else value


AspectRatioField = Annotated[
    AspectRatio,
    BeforeValidator(_with_colon),
    WithJsonSchema({"type": "string", "enum": [*AspectRatio, *(ratio.replace(":", "_") for ratio in AspectRatio)]}),
]
"""An aspect ratio as people write it: `16:9` or `16_9`."""

IDEOGRAM_IMAGE_SIZE: Mapping[AspectRatio, ImageSizeName] = MappingProxyType(
    {
        AspectRatio.LANDSCAPE_16_9: "landscape_16_9",
        AspectRatio.PORTRAIT_9_16: "portrait_16_9",
        AspectRatio.SQUARE_1_1: "square_hd",
        AspectRatio.LANDSCAPE_4_3: "landscape_4_3",
        AspectRatio.PORTRAIT_3_4: "portrait_4_3",
    }
)
"""Ideogram names the orientation and then the longer side first: 9:16 is `portrait_16_9`."""

FAL_ASPECT_RATIO: Mapping[AspectRatio, HedraAspectRatio] = MappingProxyType(
    {
        AspectRatio.LANDSCAPE_16_9: "16:9",
        AspectRatio.PORTRAIT_9_16: "9:16",
        AspectRatio.SQUARE_1_1: "1:1",
        AspectRatio.LANDSCAPE_4_3: "4:3",
        AspectRatio.PORTRAIT_3_4: "3:4",
    }
)
"""Kontext and Hedra take the same spelling, with a colon; Hedra's are a part of Kontext's."""
