"""Whether a recording was overdriven: its waves then end in flat tops, all at one level.

The amplitudes of clean speech grow rarer with their size, up to the very top, and a limiter's hardly pile up. Clipped
samples pile up at one level, which codecs blur and later gains move, but do not take away. So it is told by a pile of
amplitudes in the upper range, and not by samples at full scale.
"""

import av
import numpy as np
from numpy.typing import NDArray

_DB_PER_BIN = 0.1
_LOWEST_DB, _HIGHEST_DB = -80.0, 12.0
_BINS = round((_HIGHEST_DB - _LOWEST_DB) / _DB_PER_BIN)
# The pile is looked for in a band of 1 dB, and compared with the band of the same width below it.
_BAND = 10
_GAP = 2
# Not where it is quiet: the pile is in the upper 8 dB, and the share is that of what is less than 26 dB below it.
_TOP_RANGE = 80
_AUDIBLE_RANGE = 260


class ClippingMeter:
    """The share of a recording that was cut off at the top, by a histogram of the amplitudes of each channel."""

    def __init__(self) -> None:
        self._planar = av.AudioResampler("fltp")
        self._counts: NDArray[np.int64] = np.zeros((0, _BINS), np.int64)

    def add(self, frame: av.AudioFrame) -> None:
        """Take in the next frame; all have the same number of channels."""
        for block in self._planar.resample(frame):
            channels = np.asarray(block.to_ndarray())
            if not len(self._counts):
                self._counts = np.zeros((len(channels), _BINS), np.int64)
            self._counts += np.stack([_histogram(samples) for samples in channels])

    @property
    def clipped_share(self) -> float:
        """The share, 0 to 1, of the audible samples of the worst channel that pile up at one level."""
        return max((_pile(counts) for counts in self._counts), default=0.0)


def _histogram(samples: NDArray[np.float32]) -> NDArray[np.int64]:
    levels = 20 * np.log10(np.maximum(np.abs(samples), 1e-6))
    bins = ((levels - _LOWEST_DB) / _DB_PER_BIN).astype(np.int64).clip(0, _BINS - 1)
    return np.bincount(bins, minlength=_BINS)


def _pile(counts: NDArray[np.int64]) -> float:
    """Return by how much the fullest band near the top exceeds the band below it, against all that is audible."""
    heard = np.flatnonzero(counts[1:]) + 1
    if not len(heard):
        return 0.0
    below = np.concatenate([[0], np.cumsum(counts)])
    ends = np.arange(max(_AUDIBLE_RANGE, heard[-1] + 1 - _TOP_RANGE), heard[-1] + 2)
    starts = ends - _BAND
    excess = (below[ends] - below[starts]) - (below[starts - _GAP] - below[starts - _GAP - _BAND])
    audible = below[-1] - below[ends - _AUDIBLE_RANGE]
    return float(np.max(excess / np.maximum(audible, 1), initial=0.0))
