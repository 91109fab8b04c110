"""What moves in a picture: whether a clip stands still while its recording speaks, and where the speaker is."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from shared.media.clips import ClipLimits, require_clip_format, video_stream
from shared.media.house_format import FRAME_RATE, SOUND_RATE
from shared.media.pcm import Samples
from shared.media.reading import decoded_frames, open_media

_FRAMES_APART = 3
_LONGER_SIDE = 160
# What moves is the 0.2 % of the picture that changes most, for in a wide shot a mouth is no larger. It has to change by
# more levels of 256 than an encoder's noise makes, and by more than film grain does, which is everywhere: in normal
# noise, those 0.2 % change 5.3 times as much as the mean of the lower nine tenths.
_MOVING_SHARE = 0.002
_MOVES_LEVELS = 3.0
_MOVES_GRAINS = 6.5
_CALM_SHARE = 0.9
_MOST_GRAIN_LEVELS = 2.0
_SPOKEN_BELOW_LOUDEST_DB = 26.0
_LOUD_PERCENTILE = 95
_FROZEN_SHARE = 0.85


class Position(NamedTuple):
    """A point in an upright picture: (0, 0) is its upper left corner, (1, 1) its lower right one."""

    x: float
    y: float


CENTRE = Position(0.5, 0.5)


class MotionMeter:
    """Whether anything moves from every third frame of a picture to the next, and where."""

    def __init__(self) -> None:
        self._frames = 0
        self._before: NDArray[np.int16] | None = None
        self._moving: list[bool] = []
        self._where: NDArray[np.float64] | None = None

    def add(self, frame: av.VideoFrame) -> None:
        """Take in the next frame; all have the same size."""
        self._frames += 1
        if self._frames % _FRAMES_APART != 1:
            return
        small = _small_luma(frame)
        if self._before is not None and self._before.shape == small.shape:
            change = np.abs(small - self._before)
            calm, most = round(_CALM_SHARE * change.size), round((1 - _MOVING_SHARE) * change.size)
            ordered = np.partition(change, (calm, most), axis=None)
            # What changes more than any grain, and everywhere, is a camera that moves.
            grain = min(float(ordered[:calm].mean()), _MOST_GRAIN_LEVELS)
            threshold = _MOVES_LEVELS + _MOVES_GRAINS * grain
            self._moving.append(float(ordered[most:].mean()) >= threshold)
            moved = np.maximum(change - threshold, 0.0)
            self._where = moved if self._where is None else self._where + moved
        self._before = small

    def is_frozen(self, sound: Samples) -> bool:
        """Tell whether nothing moves in nearly all the time that somebody speaks.

        Parameters
        ----------
        sound
            Shape (n,), at 48 kHz; it begins with the first frame.
        """
        spoken = _spoken(sound)[: len(self._moving)]
        moving = np.array(self._moving[: len(spoken)])[spoken]
        return bool(len(moving)) and float(1 - moving.mean()) >= _FROZEN_SHARE

    @property
    def centre(self) -> Position:
        """The middle of what moves; that of the picture if nothing does."""
        if self._where is None or not self._where.any():
            return CENTRE
        return Position(_median(self._where.sum(axis=0)), _median(self._where.sum(axis=1)))


def speaker_position(clip: Path) -> Position:
    """Return where in a clip somebody speaks: the middle of what moves.

    Raises
    ------
    MediaRefused
        If the clip is no video, or cannot be decoded.
    """
    meter = MotionMeter()
    turns = 0
    with open_media(clip, require_clip_format(clip, ClipLimits())) as container:
        for frame in decoded_frames(container, video_stream(container, ClipLimits().max_pixels)):
            turns = frame.rotation
            meter.add(frame)
    return _turned(meter.centre, turns)


def watched(frames: Iterator[av.VideoFrame], meter: MotionMeter) -> Iterator[av.VideoFrame]:
    """Pass frames on, and have them measured."""
    for frame in frames:
        meter.add(frame)
        yield frame


def _small_luma(frame: av.VideoFrame) -> NDArray[np.int16]:
    scale = _LONGER_SIDE / max(frame.width, frame.height)
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    small = frame.reformat(width=width, height=height, format="gray", interpolation="AREA", threads=1)
    return np.asarray(small.to_ndarray(), dtype=np.int16)


def _spoken(sound: Samples) -> NDArray[np.bool_]:
    """Return for each step from a frame that is looked at to the next whether somebody speaks."""
    length = SOUND_RATE * _FRAMES_APART // FRAME_RATE
    steps = sound[: len(sound) // length * length].reshape(-1, length).astype(np.float64)
    levels = 10 * np.log10(np.square(steps).mean(axis=1) + 1e-10)
    return np.asarray(levels > np.percentile(levels, _LOUD_PERCENTILE) - _SPOKEN_BELOW_LOUDEST_DB)


def _median(weights: NDArray[np.float64]) -> float:
    """Return where, from 0 to 1, half the weight lies on either side."""
    summed = np.cumsum(weights) / weights.sum()
    return float((np.searchsorted(summed, 0.5) + 0.5) / len(weights))


def _turned(position: Position, degrees: int) -> Position:
    """Return a position in a picture after it was turned counterclockwise, as a frame's `rotation` says."""
    x, y = position
    for _ in range(degrees // 90 % 4):
        x, y = y, 1 - x
    return Position(x, y)
