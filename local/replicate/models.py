"""The models: what each accepts, makes and costs.

Inputs are those of the models' pages, https://replicate.com/<owner>/<name>/api/schema. Prices are of 2026-11-22 and not
shared with the callers, so that a bill can be held against them.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from local.simulator.making import Limits, make_picture, make_talking_clip
from local.simulator.media import Size
from local.simulator.models import Endpoint, Job, Made, ModelInput
from local.simulator.picture_sizes import nano_banana_size, size_in_shape
from local.simulator.prices import Price

# Kling's own list of limits; Replicate's page has none, and one integrator found 60 s.
_KLING = Limits(audio_bytes=5_000_000, shortest_seconds=2, longest_seconds=60)
# VEED's documentation; Replicate's page is silent.
_FABRIC = Limits(longest_seconds=300)


class NanoBananaInput(ModelInput):
    """``google/nano-banana-2``."""

    prompt: Annotated[str, StringConstraints(min_length=1)]
    image_input: tuple[str, ...] = Field(default=(), max_length=14)
    aspect_ratio: Literal[
        "match_input_image", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"
    ] = "match_input_image"
    resolution: Literal["512", "1K", "2K", "4K"] = "1K"
    output_format: Literal["jpg", "png"] = "jpg"
    google_search: bool = False
    image_search: bool = False


class KlingAvatarInput(ModelInput):
    """``kwaivgi/kling-avatar-v2``. The picture's shape is the image's."""

    image: str
    audio: str
    mode: Literal["std", "pro"] = "std"
    prompt: str | None = None


class FabricInput(ModelInput):
    """``veed/fabric-1.0``. The picture's shape is the image's."""

    image: str
    audio: str
    resolution: Literal["480p", "720p"] = "720p"


async def _nano_banana(inputs: NanoBananaInput, job: Job) -> Made:
    def size(first_image: Size | None) -> Size:
        return nano_banana_size(inputs.aspect_ratio, inputs.resolution, first_image)

    return await make_picture(
        job,
        inputs.prompt,
        [(url, ("image_input", index)) for index, url in enumerate(inputs.image_input)],
        size=size,
        output_format="jpeg" if inputs.output_format == "jpg" else "png",
    )


async def _kling_avatar(inputs: KlingAvatarInput, job: Job) -> Made:
    # How many lines each mode has is unverified.
    resolution = "720p" if inputs.mode == "std" else "1080p"
    return await make_talking_clip(
        job,
        (inputs.image, ("image",)),
        (inputs.audio, ("audio",)),
        size=lambda shape: size_in_shape(shape, resolution),
        limits=_KLING,
    )


async def _fabric(inputs: FabricInput, job: Job) -> Made:
    return await make_talking_clip(
        job,
        (inputs.image, ("image",)),
        (inputs.audio, ("audio",)),
        size=lambda shape: size_in_shape(shape, inputs.resolution),
        limits=_FABRIC,
    )


MODELS: Mapping[str, Endpoint] = {
    model.endpoint_id: model
    for model in (
        Endpoint(
            "google/nano-banana-2",
            "Nano Banana 2",
            "image",
            NanoBananaInput,
            _nano_banana,
            # Third parties' figure for 1K; that a larger picture costs as much is unverified.
            Price("images", {"": Decimal("0.08")}, usual=""),
        ),
        Endpoint(
            "kwaivgi/kling-avatar-v2",
            "Kling Avatar v2",
            "video",
            KlingAvatarInput,
            _kling_avatar,
            Price("seconds", {"std": Decimal("0.056"), "pro": Decimal("0.115")}, usual="std", varies_by="mode"),
        ),
        Endpoint(
            "veed/fabric-1.0",
            "Fabric 1.0",
            "video",
            FabricInput,
            _fabric,
            Price("seconds", {"480p": Decimal("0.08"), "720p": Decimal("0.15")}, usual="720p", varies_by="resolution"),
        ),
    )
}


def version_of(model: str) -> str:
    """Return the id of a model's only version: 64 hexadecimal digits."""
    return hashlib.sha256(model.encode()).hexdigest()


def model_named(reference: str) -> str | None:
    """Return the model that a submit's ``version`` names, or None if there is no such model or version.

    Parameters
    ----------
    reference
        ``owner/name``, ``owner/name:<version>`` or the version alone.
    """
    name, _, version = reference.partition(":")
    for model in MODELS:
        if reference == version_of(model) or (name == model and version in {"", version_of(model)}):
            return model
    return None
