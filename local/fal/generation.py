"""What each endpoint does with its inputs, and what it answers."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from local.fal.model_inputs import (
    FabricInput,
    HedraCharacterInput,
    IdeogramInput,
    KlingAvatarInput,
    KontextMultiInput,
)
from local.fal.picture_sizes import hedra_size, ideogram_size, kontext_size
from local.fal.prices import PRICES
from local.simulator.errors import model_error
from local.simulator.input_files import file_too_large
from local.simulator.media import Size
from local.simulator.models import Endpoint, Job, Made, ModelInput, content_type_of
from local.simulator.picture_sizes import size_in_shape

_MIB = 1024 * 1024
# https://fal.ai/docs/model-api-reference/image-generation-api/ideogram-v3: 10 MB for all style references together.
_IDEOGRAM_REFERENCES_BYTES = 10 * 1000 * 1000
# Of Hedra's own API v3 (hedra-labs/hedra-cli, ``openapi0.json``); for the endpoint on fal it is an assumption.
_HEDRA_IMAGE_BYTES = 10 * _MIB
_HEDRA_SECONDS = (0.5, 600.0)
# VEED's documentation; fal's page is silent.
_FABRIC_MAX_SECONDS = 300.0
# Hedra's list of other vendors' models; fal's own limit is unverified.
_KLING_SECONDS = (2.0, 60.0)


async def _ideogram(inputs: IdeogramInput, job: Job) -> Made:
    references = [
        (await job.inputs.image(url, ("image_urls", index)))[0] for index, url in enumerate(inputs.image_urls or ())
    ]
    if sum(map(len, references)) > _IDEOGRAM_REFERENCES_BYTES:
        raise file_too_large(("image_urls",), None, _IDEOGRAM_REFERENCES_BYTES)
    seed = job.seed(inputs.seed)
    images: list[JsonValue] = []
    for number in range(inputs.num_images):
        # One model draws everything; only the prompt says what it is to be.
        picture = await job.workers.draw(
            "portrait" if "portrait of" in inputs.prompt.lower() else "background",
            inputs.prompt,
            seed=seed + number,
            size=ideogram_size(inputs.image_size),
            style_images=references,
        )
        images.append(await _publish(job, picture, "image.png", inline=inputs.sync_mode))
    return Made({"images": images, "seed": seed}, Decimal(len(images)))


async def _kontext(inputs: KontextMultiInput, job: Job) -> Made:
    sources = [await job.inputs.image(url, ("image_urls", index)) for index, url in enumerate(inputs.image_urls)]
    size = kontext_size(inputs.aspect_ratio, sources[0][1])
    seed = job.seed(inputs.seed)
    images: list[JsonValue] = []
    for number in range(inputs.num_images):
        picture = await job.workers.draw_composite(
            [data for data, _ in sources],
            inputs.prompt,
            seed=seed + number,
            size=size,
            output_format=inputs.output_format,
        )
        file = await _publish(job, picture, f"image.{inputs.output_format}", inline=inputs.sync_mode)
        images.append({"url": file["url"], "width": size[0], "height": size[1], "content_type": file["content_type"]})
    output: dict[str, JsonValue] = {
        "images": images,
        "timings": {},
        "seed": seed,
        "has_nsfw_concepts": [False] * len(images),
        "prompt": inputs.prompt,
    }
    return Made(output, Decimal(len(images)))


async def _hedra_character(inputs: HedraCharacterInput, job: Job) -> Made:
    image, shape = await job.inputs.image(inputs.image_url, ("image_url",), max_bytes=_HEDRA_IMAGE_BYTES)
    shortest, longest = _HEDRA_SECONDS
    audio, seconds = await job.inputs.audio(inputs.audio_url, ("audio_url",), min_seconds=shortest, max_seconds=longest)
    seed = job.seed(inputs.seed)
    size = hedra_size(inputs.aspect_ratio, inputs.resolution, shape)
    video = await _film(job, image, audio, size, seed)
    return Made({"video": video, "seed": seed}, _billed_seconds(seconds))


async def _fabric(inputs: FabricInput, job: Job) -> Made:
    image, shape = await job.inputs.image(inputs.image_url, ("image_url",))
    audio, seconds = await job.inputs.audio(inputs.audio_url, ("audio_url",), max_seconds=_FABRIC_MAX_SECONDS)
    video = await _film(job, image, audio, size_in_shape(shape, inputs.resolution), job.seed(None))
    return Made({"video": video}, _billed_seconds(seconds))


async def _kling_avatar(inputs: KlingAvatarInput, job: Job) -> Made:
    image, shape = await job.inputs.image(inputs.image_url, ("image_url",))
    shortest, longest = _KLING_SECONDS
    audio, seconds = await job.inputs.audio(inputs.audio_url, ("audio_url",), min_seconds=shortest, max_seconds=longest)
    # The height of the standard model's picture is unverified.
    video = await _film(job, image, audio, size_in_shape(shape, "720p"), job.seed(None))
    return Made({"video": video, "duration": round(seconds, 3)}, _billed_seconds(seconds))


async def _film(job: Job, image: bytes, audio: bytes, size: Size, seed: int) -> dict[str, JsonValue]:
    try:
        video = await job.workers.film_talking_head(image, audio, size=size, seed=seed)
    except ValueError as error:
        raise model_error("no_media_generated", message=str(error)) from error
    return await _publish(job, video, "output.mp4")


async def _publish(job: Job, data: bytes, file_name: str, *, inline: bool = False) -> dict[str, JsonValue]:
    """Return how an answer names a file that was made: inline as a data URI (``sync_mode``), or stored."""
    content_type = content_type_of(file_name)
    if inline:
        url = f"data:{content_type};base64,{base64.b64encode(data).decode()}"
    else:
        url = job.files.url((await job.store(data, file_name)).path)
    return {"url": url, "content_type": content_type, "file_name": file_name, "file_size": len(data)}


def _billed_seconds(seconds: float) -> Decimal:
    # How fal rounds is unverified; a millisecond is finer than any price list.
    return Decimal(str(round(seconds, 3)))


def _endpoint(
    endpoint_id: str,
    title: str,
    category: str,
    input_model: type[ModelInput],
    generate: Callable[[Any, Job], Awaitable[Made]],
) -> Endpoint:
    return Endpoint(endpoint_id, title, category, input_model, generate, PRICES[endpoint_id])


ENDPOINTS: Mapping[str, Endpoint] = {
    endpoint.endpoint_id: endpoint
    for endpoint in (
        _endpoint("fal-ai/ideogram/v3", "Ideogram V3", "text-to-image", IdeogramInput, _ideogram),
        _endpoint(
            "fal-ai/flux-pro/kontext/multi", "FLUX.1 Kontext [pro] multi", "image-to-image", KontextMultiInput, _kontext
        ),
        _endpoint(
            "fal-ai/flux-pro/kontext/max/multi",
            "FLUX.1 Kontext [max] multi",
            "image-to-image",
            KontextMultiInput,
            _kontext,
        ),
        _endpoint(
            "fal-ai/hedra-character-2", "Hedra Character-2", "image-to-video", HedraCharacterInput, _hedra_character
        ),
        _endpoint("veed/fabric-1.0", "VEED Fabric 1.0", "image-to-video", FabricInput, _fabric),
        _endpoint(
            "fal-ai/kling-video/ai-avatar/v2/standard",
            "Kling AI Avatar v2 Standard",
            "image-to-video",
            KlingAvatarInput,
            _kling_avatar,
        ),
    )
}
