"""House clips: bought clips, own clips, stills and cards in the episode's format, with the sound of the recording."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from pathlib import Path

import av
import numpy as np

from shared.media.clips import ClipLimits, require_clip_format
from shared.media.errors import MediaRefused
from shared.media.fitting import fitted_frames, fitted_picture
from shared.media.house_encoder import EncoderSettings, encode_house_clip
from shared.media.house_format import (
    FRAME_RATE,
    GRID_SAMPLES,
    HOUSE_RECIPE,
    SAMPLES_PER_FRAME,
    SOUND_RATE,
    HouseFormat,
    house_format,
)
from shared.media.house_sound import grid_steps, house_sound
from shared.media.images import probe_image
from shared.media.motion import MotionMeter, Position, speaker_position, watched
from shared.media.output import replacing
from shared.media.overlays import Overlay, overlaid
from shared.media.pcm import Samples, read_mono
from shared.media.prefetch import prefetched
from shared.media.push_in import push_in_frames
from shared.media.reading import open_media
from shared.media.sniffing import FileFormat
from shared.media.sync import SYNC_RATE, lag_seconds, picture_shift

__all__ = [
    "HOUSE_RECIPE",
    "ClipDoesNotMatch",
    "EncoderSettings",
    "HouseClipFacts",
    "HouseFormat",
    "Position",
    "house_format",
    "make_card_clip",
    "make_house_clip",
    "make_still_clip",
    "speaker_position",
]

_FRAMES_AHEAD = 16


class ClipDoesNotMatch(MediaRefused):
    """A clip that cannot have been made from its recording: it is not what was paid for."""


@dataclass(frozen=True, slots=True)
class HouseClipFacts:
    """A written house clip.

    `gain_db` is what the recording was amplified by. `lag_seconds` is how late the clip's own sound was against the
    recording, None if it has none that can be compared; if that is more than an encoder's delay, the picture was moved
    by it, to the nearest frame.
    """

    frames: int
    seconds: float
    gain_db: float
    lag_seconds: float | None = None


def make_house_clip(
    clip: Path,
    recording: Path,
    target: Path,
    form: HouseFormat,
    settings: EncoderSettings = EncoderSettings(),  # noqa: B008 -- immutable
    *,
    must_match: bool = False,
    position: Position | None = None,
    overlays: Sequence[Overlay] = (),
    pause_seconds: float = 0.0,
) -> HouseClipFacts:
    """Bring a clip to the house format, with the sound of the recording that it was made from.

    The picture is scaled to fit, never stretched; it is held on its last frame or trimmed to the length of the sound.

    Parameters
    ----------
    must_match
        Whether the clip has to show that it was made from the recording, as one that was bought has to; a person's own
        clip may hold whatever its owner wants to be seen.
    position
        The place to crop the picture around, where it is much wider or higher than the form: see `speaker_position`. By
        default, it is cropped by a tenth at most, and else shown whole.
    overlays
        What is drawn over the picture; their times count from the clip's start.
    pause_seconds
        How long the last frame is held in silence after the recording: the nearest number of steps of 0.32 s.

    Raises
    ------
    ClipDoesNotMatch
        If the clip has to match, and its sound is not the recording, or its picture stands still while somebody speaks.
    MediaRefused
        If the clip is no video, cannot be decoded, or is shorter than its recording by more than 0.5 s and 5 %.
    """
    file_format = require_clip_format(clip, ClipLimits())
    sound = house_sound(recording, pause_seconds)
    lag = _lag(clip, file_format, sound.recording)
    if must_match and lag is None:
        raise ClipDoesNotMatch("does not speak the line: its sound is missing, or is not that of the recording")
    frames = fitted_frames(
        clip,
        file_format,
        form,
        late=picture_shift(lag),
        needed_seconds=sound.seconds - max(0.5, 0.05 * sound.seconds),
        position=position,
    )
    motion = MotionMeter()
    if must_match:
        frames = watched(frames, motion)
    with replacing(target) as partial:
        count = _encode(partial, frames, sound.samples, form, settings, overlays)
        if must_match and motion.is_frozen(sound.recording):
            raise ClipDoesNotMatch("does not speak the line: its picture stands still for nearly all of it")
    return HouseClipFacts(count, count / FRAME_RATE, sound.gain_db, lag)


def make_still_clip(
    image: Path,
    recording: Path,
    target: Path,
    form: HouseFormat,
    settings: EncoderSettings = EncoderSettings(),  # noqa: B008 -- immutable
    *,
    position: Position | None = None,
    overlays: Sequence[Overlay] = (),
    pause_seconds: float = 0.0,
) -> HouseClipFacts:
    """Make a house clip of a picture, with a slow push-in, and a recording; for its parameters see `make_house_clip`.

    Raises
    ------
    MediaRefused
        If the picture or the recording cannot be read.
    """
    probe_image(image.read_bytes())
    sound = house_sound(recording, pause_seconds)
    frames = push_in_frames(image, form, len(sound.samples) // SAMPLES_PER_FRAME, position)
    count = _encode(target, frames, sound.samples, form, settings, overlays)
    return HouseClipFacts(count, count / FRAME_RATE, sound.gain_db)


def make_card_clip(
    picture: Path,
    seconds: float,
    target: Path,
    form: HouseFormat,
    settings: EncoderSettings = EncoderSettings(),  # noqa: B008 -- immutable
) -> HouseClipFacts:
    """Make a silent house clip that shows a picture, which does not move, for so many seconds to the nearest 0.32 s.

    Raises
    ------
    MediaRefused
        If the picture cannot be read.
    """
    probe_image(picture.read_bytes())
    silence = np.zeros(max(1, grid_steps(seconds)) * GRID_SAMPLES, np.float32)
    count = _encode(target, iter([fitted_picture(picture, form)]), silence, form, settings, ())
    return HouseClipFacts(count, count / FRAME_RATE, gain_db=0.0)


def _encode(
    target: Path,
    frames: Iterator[av.VideoFrame],
    sound: Samples,
    form: HouseFormat,
    settings: EncoderSettings,
    overlays: Sequence[Overlay],
) -> int:
    if overlays:
        # Overlays may change while the last frame is held.
        frames = overlaid(_held(frames), overlays, FRAME_RATE)
    with closing(prefetched(frames, _FRAMES_AHEAD)) as ready:
        return encode_house_clip(target, ready, sound, form, settings)


def _held(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Pass frames on, and the last one again and again."""
    last = None
    for last in frames:
        yield last
    if last is not None:
        yield from repeat(last)


def _lag(clip: Path, file_format: FileFormat, recording: Samples) -> float | None:
    """Return how late a clip's own sound is against the recording (48 kHz), None if that cannot be told."""
    with open_media(clip, file_format) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        began = Fraction(stream.start_time or 0) * (stream.time_base or 0) - Fraction(
            container.start_time or 0, av.time_base
        )
    own = read_mono(clip, file_format, SYNC_RATE)
    lag = lag_seconds(own, recording.reshape(-1, SOUND_RATE // SYNC_RATE).mean(axis=1))
    return None if lag is None else lag + float(began)
