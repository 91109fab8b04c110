"""House clips: a bought clip, an own clip or a still in the episode's format, with the sound of the recording."""

from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from shared.media.clips import ClipLimits, require_clip_format
from shared.media.fitting import fitted_frames, push_in_frames
from shared.media.house_encoder import EncoderSettings, encode_house_clip
from shared.media.house_format import FRAME_RATE, HOUSE_RECIPE, SOUND_RATE, HouseFormat, house_format
from shared.media.house_sound import house_sound
from shared.media.images import probe_image
from shared.media.pcm import Samples, read_mono
from shared.media.prefetch import prefetched
from shared.media.reading import open_media
from shared.media.sniffing import FileFormat
from shared.media.sync import SYNC_RATE, lag_seconds, picture_shift

__all__ = [
    "HOUSE_RECIPE",
    "EncoderSettings",
    "HouseClipFacts",
    "HouseFormat",
    "house_format",
    "make_house_clip",
    "make_still_clip",
]

_FRAMES_AHEAD = 16


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
) -> HouseClipFacts:
    """Bring a clip to the house format, with the sound of the recording that it was made from.

    The picture is scaled to fit, never stretched; it is held on its last frame or trimmed to the length of the sound.

    Raises
    ------
    MediaRefused
        If the clip is no video, cannot be decoded, or is shorter than its recording by more than 0.5 s and 5 %.
    """
    file_format = require_clip_format(clip, ClipLimits())
    sound = house_sound(recording)
    lag = _lag(clip, file_format, sound.recording)
    frames = fitted_frames(
        clip,
        file_format,
        form,
        late=picture_shift(lag),
        needed_seconds=sound.seconds - max(0.5, 0.05 * sound.seconds),
    )
    with closing(prefetched(frames, _FRAMES_AHEAD)) as ready:
        count = encode_house_clip(target, ready, sound.samples, form, settings)
    return HouseClipFacts(count, count / FRAME_RATE, sound.gain_db, lag)


def make_still_clip(
    image: Path,
    recording: Path,
    target: Path,
    form: HouseFormat,
    settings: EncoderSettings = EncoderSettings(),  # noqa: B008 -- immutable
) -> HouseClipFacts:
    """Make a house clip of a picture, with a slow push-in, and a recording.

    Raises
    ------
    MediaRefused
        If the picture or the recording cannot be read.
    """
    probe_image(image.read_bytes())
    sound = house_sound(recording)
    frames = push_in_frames(image, form, len(sound.samples) * FRAME_RATE // SOUND_RATE)
    with closing(prefetched(frames, _FRAMES_AHEAD)) as ready:
        count = encode_house_clip(target, ready, sound.samples, form, settings)
    return HouseClipFacts(count, count / FRAME_RATE, sound.gain_db)


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
    lag = lag_seconds(own, recording[:: SOUND_RATE // SYNC_RATE])
    return None if lag is None else lag + float(began)
