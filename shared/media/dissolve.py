"""Dissolves: the first frames of a house clip, blended from the last one of the clip before it.

Only those are encoded, up to the clip's first inner key frame; sound and length stay as they are.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from shared.media.errors import MediaRefused
from shared.media.house_encoder import EncoderSettings, encode_picture
from shared.media.house_format import HEAD_FRAMES, HouseFormat
from shared.media.reading import decoded_frames, open_media
from shared.media.sniffing import MP4

_WHOLE = 256


def write_dissolve(
    before: Path,
    after: Path,
    target: Path,
    form: HouseFormat,
    settings: EncoderSettings = EncoderSettings(),  # noqa: B008 -- immutable
) -> None:
    """Write the head of `after` as a dissolve from `before`: 12 frames, or all of a clip of 8, for `join_house_clips`.

    Parameters
    ----------
    before, after
        House clips that follow each other.
    target
        The MP4 to write; it holds no sound.
    form, settings
        Those that the clips were made with.

    Raises
    ------
    MediaRefused
        If a clip cannot be decoded.
    """
    old, new = _last_frame(before), _first_frames(after)
    shares = [_WHOLE * (position + 1) // (len(new) + 1) for position in range(len(new))]
    encode_picture(target, _blended(old, new, shares), len(new), form, settings)


def _blended(old: NDArray[np.uint8], new: list[NDArray[np.uint8]], shares: list[int]) -> Iterator[av.VideoFrame]:
    """Yield mixtures of a picture and each of the others, whose share is given in 256ths."""
    for picture, share in zip(new, shares, strict=True):
        # At most 255 * 256 + 128: sixteen bits hold it.
        mixed = old.astype(np.uint16) * (_WHOLE - share) + picture.astype(np.uint16) * share + _WHOLE // 2
        yield av.VideoFrame.from_ndarray((mixed // _WHOLE).astype(np.uint8), format="yuv420p")


def _first_frames(clip: Path) -> list[NDArray[np.uint8]]:
    with open_media(clip, MP4) as container:
        frames = decoded_frames(container, container.streams.video[0])
        return [_planes(frame) for frame, _ in zip(frames, range(HEAD_FRAMES), strict=False)]


def _last_frame(clip: Path) -> NDArray[np.uint8]:
    """Return the last frame of a house clip, by decoding no more than its last 12."""
    with open_media(clip, MP4) as container:
        stream = container.streams.video[0]
        container.seek(max(0, (stream.duration or 0) - 1), stream=stream)
        last = None
        for last in decoded_frames(container, stream):  # noqa: B007 -- the last one is wanted
            pass
        if last is None:
            raise MediaRefused("holds no frame of video that can be decoded")
        return _planes(last)


def _planes(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="yuv420p"), dtype=np.uint8)
