"""The models: what each accepts, makes and costs.

Inputs are those of the OpenAPI document 3.9.0, with what ``hedra-sdk`` 7.0.0 (document 3.20.0) adds. Prices are of
2026-11-22 and not shared with the callers, so that a bill can be held against them; no page of Hedra's has them.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from local.hedra.files import ASSET_SCHEME
from local.simulator.errors import model_error
from local.simulator.making import Limits, make_picture, make_talking_clip
from local.simulator.media import Size
from local.simulator.models import Endpoint, Job, Made, ModelInput
from local.simulator.picture_sizes import clip_size, nano_banana_size
from local.simulator.prices import Price

_FRAME_BYTES = 10_485_760
_PICTURE_BYTES = 30_000_000
_AVATAR = Limits(_FRAME_BYTES, 104_857_600, 0.5, 600)
_KLING = Limits(_FRAME_BYTES, 5_000_000, 2, 60.15)
_FABRIC = Limits(_FRAME_BYTES, 104_857_600)

Prompt = Annotated[str, StringConstraints(pattern=r"[^\s\x1C-\x1F]")]


class HedraInput(ModelInput):
    """The base of all inputs: an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UploadedFile(HedraInput):
    """A file that was uploaded, by the address that the upload returned."""

    source: Literal["url"]
    url: str

    @property
    def address(self) -> str:
        """Where it is read."""
        return self.url


class Asset(HedraInput):
    """An output of an earlier job."""

    source: Literal["asset"]
    asset_id: str

    @property
    def address(self) -> str:
        """Where it is read."""
        return f"{ASSET_SCHEME}{self.asset_id}"


Media = Annotated[UploadedFile | Asset, Field(discriminator="source")]


class NanoBananaInput(HedraInput):
    """``nano-banana-2``. The newer document also has strips such as 1:8, which nothing is drawn in here."""

    prompt: Prompt
    num_outputs: Literal[1] = 1
    enhance_prompt: bool = False
    aspect_ratio: Literal["adaptive", "16:9", "9:16", "1:1", "21:9", "4:3", "3:4", "3:2", "2:3", "5:4", "4:5"]
    resolution: Literal["512px", "1K", "2K", "4K"]
    images: tuple[Media, ...] | None = Field(default=None, min_length=1, max_length=14)
    seed: int | None = None
    google_search: bool = False
    image_search: bool = False
    thinking_level: Literal["minimal", "high"] | None = None


class TalkingHeadInput(HedraInput):
    """What all talking-head models take."""

    num_outputs: Literal[1] = 1
    start_image: Media


class HedraAvatarInput(TalkingHeadInput):
    """``hedra-avatar`` and ``hedra-character-3``."""

    prompt: Prompt
    aspect_ratio: Literal["1:1", "4:3", "3:4", "16:9", "9:16", "9:21", "21:9"]
    resolution: Literal["540p", "720p", "1080p"]
    duration_ms: int | None = Field(default=None, ge=1, le=600_000)
    audio: Media | Annotated[tuple[Media, ...], Field(min_length=1, max_length=4)]
    bounding_box_target: tuple[float, float] | tuple[tuple[float, float], ...] | None = None


class KlingAvatarInput(TalkingHeadInput):
    """``kling-ai-avatar-v2``."""

    prompt: Annotated[str, StringConstraints(max_length=2500)] | None = None
    aspect_ratio: Literal["16:9", "9:16", "1:1"]
    resolution: Literal["720p"] = "720p"
    audio: Media
    quality: Literal["standard", "pro"] = "standard"


class FabricInput(TalkingHeadInput):
    """``veed-fabric-10``."""

    prompt: Prompt
    aspect_ratio: Literal["16:9", "9:16", "4:3", "3:4", "1:1"]
    resolution: Literal["480p", "720p"]
    audio: Media


def media_of(inputs: ModelInput) -> list[tuple[str, UploadedFile | Asset]]:
    """Return the media of a job's inputs, each with the name of its field, such as ``images[0]``."""
    found: list[tuple[str, UploadedFile | Asset]] = []
    for name in type(inputs).model_fields:
        value = getattr(inputs, name)
        if isinstance(value, UploadedFile | Asset):
            found.append((name, value))
        elif isinstance(value, tuple):
            several = [(f"{name}[{index}]", each) for index, each in enumerate(value)]
            found += [(field, each) for field, each in several if isinstance(each, UploadedFile | Asset)]
    return found


async def _nano_banana(inputs: NanoBananaInput, job: Job) -> Made:
    def size(first_image: Size | None) -> Size:
        return nano_banana_size(inputs.aspect_ratio, inputs.resolution, first_image)

    # Which format pictures come in is unverified.
    return await make_picture(
        job,
        inputs.prompt,
        [(image.address, ("images", index)) for index, image in enumerate(inputs.images or ())],
        size=size,
        seed=inputs.seed,
        image_bytes=_PICTURE_BYTES,
    )


async def _hedra_avatar(inputs: HedraAvatarInput, job: Job) -> Made:
    audio = inputs.audio if isinstance(inputs.audio, tuple) else (inputs.audio,)
    if len(audio) > 1:
        raise model_error("feature_not_supported", ("audio",), message="Several speakers are not simulated")
    return await _film(inputs, audio[0], inputs.aspect_ratio, inputs.resolution, _AVATAR, job)


async def _kling_avatar(inputs: KlingAvatarInput, job: Job) -> Made:
    return await _film(inputs, inputs.audio, inputs.aspect_ratio, inputs.resolution, _KLING, job)


async def _fabric(inputs: FabricInput, job: Job) -> Made:
    return await _film(inputs, inputs.audio, inputs.aspect_ratio, inputs.resolution, _FABRIC, job)


async def _film(
    inputs: TalkingHeadInput, audio: UploadedFile | Asset, aspect_ratio: str, resolution: str, limits: Limits, job: Job
) -> Made:
    return await make_talking_clip(
        job,
        (inputs.start_image.address, ("start_image",)),
        (audio.address, ("audio",)),
        size=lambda _: clip_size(aspect_ratio, resolution),
        limits=limits,
    )


# Third parties' estimate; Hedra's own pages have no figure.
_AVATAR_PRICE = Price("seconds", {"": Decimal("0.05")}, usual="")

MODELS: Mapping[str, Endpoint] = {
    model.endpoint_id: model
    for model in (
        Endpoint(
            "nano-banana-2",
            "Nano Banana 2",
            "image",
            NanoBananaInput,
            _nano_banana,
            Price("images", {"": Decimal("0.08")}, usual=""),
        ),
        Endpoint("hedra-avatar", "Hedra Avatar", "video", HedraAvatarInput, _hedra_avatar, _AVATAR_PRICE),
        Endpoint("hedra-character-3", "Hedra Character 3", "video", HedraAvatarInput, _hedra_avatar, _AVATAR_PRICE),
        Endpoint(
            "kling-ai-avatar-v2",
            "Kling AI Avatar v2",
            "video",
            KlingAvatarInput,
            _kling_avatar,
            Price(
                "seconds",
                {"standard": Decimal("0.056"), "pro": Decimal("0.115")},
                usual="standard",
                varies_by="quality",
            ),
        ),
        Endpoint(
            "veed-fabric-10",
            "VEED Fabric 1.0",
            "video",
            FabricInput,
            _fabric,
            Price("seconds", {"480p": Decimal("0.08"), "720p": Decimal("0.15")}, usual="480p", varies_by="resolution"),
        ),
    )
}
