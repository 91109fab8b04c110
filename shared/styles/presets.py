"""The visual styles that a script can name."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from shared.fal.models.ideogram import StyleType
from shared.styles.visual_style import VisualStyle

DEFAULT_PRESET = "cinematic"

# What spoils any of these styles, and a talking clip made from it.
_FLAWS = (
    "text, captions, watermark, logo, frame, collage, extra people, duplicate face, distorted face, asymmetrical eyes, "
    "deformed hands, extra fingers, open mouth, face in profile, face in deep shadow, cropped head, blurry"
)

_STYLES = (
    VisualStyle(
        style_name="cinematic",
        style_prompt=(
            "Cinematic film still from a prestige drama, shot on a large-format camera with a 50mm anamorphic lens, "
            "shallow depth of field with gentle oval bokeh, soft motivated key light with smooth falloff, "
            "warm practical lights against cool ambience, restrained teal and amber colour grade, "
            "natural skin texture, fine film grain, rich but controlled contrast"
        ),
        negative_prompt=f"cartoon, illustration, 3d render, plastic skin, oversaturated colours, flash, {_FLAWS}",
        style_type=StyleType.REALISTIC,
    ),
    VisualStyle(
        style_name="documentary",
        style_prompt=(
            "Authentic observational documentary photograph, available window light, 35mm lens at f/4, "
            "true-to-life colours, real skin with pores and fine lines, lived-in surroundings with honest detail, "
            "unposed and unretouched, neutral white balance, gentle natural contrast"
        ),
        negative_prompt=f"glamour, beauty retouching, studio backdrop, dramatic colour grade, illustration, {_FLAWS}",
        style_type=StyleType.REALISTIC,
    ),
    VisualStyle(
        style_name="corporate",
        style_prompt=(
            "Polished corporate interview photograph, full-frame camera with an 85mm lens, "
            "large softbox key light with gentle fill and a subtle rim light, clean modern colour palette of "
            "white, slate blue and warm wood, crisp detail, bright and trustworthy mood, softly blurred depth"
        ),
        negative_prompt=f"grunge, clutter, harsh shadows, heavy colour grade, stock-photo grin, cartoon, {_FLAWS}",
        style_type=StyleType.REALISTIC,
    ),
    VisualStyle(
        style_name="anime",
        style_prompt=(
            "Hand-drawn anime feature film, clean confident line art of even weight, cel shading in two tones, "
            "luminous painted light, expressive clear eyes and a clearly drawn mouth, harmonious saturated palette, "
            "richly painted detail with atmospheric depth"
        ),
        negative_prompt=f"photograph, photorealism, 3d render, chibi proportions, rough sketch, {_FLAWS}",
        style_type=StyleType.GENERAL,
    ),
    VisualStyle(
        style_name="watercolor",
        style_prompt=(
            "Fine watercolour painting on cold-pressed cotton paper, transparent layered washes, soft wet-in-wet edges "
            "around precise dry-brush detail, delicate pencil underdrawing, visible paper grain, "
            "airy muted palette with a few saturated accents, bright paper left as light"
        ),
        negative_prompt=f"photograph, 3d render, thick oil paint, neon colours, hard digital edges, {_FLAWS}",
        style_type=StyleType.GENERAL,
    ),
    VisualStyle(
        style_name="noir",
        style_prompt=(
            "Black-and-white film noir still of the late 1940s, silver-gelatin print, "
            "deep blacks and luminous highlights, hard light and venetian-blind shadows kept to the surroundings, "
            "a soft key light that keeps eyes and mouth readable, haze in the air, fine monochrome grain, 40mm lens"
        ),
        negative_prompt=f"colour, sepia, modern objects, flat light, cartoon, 3d render, {_FLAWS}",
        style_type=StyleType.REALISTIC,
    ),
    VisualStyle(
        style_name="storybook",
        style_prompt=(
            "Classic children's storybook illustration in gouache and coloured pencil, rounded friendly shapes, "
            "warm layered textures, cosy golden light, simple readable faces with clear eyes and mouth, "
            "gentle earthy palette with bright accents"
        ),
        negative_prompt=f"photograph, photorealism, 3d render, scary mood, harsh contrast, {_FLAWS}",
        style_type=StyleType.GENERAL,
    ),
    VisualStyle(
        style_name="claymation",
        style_prompt=(
            "Stop-motion clay animation still, hand-modelled plasticine with faint fingerprints, "
            "miniature set built of wood, paper and fabric, soft studio light, shallow macro depth of field, "
            "simple sculpted faces with well-defined lips and glass-bead eyes, playful warm palette"
        ),
        negative_prompt=f"photograph of a real person, flat drawing, glossy plastic, smooth 3d render, {_FLAWS}",
        style_type=StyleType.GENERAL,
    ),
)

PRESETS: Mapping[str, VisualStyle] = MappingProxyType({style.style_name: style for style in _STYLES})


class UnknownPreset(ValueError):
    """A script names a style that is not among the presets."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no style named '{name}'; the presets are {', '.join(PRESETS)}")
        self.hint = _suggestion(name)


def _suggestion(name: str) -> str:
    close = get_close_matches(name.strip().lower(), PRESETS, n=1)
    return f"did you mean '{close[0]}'?" if close else "name a preset, or write a style in full"


def _preset_or_own(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in PRESETS:
        raise UnknownPreset(value)
    return PRESETS[value]


class _NameOrStyleSchema:
    """Tells the JSON Schema that a preset's name stands for the style."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(PRESETS), "type": "string"}, handler(schema)]}


StyleField = Annotated[VisualStyle, BeforeValidator(_preset_or_own), _NameOrStyleSchema()]
"""A style as people write it: a preset's name, or a visual style in full."""
