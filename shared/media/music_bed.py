"""Music for as long as it is wanted: repeated with a crossfade, and faded in and out at the ends. Stereo, 48 kHz."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.media.errors import MediaRefused
from shared.media.house_format import SOUND_RATE
from shared.media.loudness import LOUDNESS_FLOOR_LUFS, LoudnessMeter
from shared.media.pcm import Samples, resampled_blocks, sound_stream
from shared.media.reading import MAX_SOURCE_BYTES, decoded_frames, open_media, require_format
from shared.media.sniffing import SOUND_FORMATS

_FADE_IN_SECONDS = 1.0
_FADE_OUT_SECONDS = 3.0
_CROSSFADE_SECONDS = 3.0
_SHORTEST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class MusicFacts:
    """The length of music, and its loudness in stereo."""

    seconds: float
    loudness_lufs: float


def measure_music(music: Path) -> MusicFacts:
    """Decode music from end to end.

    Raises
    ------
    MediaRefused
        If it cannot be read, is silent or shorter than 2 s.
    """
    meter, samples = LoudnessMeter(SOUND_RATE, "stereo"), 0
    for block in read_stereo(music):
        meter.add(block)
        samples += block.shape[1]
    seconds = samples / SOUND_RATE
    if seconds < _SHORTEST_SECONDS:
        raise MediaRefused(f"is too short for music: {seconds:.1f} s, and at least {_SHORTEST_SECONDS:g} s are needed")
    if meter.integrated_lufs <= LOUDNESS_FLOOR_LUFS:
        raise MediaRefused("holds no music: it is silent from end to end")
    return MusicFacts(seconds, meter.integrated_lufs)


def read_stereo(music: Path) -> Iterator[Samples]:
    """Yield the sound of a file in blocks of shape (2, n)."""
    file_format = require_format(music, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES)
    with open_media(music, file_format) as container:
        yield from resampled_blocks(decoded_frames(container, sound_stream(container)), SOUND_RATE, "stereo")


def music_bed(music: Path, seconds: float, count: int) -> Iterator[Samples]:
    """Yield `count` samples of music that lasts `seconds`, in blocks of shape (2, n).

    It is repeated as often as needed, and fades in at the start and out at the end.
    """
    crossfade = round(min(_CROSSFADE_SECONDS, seconds / 4) * SOUND_RATE)
    fade_in = round(min(_FADE_IN_SECONDS * SOUND_RATE, count / 4))
    fade_out = round(min(_FADE_OUT_SECONDS * SOUND_RATE, count / 4))
    position = 0
    with closing(_repeated(lambda: read_stereo(music), crossfade)) as blocks:
        for block in blocks:
            wanted = block[:, : count - position]
            at = np.arange(position, position + wanted.shape[1])
            volume = np.clip(np.minimum((at + 1) / fade_in, (count - at) / fade_out), 0, 1)
            yield wanted * volume.astype(np.float32)
            position += wanted.shape[1]
            if position == count:
                return


def _repeated(blocks: Callable[[], Iterator[Samples]], crossfade: int) -> Generator[Samples, None, None]:
    """Yield blocks over and over; the first `crossfade` samples are mixed with the last ones of the time before.

    A crossfade is less than half as long as what is repeated.
    """
    rising = np.sin(np.linspace(0, np.pi / 2, crossfade)).astype(np.float32)
    ending: Samples | None = None
    while True:
        waiting = np.zeros((2, 0), np.float32)
        for block in blocks():
            waiting = np.concatenate([waiting, block], axis=1)
            if waiting.shape[1] <= 2 * crossfade:
                continue
            if ending is not None:
                waiting[:, :crossfade] = waiting[:, :crossfade] * rising + ending * rising[::-1]
                ending = None
            yield waiting[:, :-crossfade]
            waiting = waiting[:, -crossfade:]
        yield waiting[:, :-crossfade]
        ending = waiting[:, -crossfade:]
