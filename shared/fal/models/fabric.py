"""VEED Fabric 1.0: an image and a voice become a talking clip, in the image's own aspect ratio.

Inputs and outputs: https://fal.ai/models/veed/fabric-1.0/api.
"""

from typing import Literal

from shared.fal.models.media import only_video
from shared.fal.models.request import FalRequest, FileUrl
from shared.providers.media import MediaFile

ENDPOINT = "veed/fabric-1.0"

FabricResolution = Literal["480p", "720p"]


class FabricRequest(FalRequest):
    """The input of Fabric."""

    image_url: FileUrl
    audio_url: FileUrl
    resolution: FabricResolution


def video_from(response: object) -> MediaFile:
    """Return the video of Fabric's answer `response` (its JSON); see `media.only_video` for what it raises."""
    return only_video(response, model_name="VEED Fabric")
