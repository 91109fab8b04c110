"""Hedra Character-2: an image and a voice become a talking clip.

fal.ai's public catalogue did not list `fal-ai/hedra-character-2` when this was written; the inputs are those of
Hedra's own talking models (https://github.com/hedra-labs/hedra-cli), in fal's spelling. Endpoints are configuration,
and a script names further engines, for the case that this one is not to be had.
"""

from typing import Literal

from shared.fal.models.media import only_video
from shared.fal.models.request import FalRequest, FileUrl, RequestPrompt, Seed
from shared.providers.media import MediaFile

ENDPOINT = "fal-ai/hedra-character-2"

HedraAspectRatio = Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
HedraResolution = Literal["540p", "720p", "1080p"]


class HedraOptions(FalRequest):
    """The inputs of Hedra that a script may set; those left out are not sent."""

    aspect_ratio: HedraAspectRatio | None = None
    resolution: HedraResolution | None = None
    seed: Seed | None = None


class HedraRequest(HedraOptions):
    """The input of Hedra."""

    image_url: FileUrl
    audio_url: FileUrl
    prompt: RequestPrompt | None = None


def video_from(response: object) -> MediaFile:
    """Return the video of Hedra's answer `response` (its JSON); see `media.only_video` for what it raises."""
    return only_video(response, model_name="Hedra Character-2")
