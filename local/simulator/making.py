"""Making pictures and talking clips, whatever the model is called."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import JsonValue

from local.simulator.errors import model_error
from local.simulator.input_files import Location, file_too_large
from local.simulator.media import Size
from local.simulator.models import Job, Made
from local.simulator.records import FileRecord, RequestRecord

# Of the clips that the studio films.
_FRAME_RATE = 25


@dataclass(frozen=True, slots=True)
class Limits:
    """What a talking-head model accepts; None: whatever can be read."""

    image_bytes: int | None = None
    audio_bytes: int | None = None
    shortest_seconds: float = 0
    longest_seconds: float | None = None


async def make_picture(
    job: Job,
    prompt: str,
    images: Sequence[tuple[str, Location]],
    *,
    size: Callable[[Size | None], Size],
    seed: int | None = None,
    output_format: Literal["jpeg", "png"] = "png",
    image_bytes: int | None = None,
) -> Made:
    """Draw a picture: out of others if there are any, and else of what the prompt says.

    Parameters
    ----------
    images
        Addresses, and where each stands in the inputs.
    size
        Returns the picture's size for that of the first image, if there is one.
    image_bytes
        How large an image may be.
    """
    sources = [await job.inputs.image(url, location, max_bytes=image_bytes) for url, location in images]
    pixels = size(sources[0][1] if sources else None)
    if sources:
        picture = await job.workers.draw_composite(
            [data for data, _ in sources], prompt, seed=job.seed(seed), size=pixels, output_format=output_format
        )
    else:
        # One model draws everything; only the prompt says what it is to be.
        kind: Literal["portrait", "background"] = "portrait" if "portrait of" in prompt.lower() else "background"
        picture = await job.workers.draw(kind, prompt, seed=job.seed(seed), size=pixels, style_images=())
        if output_format == "jpeg":
            picture = await job.workers.run(_as_jpeg, picture)
    file = await job.store(picture, f"output.{output_format}")
    return Made({"images": [_described(file, pixels)]}, Decimal(1))


async def make_talking_clip(
    job: Job,
    image: tuple[str, Location],
    audio: tuple[str, Location],
    *,
    size: Callable[[Size], Size],
    limits: Limits,
) -> Made:
    """Film a picture that speaks.

    Parameters
    ----------
    image, audio
        The address of each, and where it stands in the inputs.
    size
        Returns the clip's size for that of the image.
    """
    picture, shape = await job.inputs.image(*image, max_bytes=limits.image_bytes)
    speech, seconds = await job.inputs.audio(
        *audio, min_seconds=limits.shortest_seconds, max_seconds=limits.longest_seconds
    )
    if limits.audio_bytes is not None and len(speech) > limits.audio_bytes:
        raise file_too_large(audio[1], audio[0], limits.audio_bytes)
    pixels = size(shape)
    try:
        video = await job.workers.film_talking_head(picture, speech, size=pixels, seed=job.seed(None))
    except ValueError as error:
        raise model_error("no_media_generated", message=str(error)) from error
    file = await job.store(video, "output.mp4")
    of_clip: dict[str, JsonValue] = {"duration_ms": round(seconds * 1000), "fps": _FRAME_RATE}
    # How either provider rounds is not documented; a millisecond is finer than any price list.
    return Made({"video": {**_described(file, pixels), **of_clip}}, Decimal(str(round(seconds, 3))))


def made_file(record: RequestRecord) -> Mapping[str, Any] | None:
    """Return the file that a job made, as `make_picture` or `make_talking_clip` describe it; None if it made none."""
    if failure_of(record) is not None or not isinstance(record.output, dict):
        return None
    images = record.output.get("images")
    file = (images[0] if images else None) if isinstance(images, list) else record.output.get("video")
    return file if isinstance(file, dict) else None


def failure_of(record: RequestRecord) -> str | None:
    """Return the kind of a job's failure; None if it succeeded, or is not over."""
    if isinstance(record.output, dict) and record.output.get("has_nsfw_concepts"):
        return "content_policy_violation"
    return record.failure


def _described(file: FileRecord, pixels: Size) -> dict[str, JsonValue]:
    width, height = pixels
    return {
        "path": file.path,
        "content_type": file.content_type,
        "file_size": file.file_size,
        "width": width,
        "height": height,
    }


def _as_jpeg(picture: bytes) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as opened:
        opened.convert("RGB").save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()
