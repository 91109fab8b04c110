"""A slow push-in on a still picture."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.media.fitting import even, fitted_picture
from shared.media.house_format import FRAME_RATE, HouseFormat
from shared.media.motion import Position

_ZOOM_PER_SECOND = 0.008
_MAX_ZOOM = 0.10


def push_in_frames(
    image: Path, form: HouseFormat, count: int, position: Position | None = None
) -> Iterator[av.VideoFrame]:
    """Yield `count` frames of a slow push-in on a picture.

    Every frame is cut out at sub-pixel positions and resized, plane by plane: whole-pixel steps, as FFmpeg's zoompan
    makes them, are seen to jerk.

    Parameters
    ----------
    position
        The place to crop the picture around; by default, it is cropped by a tenth at most.
    """
    zoom = min(_MAX_ZOOM, _ZOOM_PER_SECOND * count / FRAME_RATE)
    # As large as the last frame needs, so that none is enlarged.
    canvas = HouseFormat(even(form.width * (1 + zoom)), even(form.height * (1 + zoom)))
    planes = _planes(fitted_picture(image, canvas, position), canvas)
    for number in range(count):
        # From the whole canvas to the middle 1 / (1 + zoom) of it, at an even speed on the screen.
        share = (1 + zoom) ** (-number / max(1, count - 1))
        yield _assembled([_middle(plane, share, form, halved=index > 0) for index, plane in enumerate(planes)])


def _planes(frame: av.VideoFrame, canvas: HouseFormat) -> list[Image.Image]:
    """Return the Y, U and V planes of a frame; U and V are half the size."""
    rows = np.asarray(frame.to_ndarray(), dtype=np.uint8)
    chroma = rows[canvas.height :].reshape(2, canvas.height // 2, canvas.width // 2)
    return [Image.fromarray(plane) for plane in (rows[: canvas.height], *chroma)]


def _middle(plane: Image.Image, share: float, form: HouseFormat, *, halved: bool) -> NDArray[np.uint8]:
    """Return the middle of a plane, `share` of its width and height, resized to the plane of the house format."""
    size = (form.width // 2, form.height // 2) if halved else (form.width, form.height)
    left, top = plane.width * (1 - share) / 2, plane.height * (1 - share) / 2
    box = (left, top, plane.width - left, plane.height - top)
    return np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box=box))


def _assembled(planes: list[NDArray[np.uint8]]) -> av.VideoFrame:
    luma, *chroma = planes
    rows = np.concatenate([luma, np.concatenate([plane.ravel() for plane in chroma]).reshape(-1, luma.shape[1])])
    return av.VideoFrame.from_ndarray(rows, format="yuv420p")
