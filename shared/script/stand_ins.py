"""What a script asks of models at Replicate and at Hedra's own API, where these stand in for fal's.

Inputs: https://replicate.com/google/nano-banana-2/api/schema, https://replicate.com/kwaivgi/kling-avatar-v2,
https://replicate.com/veed/fabric-1.0; for Hedra the input types of hedra-sdk 7.0.0 (https://github.com/hedra-labs/hedra-python).
Of a style these models take the prompt: a negative prompt becomes a sentence of it.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from shared.providers.engines import Engine
from shared.providers.names import ProviderName
from shared.script.models import Line, Resolution, Scene, Script
from shared.script.requests import hedra_request
from shared.styles.aspect_ratio import FAL_ASPECT_RATIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.keys import FileRef


class FilledField(NamedTuple):
    """A field of a request, and the file or files that it takes."""

    name: str
    files: "tuple[FileRef, ...]"
    listed: bool = False


class StandInRequest(NamedTuple):
    """A request without its files, and these."""

    arguments: dict[str, Any]
    files: tuple[FilledField, ...]


_LIKE_REFERENCES = "Take the style of the given images, and not what they show."
_SPEAKS = "The person speaks to the camera."


def picture_request(
    provider: ProviderName, script: Script, prompt: str, images: "Sequence[FileRef]", *, as_style: bool = False
) -> StandInRequest:
    """Return the request of a picture by Nano Banana 2.

    Parameters
    ----------
    prompt
        As fal's models get it.
    images
        The pictures that the prompt speaks of, in its order.
    as_style
        Whether these are references of the style alone.
    """
    sentences = [prompt]
    if script.style.negative_prompt:
        sentences.append(f"There is none of this in it: {script.style.negative_prompt}.")
    if images and as_style:
        sentences.append(_LIKE_REFERENCES)
    arguments: dict[str, Any] = {
        "prompt": " ".join(sentences),
        "aspect_ratio": FAL_ASPECT_RATIO[script.aspect_ratio],
        "resolution": "1K",
    }
    if provider is ProviderName.REPLICATE:
        arguments["output_format"] = "png"
    field = "image_input" if provider is ProviderName.REPLICATE else "images"
    return StandInRequest(arguments, (FilledField(field, tuple(images), listed=True),) if images else ())


def clip_request(
    provider: ProviderName,
    engine: Engine,
    script: Script,
    scene: Scene,
    line: Line,
    *,
    picture: "FileRef",
    recording: "FileRef",
) -> StandInRequest:
    """Return the request of a talking clip: a line's composite, speaking a part of its recording."""
    if provider is ProviderName.REPLICATE:
        files = (FilledField("image", (picture,)), FilledField("audio", (recording,)))
        only = {"mode": "std"} if engine is Engine.KLING else {"resolution": _resolution_of_fabric(script)}
        return StandInRequest(only, files)
    arguments = {"prompt": f"{_SPEAKS} {line.position}", "aspect_ratio": FAL_ASPECT_RATIO[script.aspect_ratio]}
    match engine:
        case Engine.HEDRA:
            of_script = hedra_request(script, scene, line, image=picture.address, audio=recording.address).body()
            arguments |= {name: of_script[name] for name in ("aspect_ratio", "resolution")}
        case Engine.KLING:
            arguments |= {"resolution": "720p", "quality": "standard"}
        case _:
            arguments["resolution"] = _resolution_of_fabric(script)
    return StandInRequest(arguments, (FilledField("start_image", (picture,)), FilledField("audio", (recording,))))


def _resolution_of_fabric(script: Script) -> str:
    return "480p" if script.resolution is Resolution.P540 else "720p"
