"""The script as it is once read: every value checked, every default filled in."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from shared.fal.models.hedra import HedraOptions
from shared.fal.models.ideogram import IdeogramOptions, RenderingSpeed
from shared.fal.models.kontext import KontextOptions
from shared.frozen import Frozen
from shared.providers.engines import Engine
from shared.providers.routing import RoutingField
from shared.script.consistency import refuse_contradictions
from shared.script.edit import Edit
from shared.script.limits import (
    MAX_CHARACTERS,
    MAX_NAME,
    MAX_PROMPT,
    MAX_SCENES,
    MAX_STYLE_REFERENCES,
    MAX_TEXT,
    MAX_TITLE,
)
from shared.script.paths import (
    AudioPath,
    BackgroundPath,
    ClipPath,
    FontPath,
    MusicPath,
    PortraitPath,
    StyleReferencePath,
)
from shared.script.problems import quoted
from shared.script.text import composed, on_one_line
from shared.styles.aspect_ratio import AspectRatio, AspectRatioField
from shared.styles.presets import DEFAULT_PRESET, PRESETS, StyleField
from shared.styles.prompt_endings import PromptEndings

_A_DAY = 86_400

# The form of https://www.rfc-editor.org/info/bcp47; whether a language has the tag is not looked up.
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _language_tag(tag: str) -> str:
    if not _LANGUAGE_TAG.fullmatch(tag):
        raise ValueError(f"must be a language tag such as 'en' or 'pt-BR', found {quoted(tag)}")
    return tag


# A name may be typed on one machine and declared on another: an accent is one letter here, however it was typed.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME),
    AfterValidator(on_one_line),
    AfterValidator(composed),
]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), AfterValidator(on_one_line)
]
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PROMPT)]
SpokenText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
LanguageTag = Annotated[
    str, AfterValidator(_language_tag), Field(json_schema_extra={"pattern": f"^{_LANGUAGE_TAG.pattern}$"})
]
Seconds = Annotated[float, Field(ge=0, le=_A_DAY)]
Take = Annotated[int, Field(ge=1, le=1000, description="A new take buys a new variant of the same thing.")]
Usd = Annotated[
    Decimal,
    Field(ge=0, le=100_000, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100_000}),
]


class Resolution(StrEnum):
    """The height of the episode's picture in landscape, the width in portrait orientation."""

    P540 = "540p"
    P720 = "720p"
    P1080 = "1080p"


class ReviewMode(StrEnum):
    """Where a run waits for a person."""

    NONE = "none"
    STORYBOARD = "storyboard"


def _in_a_usable_order(engines: tuple[Engine, ...]) -> tuple[Engine, ...]:
    if len(set(engines)) < len(engines):
        raise ValueError("names an engine twice: each one is tried once")
    if Engine.STILL in engines[:-1]:
        raise ValueError("names engines after 'still': it always succeeds, so that it can only be the last")
    return engines


Engines = Annotated[tuple[Engine, ...], Field(min_length=1), AfterValidator(_in_a_usable_order)]


def _each_once(outputs: tuple[AspectRatio, ...]) -> tuple[AspectRatio, ...]:
    if len(set(outputs)) < len(outputs):
        raise ValueError("names an aspect ratio twice: each one is made once")
    return outputs


Outputs = Annotated[tuple[AspectRatioField, ...], Field(max_length=len(AspectRatio)), AfterValidator(_each_once)]


class LineModelOptions(Frozen):
    """Inputs of the models that make a line's own pictures."""

    kontext: KontextOptions = Field(default_factory=KontextOptions, description="Composites.")
    hedra: HedraOptions = Field(default_factory=HedraOptions, description="Talking clips.")


class ModelOptions(LineModelOptions):
    """Inputs of the models, beside those that the script has fields of its own for."""

    ideogram: IdeogramOptions = Field(default_factory=IdeogramOptions, description="Portraits and backgrounds.")


class Caps(Frozen):
    """What an episode may buy at most, in all its runs together; a quote above what is left buys nothing."""

    usd: Usd | None = Field(default=None, description="US dollars, of all providers together.")
    images: int | None = Field(default=None, ge=0, description="Portraits, backgrounds and composites.")
    clip_seconds: float | None = Field(default=None, ge=0, description="Seconds of talking clips.")


class CaptionSettings(Frozen):
    """How the text of the lines is shown."""

    burn_in: bool = Field(default=False, description="Draw the captions into the picture, beside the caption files.")


class Character(Frozen):
    """Someone who speaks."""

    name: Name = Field(description="What lines call the character; it is no part of a prompt.")
    prompt: Prompt = Field(description="What the character looks like.")
    style_references: tuple[StyleReferencePath, ...] = Field(
        default=(), max_length=MAX_STYLE_REFERENCES, description="Images whose style the portrait takes up."
    )
    portrait: PortraitPath | None = Field(default=None, description="An own image instead of a generated one.")
    take: Take = 1
    models: ModelOptions = Field(default_factory=ModelOptions)


class Line(Frozen):
    """One character speaking one piece of audio."""

    character: Name = Field(description="The name of a character.")
    position: Prompt = Field(description="Where the character is in the scene, and what the character does.")
    audio: AudioPath = Field(description="The recording.")
    start: Seconds | None = Field(default=None, description="Where the line begins in the audio, in seconds.")
    end: Seconds | None = Field(default=None, description="Where the line ends in the audio, in seconds.")
    text: SpokenText | None = Field(default=None, description="What is said, for captions.")
    clip: ClipPath | None = Field(default=None, description="An own video instead of a generated one.")
    take: Take = 1
    models: LineModelOptions = Field(default_factory=LineModelOptions)

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end is not None and self.end <= (self.start or 0):
            raise ValueError(f"ends at {self.end:g} s, which is not after its start at {self.start or 0:g} s")
        return self


class Scene(Frozen):
    """A place, and what is said there."""

    number: int = Field(ge=0, le=9999, description="The scene's number, once in a script; the order is the file's.")
    environment: Prompt = Field(description="What the place looks like.")
    background: BackgroundPath | None = Field(default=None, description="An own image instead of a generated one.")
    take: Take = 1
    models: ModelOptions = Field(default_factory=ModelOptions)
    lines: tuple[Line, ...] = Field(min_length=1)


def _first_aspect_ratio(validated: dict[str, Any]) -> AspectRatio:
    outputs: tuple[AspectRatio, ...] = validated.get("outputs", ())
    if outputs:
        return outputs[0]
    return validated.get("style", PRESETS[DEFAULT_PRESET]).aspect_ratio or AspectRatio.LANDSCAPE_16_9


def _rendering_speed_of_style(validated: dict[str, Any]) -> RenderingSpeed:
    return validated.get("style", PRESETS[DEFAULT_PRESET]).rendering_speed or RenderingSpeed.BALANCED


class Script(Frozen):
    """An episode, as its author wrote it down."""

    title: Title
    language: LanguageTag | None = Field(
        default=None, description="The language that is spoken, as in 'en' or 'pt-BR'."
    )
    style: StyleField = Field(
        default_factory=lambda: PRESETS[DEFAULT_PRESET],
        description=f"A preset's name, or a style in full; by default {DEFAULT_PRESET}.",
    )
    outputs: Outputs = Field(
        default=(), description="The aspect ratios of the videos to make, if there are to be several."
    )
    aspect_ratio: AspectRatioField = Field(
        default_factory=_first_aspect_ratio,
        description="In which pictures and clips are generated. By default the first of outputs, the style's, or 16:9.",
    )
    rendering_speed: RenderingSpeed = Field(
        default_factory=_rendering_speed_of_style,
        description="TURBO for previews, QUALITY for the final episode. By default the style's, or else BALANCED.",
    )
    resolution: Resolution = Resolution.P720
    engines: Engines = Field(
        default=(Engine.HEDRA, Engine.STILL), description="Talking-head engines, in the order in which they are tried."
    )
    providers: RoutingField | None = Field(
        default=None,
        description="Who makes pictures and clips, in the order in which they are asked: fal, replicate, hedra, or "
        "resilient for all who can. For all of them, or for each of portrait, background, composite and clip.",
    )
    models: ModelOptions = Field(default_factory=ModelOptions)
    prompt_endings: PromptEndings = Field(default_factory=PromptEndings)
    review: ReviewMode = Field(default=ReviewMode.NONE, description="'storyboard' stops before clips are paid for.")
    caps: Caps = Field(default_factory=Caps)
    captions: CaptionSettings = Field(default_factory=CaptionSettings)
    font: FontPath | None = Field(
        default=None, description="An own font for what is drawn, instead of the shipped one."
    )
    music: MusicPath | None = Field(default=None, description="Music under the whole episode.")
    edit: Edit = Field(default_factory=Edit, description="How the lines are cut together.")
    characters: tuple[Character, ...] = Field(min_length=1, max_length=MAX_CHARACTERS)
    scenes: tuple[Scene, ...] = Field(min_length=1, max_length=MAX_SCENES)

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        refuse_contradictions(self)
        return self

    @property
    def videos(self) -> tuple[AspectRatio, ...]:
        """The aspect ratios of the videos to make, that of what is generated first."""
        return (self.aspect_ratio, *(output for output in self.outputs if output is not self.aspect_ratio))

    def character(self, name: str) -> Character:
        """Return the character of this name, as lines give it."""
        return next(character for character in self.characters if character.name == name)
