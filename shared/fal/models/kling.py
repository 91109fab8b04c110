"""Kling AI Avatar v2: an image and a voice become a talking clip, in the image's own aspect ratio.

Inputs and outputs: https://fal.ai/models/fal-ai/kling-video/ai-avatar/v2/standard/api; `pro` takes the same.
"""

from shared.fal.models.media import only_video
from shared.fal.models.request import FalRequest, FileUrl, RequestPrompt
from shared.providers.media import MediaFile

ENDPOINT = "fal-ai/kling-video/ai-avatar/v2/standard"
PRO_ENDPOINT = "fal-ai/kling-video/ai-avatar/v2/pro"


class KlingRequest(FalRequest):
    """The input of Kling's avatars."""

    image_url: FileUrl
    audio_url: FileUrl
    prompt: RequestPrompt | None = None


def video_from(response: object) -> MediaFile:
    """Return the video of Kling's answer `response` (its JSON); see `media.only_video` for what it raises."""
    return only_video(response, model_name="Kling Avatar")
