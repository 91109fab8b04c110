"""Whether a clip's own sound is the recording that it was made from, and how far it lags behind.

An engine's picture follows its own copy of the sound. If that copy begins late (an encoder's delay, an MP3 decoder's),
so do the lips, and the picture has to be moved before the recording is laid under it.

The two are compared second by second. Noise, a codec, another loudness or an echo leave every second where it was; the
seconds of another voice are found nowhere, or here and there by chance.
"""

from itertools import pairwise

import numpy as np

from shared.media.house_format import FRAME_RATE
from shared.media.pcm import Samples

SYNC_RATE = 8_000
"""Samples per second at which sounds are compared; good for an eighth of a millisecond."""

_WINDOW_SECONDS = 1.0
_MAX_LAG_SECONDS = 0.5
# A second of speech that is 20 dB quieter than the loudest one says nothing.
_QUIET = 0.01
# Measured on 15 voices: a second of another voice correlates by 0.31 at most 99 times of 100, the right one through
# echo, a telephone's band or noise as loud as the voice by 0.5 and more; of wrong recordings a half agrees at most.
_ALIKE = 0.35
_SAME_TIME_SECONDS = 0.06
_SAME_SOUND_SHARE = 0.7
_NEARNESS = 0.05
# AAC encoders begin with up to 2112 samples of delay. Where a file does not declare them, its sound comes out late
# although the picture is in time.
_ENCODER_DELAY_SECONDS = 2112 / 44_100


def lag_seconds(sound: Samples, reference: Samples, rate: int = SYNC_RATE) -> float | None:
    """Return how much later `sound` is than `reference`, by the peaks of their cross-correlation.

    Parameters
    ----------
    sound, reference
        Shape (n,) and (m,), at `rate`.
    rate
        Samples per second.

    Returns
    -------
    float or None
        Seconds, at most half a second either way; None if the two are not the same sound.
    """
    reach = round(_MAX_LAG_SECONDS * rate)
    ends = np.linspace(0, len(reference), max(1, round(len(reference) / rate / _WINDOW_SECONDS)) + 1).astype(int)
    windows = [reference[start:end] for start, end in pairwise(ends)]
    energies = np.array([np.square(window).sum() for window in windows])
    if not energies.any():
        return None
    around = np.pad(sound, (reach, reach + max(0, len(reference) - len(sound))))
    found = np.array(
        [
            _best_place(around[start : start + len(window) + 2 * reach], window)
            for start, window, energy in zip(ends, windows, energies, strict=False)
            if energy > _QUIET * energies.max()
        ]
    )
    places, alike = found[:, 0], found[:, 1] >= _ALIKE
    if not alike.any():
        return None
    lag = float(np.median(places[alike]))
    agreeing = alike & (np.abs(places - lag) <= _SAME_TIME_SECONDS * rate)
    return (lag - reach) / rate if agreeing.mean() >= _SAME_SOUND_SHARE else None


def _best_place(sound: Samples, window: Samples) -> tuple[int, float]:
    """Return where in `sound` the window fits best, and how well, from 0 to 1; turned upside down is as good."""
    size = 1 << (len(sound) + len(window)).bit_length()
    places = len(sound) - len(window) + 1
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(window, size))
    products = np.abs(np.fft.irfft(spectrum, size)[:places])
    summed = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    energies = summed[len(window) :][:places] - summed[:places]
    # Where the sound is as good as silent, its noise must not count as likeness.
    floor = max(float(energies.max()) * 1e-3, 1e-12)
    likeness = products / np.sqrt(np.maximum(energies, floor) * np.square(window, dtype=np.float64).sum())
    # A steady tone fits in many places: then the nearest one counts.
    distance = np.abs(np.arange(places) / max(1, places - 1) - 0.5)
    best = int((likeness * (1 - _NEARNESS * distance)).argmax())
    return best, float(likeness[best])


def picture_shift(lag: float | None) -> float:
    """Return by how many seconds, in whole frames, a picture has to be moved forward for a lag of its sound."""
    if lag is None or abs(lag) <= _ENCODER_DELAY_SECONDS:
        return 0.0
    return round(lag * FRAME_RATE) / FRAME_RATE
