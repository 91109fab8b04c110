"""What a script asks of each model: its fields, its style and its model options, put together.

Files are given by whatever stands for them: a URL where the request is sent, an asset's address where it is compared.
"""

from collections.abc import Sequence

from shared.fal.models.fabric import FabricRequest
from shared.fal.models.hedra import HedraRequest
from shared.fal.models.ideogram import IdeogramOptions, IdeogramRequest
from shared.fal.models.kling import KlingRequest
from shared.fal.models.kontext import KontextRequest
from shared.script.models import Character, Line, Resolution, Scene, Script
from shared.script.options import inputs_of, merged
from shared.styles.aspect_ratio import FAL_ASPECT_RATIO, IDEOGRAM_IMAGE_SIZE
from shared.styles.prompts import background_prompt, composite_prompt, portrait_prompt


def portrait_request(script: Script, character: Character, *, style_references: Sequence[str] = ()) -> IdeogramRequest:
    """Return the request of a character's portrait; `style_references` are the files of the same name, in order."""
    prompt = portrait_prompt(character, script.style, script.prompt_endings)
    options = merged(script.models.ideogram, character.models.ideogram)
    return _ideogram_request(script, prompt, options, style_references)


def background_request(script: Script, scene: Scene) -> IdeogramRequest:
    """Return the request of a scene's background."""
    prompt = background_prompt(scene, script.style, script.prompt_endings)
    return _ideogram_request(script, prompt, merged(script.models.ideogram, scene.models.ideogram))


def composite_request(script: Script, scene: Scene, line: Line, *, portrait: str, background: str) -> KontextRequest:
    """Return the request of the composite that a line is spoken in."""
    character = script.character(line.character)
    levels = (character.models.kontext, scene.models.kontext, line.models.kontext)
    inputs = {
        "prompt": composite_prompt(line.position, scene, character, script.style, script.prompt_endings),
        "image_urls": (portrait, background),
        "aspect_ratio": FAL_ASPECT_RATIO[script.aspect_ratio],
    }
    return KontextRequest.model_validate(inputs | inputs_of(merged(script.models.kontext, *levels)))


def hedra_request(script: Script, scene: Scene, line: Line, *, image: str, audio: str) -> HedraRequest:
    """Return the request of a clip of Hedra's: a line's composite, speaking a part of its audio."""
    levels = (script.character(line.character).models.hedra, scene.models.hedra, line.models.hedra)
    inputs = {
        "image_url": image,
        "audio_url": audio,
        "aspect_ratio": FAL_ASPECT_RATIO[script.aspect_ratio],
        "resolution": script.resolution.value,
    }
    return HedraRequest.model_validate(inputs | inputs_of(merged(script.models.hedra, *levels)))


def fabric_request(script: Script, *, image: str, audio: str) -> FabricRequest:
    """Return the request of a clip of Fabric's, in the nearest resolution that it makes."""
    resolution = "480p" if script.resolution is Resolution.P540 else "720p"
    return FabricRequest(image_url=image, audio_url=audio, resolution=resolution)


def kling_request(*, image: str, audio: str) -> KlingRequest:
    """Return the request of a clip of Kling's; its size follows the image."""
    return KlingRequest(image_url=image, audio_url=audio)


def _ideogram_request(
    script: Script, prompt: str, options: IdeogramOptions, style_references: Sequence[str] = ()
) -> IdeogramRequest:
    style = script.style
    inputs = {
        "prompt": prompt,
        "image_urls": tuple(style_references) or None,
        "image_size": IDEOGRAM_IMAGE_SIZE[script.aspect_ratio],
        "rendering_speed": script.rendering_speed,
        # Ideogram takes either: style codes of the script's models are nearer to the picture than the style's type.
        "style": None if options.style_codes else style.style_type,
        "expand_prompt": style.expand_prompt,
        "negative_prompt": style.negative_prompt or None,
    }
    return IdeogramRequest.model_validate(inputs | inputs_of(options))
