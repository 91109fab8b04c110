"""What models on fal.ai answer: files to fetch, or the named reasons why there is none."""

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.providers.media import BlockedByContentPolicy, MediaFile, NoMediaReturned


class FalResponse(BaseModel):
    """The output of a model on fal.ai: fields that are not used here may come and go."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ImagesResponse(FalResponse):
    """The output of a model that makes pictures."""

    images: tuple[MediaFile, ...]
    seed: int | None = None
    has_nsfw_concepts: tuple[bool | None, ...] | None = None


class VideoResponse(FalResponse):
    """The output of a model that makes a video."""

    video: MediaFile
    duration: float | None = None


def first_image(response: object, *, model_name: str) -> MediaFile:
    """Return the picture of an answer that holds one.

    Parameters
    ----------
    response
        The JSON of the answer, as fal's queue or webhook delivers it.
    model_name
        The model's name, for messages.

    Raises
    ------
    BlockedByContentPolicy
        The answer says that the picture shows something that the content checker does not let through.
    NoMediaReturned
        The answer holds no picture.
    """
    try:
        answer = ImagesResponse.model_validate(response)
    except ValidationError as error:
        raise NoMediaReturned(f"{model_name} answered without a picture: {_summary(error)}") from error
    if any(answer.has_nsfw_concepts or ()):
        raise BlockedByContentPolicy(f"{model_name} made a picture that its content checker then blocked")
    if not answer.images or not answer.images[0].url:
        raise NoMediaReturned(f"{model_name} answered without a picture: the list of images is empty")
    return answer.images[0]


def only_video(response: object, *, model_name: str) -> MediaFile:
    """Return the video of an answer that holds one.

    Parameters
    ----------
    response
        The JSON of the answer, as fal's queue or webhook delivers it.
    model_name
        The model's name, for messages.

    Raises
    ------
    NoMediaReturned
        The answer holds no video.
    """
    try:
        video = VideoResponse.model_validate(response).video
    except ValidationError as error:
        raise NoMediaReturned(f"{model_name} answered without a video: {_summary(error)}") from error
    if not video.url:
        raise NoMediaReturned(f"{model_name} answered without a video: its URL is empty")
    return video


def _summary(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"]) + f": {first['msg']}" if first["loc"] else first["msg"]
