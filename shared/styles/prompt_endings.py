"""The default endings of prompts: what the models that come after a picture need to see in it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.frozen import Frozen

MAX_ENDING = 2000

Ending = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_ENDING)]

# A talking clip animates the face that it is given: it must be whole, near, lit and at rest.
PORTRAIT_ENDING = (
    "One person alone, frontal view, head and shoulders, facing the camera at eye level and looking into the lens, "
    "the whole face visible, neutral relaxed expression with closed lips, "
    "soft even light on both sides of the face, plain neutral background, sharp focus on the eyes"
)
# The composite brings the person: anyone who is there already would be in the way.
BACKGROUND_ENDING = (
    "An empty scene with no people and no figures, seen at eye level, with clear open space in the middle foreground "
    "where one person could stand, natural perspective, one clear direction of light, no text and no signs"
)
COMPOSITE_ENDING = (
    "Keep the person's face, hair, age and clothing exactly as in the first image, "
    "and the place recognisably the one in the second image. "
    "Match the light, colour temperature, shadows, scale and perspective of the place, "
    "so that the two look like one shot from one camera. "
    "Medium shot from the waist up, the face large enough to read, turned towards the camera, evenly lit, "
    "nothing in front of it, the mouth closed and fully visible"
)


class PromptEndings(Frozen):
    """What is added to the end of every prompt of a kind; an empty text adds nothing."""

    portrait: Ending = Field(default=PORTRAIT_ENDING, description="The end of every portrait's prompt.")
    background: Ending = Field(default=BACKGROUND_ENDING, description="The end of every background's prompt.")
    composite: Ending = Field(default=COMPOSITE_ENDING, description="The end of every composite's prompt.")
