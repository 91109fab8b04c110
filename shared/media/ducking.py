"""How loud music is under speech: quiet while somebody speaks, fuller where nobody does for long enough.

It is drawn as an editor draws it, with all of the speech known: the music is down before a word begins, comes up slowly
after the last one, and stays down in the pauses between. A compressor, which only hears what has been, would cut into
the first syllable, and pump.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.media.pcm import Samples, decibels

ALONE_LUFS = -20.0
"""The loudness of music where nobody speaks."""
UNDER_SPEECH_LUFS = -30.0
"""The loudness of music under speech, which has -16."""

_SPEECH_DBFS = -45.0
_HOP_SECONDS = 0.02
_DOWN_SECONDS = 0.5
_HOLD_SECONDS = 0.4
_UP_SECONDS = 1.8
_SHORTEST_SWELL_SECONDS = 1.0
"""How long the music has to be up, or it does not come up at all."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class VolumeCurve:
    """A volume in dB over time, in seconds; between its points it follows straight lines."""

    times: NDArray[np.float64]
    decibels: NDArray[np.float64]

    def amplitudes(self, start: int, count: int, rate: int) -> Samples:
        """Return the factors for `count` samples from sample `start` on, shape (count,)."""
        at = np.interp(np.arange(start, start + count) / rate, self.times, self.decibels)
        return np.asarray(10 ** (at / 20), dtype=np.float32)


def speech_spans(blocks: Iterable[Samples], rate: int) -> list[Span]:
    """Return where somebody speaks, in seconds: everything that is not silent.

    Parameters
    ----------
    blocks
        The sound, mono, in blocks of any length.
    rate
        Samples per second.
    """
    hop = round(_HOP_SECONDS * rate)
    spans: list[Span] = []
    begun, rest, position = None, np.zeros(0, np.float32), 0
    for block in blocks:
        samples = np.concatenate([rest, block])
        whole = len(samples) // hop
        rest = samples[whole * hop :]
        for level in np.sqrt(np.square(samples[: whole * hop].reshape(whole, hop)).mean(axis=1)):
            speaks = decibels(float(level)) > _SPEECH_DBFS
            if speaks and begun is None:
                begun = position
            elif not speaks and begun is not None:
                spans.append((begun * hop / rate, position * hop / rate))
                begun = None
            position += 1
    if begun is not None:
        spans.append((begun * hop / rate, position * hop / rate))
    return spans


def ducked_volume(speech: Iterable[Span], music_lufs: float) -> VolumeCurve:
    """Return the volume, in dB, of music of a loudness under speech."""
    alone, under = ALONE_LUFS - music_lufs, UNDER_SPEECH_LUFS - music_lufs
    times, volumes = [0.0], [alone]
    for start, end in _bridged(speech):
        times += [start - _DOWN_SECONDS, start, end + _HOLD_SECONDS, end + _HOLD_SECONDS + _UP_SECONDS]
        volumes += [alone, under, under, alone]
    if len(times) > 1 and times[1] <= 0:
        # Somebody speaks before the music could go down: it begins quiet.
        times, volumes = times[1:], [under, *volumes[2:]]
    return VolumeCurve(np.array(times), np.array(volumes))


def _bridged(spans: Iterable[Span]) -> list[Span]:
    """Return spans, joined where the music would have no time between them."""
    shortest = _HOLD_SECONDS + _UP_SECONDS + _SHORTEST_SWELL_SECONDS + _DOWN_SECONDS
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < shortest:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined
