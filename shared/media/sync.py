"""How far a clip's own sound lags behind the recording that it was made from.

An engine's picture follows its own copy of the sound. If that copy begins late (an encoder's delay, an MP3 decoder's),
so do the lips, and the picture has to be moved before the recording is laid under it.
"""

import numpy as np

from shared.media.house_format import FRAME_RATE
from shared.media.pcm import Samples

SYNC_RATE = 8_000
"""Samples per second at which sounds are compared; good for an eighth of a millisecond."""

_MAX_LAG_SECONDS = 0.5
# AAC encoders begin with up to 2112 samples of delay. Where a file does not declare them, its sound comes out late
# although the picture is in time.
_ENCODER_DELAY_SECONDS = 2112 / 44_100
_SURE_CORRELATION = 0.5


def lag_seconds(sound: Samples, reference: Samples, rate: int = SYNC_RATE) -> float | None:
    """Return how much later `sound` is than `reference`, by the peak of their cross-correlation.

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
    energy = float(np.sqrt(np.square(sound).sum() * np.square(reference).sum()))
    if energy == 0.0:
        return None
    size = 1 << (len(sound) + len(reference)).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(reference, size)), size)
    reach = round(_MAX_LAG_SECONDS * rate)
    near = np.concatenate([correlation[-reach:], correlation[: reach + 1]])
    peak = int(near.argmax())
    if near[peak] / energy < _SURE_CORRELATION:
        return None
    return (peak - reach) / rate


def picture_shift(lag: float | None) -> float:
    """Return by how many seconds, in whole frames, a picture has to be moved forward for a lag of its sound."""
    if lag is None or abs(lag) <= _ENCODER_DELAY_SECONDS:
        return 0.0
    return round(lag * FRAME_RATE) / FRAME_RATE
