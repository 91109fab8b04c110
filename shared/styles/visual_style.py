"""A visual style: how everything in an episode looks."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.fal.models.ideogram import RenderingSpeed, StyleType
from shared.frozen import Frozen
from shared.styles.aspect_ratio import AspectRatioField

MAX_STYLE_PROMPT = 2000

StyleName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
StylePrompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_STYLE_PROMPT)]
NegativePrompt = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_STYLE_PROMPT)]


class VisualStyle(Frozen):
    """How everything in an episode looks; a part of each prompt, and of Ideogram's inputs."""

    style_name: StyleName = Field(description="What people call the style; a new name alone buys nothing.")
    style_prompt: StylePrompt = Field(
        description="Medium, light, lens and colours, without a subject: it stands in the prompts of people and places."
    )
    negative_prompt: NegativePrompt = Field(default="", description="What must not be in portraits and backgrounds.")
    rendering_speed: RenderingSpeed | None = Field(
        default=None, description="The speed for scripts that name none of their own."
    )
    style_type: StyleType = Field(default=StyleType.AUTO, description="The kind of image that Ideogram makes.")
    expand_prompt: bool = Field(
        default=False,
        description="Let Ideogram rewrite the prompts. It adds detail, and may lose a frontal face or an empty scene.",
    )
    aspect_ratio: AspectRatioField | None = Field(
        default=None, description="The aspect ratio for scripts that name none of their own."
    )
