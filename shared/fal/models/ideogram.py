"""Ideogram V3 on fal.ai: portraits and backgrounds.

Inputs and outputs: https://fal.ai/models/fal-ai/ideogram/v3/api, and the published types of fal's JavaScript client
(`IdeogramV3Input` in https://github.com/fal-ai/fal-js, `libs/client/src/types/endpoints.ts`). Bounds that fal leaves
out are Ideogram's own: https://developer.ideogram.ai/api-reference/api-reference/generate-v3.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from shared.fal.models.media import first_image
from shared.fal.models.request import FalRequest, FileUrl, NotInline, OneImage, RequestPrompt, Seed
from shared.frozen import Frozen
from shared.providers.media import MediaFile

ENDPOINT = "fal-ai/ideogram/v3"
MAX_STYLE_REFERENCE_BYTES = 10_000_000
"""All style references of one request together."""


class RenderingSpeed(StrEnum):
    """How long Ideogram works on an image, and what it costs."""

    TURBO = "TURBO"
    BALANCED = "BALANCED"
    QUALITY = "QUALITY"


class StyleType(StrEnum):
    """The kind of image that Ideogram makes."""

    AUTO = "AUTO"
    GENERAL = "GENERAL"
    REALISTIC = "REALISTIC"
    DESIGN = "DESIGN"


ImageSizeName = Literal["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"]

StylePreset = Literal[
    "80S_ILLUSTRATION", "90S_NOSTALGIA", "ABSTRACT_ORGANIC", "ANALOG_NOSTALGIA", "ART_BRUT", "ART_DECO", "ART_POSTER",
    "AURA", "AVANT_GARDE", "BAUHAUS", "BLUEPRINT", "BLURRY_MOTION", "BRIGHT_ART", "C4D_CARTOON", "CHILDRENS_BOOK",
    "COLLAGE", "COLORING_BOOK_I", "COLORING_BOOK_II", "CUBISM", "DARK_AURA", "DOODLE", "DOUBLE_EXPOSURE",
    "DRAMATIC_CINEMA", "EDITORIAL", "EMOTIONAL_MINIMAL", "ETHEREAL_PARTY", "EXPIRED_FILM", "FLAT_ART", "FLAT_VECTOR",
    "FOREST_REVERIE", "GEO_MINIMALIST", "GLASS_PRISM", "GOLDEN_HOUR", "GRAFFITI_I", "GRAFFITI_II", "HALFTONE_PRINT",
    "HIGH_CONTRAST", "HIPPIE_ERA", "ICONIC", "JAPANDI_FUSION", "JAZZY", "LONG_EXPOSURE", "MAGAZINE_EDITORIAL",
    "MINIMAL_ILLUSTRATION", "MIXED_MEDIA", "MONOCHROME", "NIGHTLIFE", "OIL_PAINTING", "OLD_CARTOONS", "PAINT_GESTURE",
    "POP_ART", "RETRO_ETCHING", "RIVIERA_POP", "SPOTLIGHT_80S", "STYLIZED_RED", "SURREAL_COLLAGE", "TRAVEL_POSTER",
    "VINTAGE_GEO", "VINTAGE_POSTER", "WATERCOLOR", "WEIRD", "WOODBLOCK_PRINT",
]  # fmt: skip

ColorPaletteName = Literal["EMBER", "FRESH", "JUNGLE", "MAGIC", "MELON", "MOSAIC", "PASTEL", "ULTRAMARINE"]


def _eight_hexadecimal_digits(code: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{8}", code):
        raise ValueError("must be 8 hexadecimal digits, as in '3F5A9C01'")
    return code


StyleCode = Annotated[
    str, AfterValidator(_eight_hexadecimal_digits), Field(json_schema_extra={"pattern": "^[0-9A-Fa-f]{8}$"})
]

ColorChannel = Annotated[int, Field(ge=0, le=255)]


class PixelSize(Frozen):
    """An image's size in pixels; Ideogram moves it to the nearest size that it can make."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class RgbColor(Frozen):
    """A colour, each channel from 0 to 255."""

    r: ColorChannel
    g: ColorChannel
    b: ColorChannel


class ColorPaletteMember(Frozen):
    """A colour of a palette, and how much of the image it should take."""

    rgb: RgbColor
    color_weight: float | None = Field(default=None, ge=0.05, le=1)


class ColorPalette(Frozen):
    """Colours that the image should keep to: a palette of Ideogram's, or one's own."""

    name: ColorPaletteName | None = None
    members: tuple[ColorPaletteMember, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_named_or_listed(self) -> Self:
        if (self.name is None) == (self.members is None):
            raise ValueError("a color_palette has either a `name` or a list of `members`, one of the two")
        return self


def _kind_of_image_size(value: object) -> str:
    return "pixels" if isinstance(value, Mapping | PixelSize) else "name"


ImageSize = Annotated[
    Annotated[ImageSizeName, Tag("name")] | Annotated[PixelSize, Tag("pixels")], Discriminator(_kind_of_image_size)
]


class IdeogramOptions(FalRequest):
    """The inputs of Ideogram V3 that a script may set; those left out are not sent."""

    image_size: ImageSize | None = None
    rendering_speed: RenderingSpeed | None = None
    style: StyleType | None = None
    style_codes: tuple[StyleCode, ...] | None = Field(default=None, min_length=1)
    style_preset: StylePreset | None = None
    color_palette: ColorPalette | None = None
    expand_prompt: bool | None = None
    negative_prompt: str | None = None
    seed: Seed | None = None
    num_images: OneImage = 1
    sync_mode: NotInline = False

    @model_validator(mode="after")
    def _style_is_said_once(self) -> Self:
        if self.style_codes is not None and self.style is not None:
            raise ValueError("style_codes cannot be used together with style: leave one of the two out")
        return self


class IdeogramRequest(IdeogramOptions):
    """The input of Ideogram V3."""

    prompt: RequestPrompt
    image_urls: tuple[FileUrl, ...] | None = Field(default=None, min_length=1)
    """Style references: JPEG, PNG or WebP, at most `MAX_STYLE_REFERENCE_BYTES` together."""

    @model_validator(mode="after")
    def _style_codes_stand_alone(self) -> Self:
        if self.style_codes is not None and self.image_urls is not None:
            raise ValueError("style_codes cannot be used together with style references: leave one of the two out")
        return self


def image_from(response: object) -> MediaFile:
    """Return the image of Ideogram's answer `response` (its JSON); see `media.first_image` for what it raises."""
    return first_image(response, model_name="Ideogram V3")
