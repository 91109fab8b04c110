"""What each model accepts, as fal's schemas say.

The schemas are those of fal-js (https://github.com/fal-ai/fal-js, ``libs/client/src/types/endpoints.ts``) and of the
models' own pages.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from local.simulator.models import ModelInput

Prompt = Annotated[str, StringConstraints(min_length=1)]


class ImageSize(ModelInput):
    """A size in pixels. fal's bounds are unpublished; these keep a typing error from drawing a wall."""

    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)


class Rgb(ModelInput):
    """A colour."""

    r: int = Field(ge=0, le=255)
    g: int = Field(ge=0, le=255)
    b: int = Field(ge=0, le=255)


class PaletteMember(ModelInput):
    """A colour of a palette and its weight."""

    rgb: Rgb
    color_weight: float | None = Field(default=0.5, ge=0.05, le=1)


class ColorPalette(ModelInput):
    """A palette by name, or by its colours."""

    name: Literal["EMBER", "FRESH", "JUNGLE", "MAGIC", "MELON", "MOSAIC", "PASTEL", "ULTRAMARINE"] | None = None
    members: tuple[PaletteMember, ...] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.name is None) == (self.members is None):
            raise PydanticCustomError("value_error", "Give either the palette's name or its members")
        return self


NamedSize = Literal["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"]

# fmt: off
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
]
# fmt: on


class IdeogramInput(ModelInput):
    """``fal-ai/ideogram/v3``. It has no ``aspect_ratio``."""

    prompt: Prompt
    image_size: NamedSize | ImageSize = "square_hd"
    rendering_speed: Literal["TURBO", "BALANCED", "QUALITY"] = "BALANCED"
    style: Literal["AUTO", "GENERAL", "REALISTIC", "DESIGN"] | None = None
    style_codes: tuple[Annotated[str, StringConstraints(pattern="^[0-9A-Fa-f]{8}$")], ...] | None = None
    style_preset: StylePreset | None = None
    color_palette: ColorPalette | None = None
    image_urls: tuple[str, ...] | None = None
    expand_prompt: bool = True
    negative_prompt: str = ""
    num_images: int = Field(default=1, ge=1, le=8)
    seed: int | None = None
    sync_mode: bool = False

    @model_validator(mode="after")
    def _style_codes_stand_alone(self) -> Self:
        if self.style_codes and (self.style is not None or self.image_urls):
            raise PydanticCustomError("value_error", "style_codes cannot be used with style or image_urls")
        return self


class KontextMultiInput(ModelInput):
    """``fal-ai/flux-pro/kontext/multi`` and ``.../max/multi``."""

    prompt: Prompt
    image_urls: tuple[str, ...] = Field(min_length=1)
    guidance_scale: float = Field(default=3.5, ge=1, le=20)
    num_images: int = Field(default=1, ge=1, le=4)
    output_format: Literal["jpeg", "png"] = "jpeg"
    safety_tolerance: Literal["1", "2", "3", "4", "5", "6"] = "2"
    enhance_prompt: bool = False
    aspect_ratio: Literal["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"] | None = None
    seed: int | None = None
    sync_mode: bool = False


class TalkingHeadInput(ModelInput):
    """What all talking-head models take."""

    image_url: str
    audio_url: str
    prompt: str | None = None


class HedraCharacterInput(TalkingHeadInput):
    """``fal-ai/hedra-character-2``.

    An assumption: no page of this endpoint was found. The inputs are those of Hedra's own API, in fal's manner.
    """

    aspect_ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"] | None = None
    resolution: Literal["540p", "720p", "1080p"] = "720p"
    seed: int | None = None


class FabricInput(TalkingHeadInput):
    """``veed/fabric-1.0``. The picture's shape is the image's."""

    resolution: Literal["480p", "720p"]


class KlingAvatarInput(TalkingHeadInput):
    """``fal-ai/kling-video/ai-avatar/v2/standard``. The picture's shape is the image's."""
