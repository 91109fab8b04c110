"""FLUX.1 Kontext with several input images on fal.ai: composites.

Inputs and outputs: https://fal.ai/models/fal-ai/flux-pro/kontext/multi/api; the `max` endpoint takes the same.
"""

from typing import Literal

from pydantic import Field

from shared.fal.models.media import first_image
from shared.fal.models.request import FalRequest, FileUrl, NotInline, OneImage, RequestPrompt, Seed
from shared.providers.media import MediaFile

MULTI_ENDPOINT = "fal-ai/flux-pro/kontext/multi"
MAX_MULTI_ENDPOINT = "fal-ai/flux-pro/kontext/max/multi"

KontextAspectRatio = Literal["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"]
SafetyTolerance = Literal["1", "2", "3", "4", "5", "6"]


class KontextOptions(FalRequest):
    """The inputs of Kontext that a script may set; those left out are not sent."""

    aspect_ratio: KontextAspectRatio | None = None
    guidance_scale: float | None = Field(default=None, ge=1, le=20)
    output_format: Literal["jpeg", "png"] | None = None
    safety_tolerance: SafetyTolerance | None = None
    enhance_prompt: bool | None = None
    seed: Seed | None = None
    num_images: OneImage = 1
    sync_mode: NotInline = False


class KontextRequest(KontextOptions):
    """The input of Kontext: a prompt and the images that it speaks of, in the prompt's order."""

    prompt: RequestPrompt
    image_urls: tuple[FileUrl, ...] = Field(min_length=1)


def image_from(response: object) -> MediaFile:
    """Return the image of Kontext's answer `response` (its JSON); see `media.first_image` for what it raises."""
    return first_image(response, model_name="Flux Kontext")
