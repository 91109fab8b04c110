"""How loud sound is, and bringing it to a loudness: one gain for all of it, and a limiter where peaks would go over.

Loudness is that of EBU R 128 / ITU-R BS.1770 (https://www.itu.int/rec/R-REC-BS.1770). Samples are mono but where
stereo is said.
"""

from fractions import Fraction
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from shared.media.pcm import Layout, Samples, pulled, to_frame

LOUDNESS_FLOOR_LUFS: Final = -70.0
"""What a meter after EBU R 128 shows for silence, and for anything shorter than its 0.4 s window."""

SPEECH_LUFS: Final = -16.0
"""How loud speech is made: what podcast platforms ask for (AES TD1008, 2021)."""

MAX_GAIN_DB: Final = 30.0
"""More than this would be noise rather than speech."""

_MEASURABLE_SECONDS = 2.0
_CLOSE_ENOUGH_LU = 0.1
_MAX_ROUNDS = 4

# A windowed sinc that computes three samples between each two, as BS.1770-5, annex 2, asks for.
_OVERSAMPLING = 4
_TAPS_PER_PHASE = 24

_LIMITER_STEP_SECONDS = 0.001
_LIMITER_REACH_STEPS = 25


class LoudnessMeter:
    """Integrated loudness of a stream of samples, mono or stereo, after EBU R 128."""

    def __init__(self, rate: int, layout: Layout = "mono") -> None:
        self._rate = rate
        self._position = 0
        self._loudness = LOUDNESS_FLOOR_LUFS
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(sample_rate=rate, format="fltp", layout=layout, time_base=Fraction(1, rate))
        self._graph.link_nodes(source, self._graph.add("ebur128", "metadata=1"), self._graph.add("abuffersink"))
        self._graph.configure()

    def add(self, samples: Samples) -> None:
        """Take in the next samples."""
        self._graph.push(to_frame(samples, self._rate, self._position))
        self._position += samples.shape[-1]
        for frame in pulled(self._graph):
            self._loudness = float(frame.metadata.get("lavfi.r128.I", self._loudness))

    @property
    def integrated_lufs(self) -> float:
        """The loudness of all samples so far, in LUFS."""
        return max(self._loudness, LOUDNESS_FLOOR_LUFS)


def integrated_lufs(samples: Samples, rate: int) -> float:
    """Return the loudness of samples in LUFS; what is too short for a meter is measured as if it went on."""
    if not len(samples):
        return LOUDNESS_FLOOR_LUFS
    meter = LoudnessMeter(rate)
    meter.add(np.resize(samples, max(len(samples), round(_MEASURABLE_SECONDS * rate))))
    return meter.integrated_lufs


def true_peaks(samples: Samples) -> Samples:
    """Return for each sample the largest amplitude between it and the next one, at four times the rate."""
    phases = [np.abs(samples), *(np.abs(np.convolve(samples, taps, "same")) for taps in _INTERPOLATORS)]
    return np.asarray(np.max(phases, axis=0), dtype=np.float32)


def _interpolators() -> list[NDArray[np.float32]]:
    taps = np.arange(_TAPS_PER_PHASE) - _TAPS_PER_PHASE // 2
    filters = []
    for phase in range(1, _OVERSAMPLING):
        offsets = taps + phase / _OVERSAMPLING
        shape = np.sinc(offsets) * np.cos(np.pi * offsets / (_TAPS_PER_PHASE + 2)) ** 2
        filters.append((shape / shape.sum()).astype(np.float32))
    return filters


_INTERPOLATORS = _interpolators()


def limited(samples: Samples, ceiling: float, rate: int) -> Samples:
    """Return samples whose true peaks stay under `ceiling` (1 is full scale); if they do already, as they are.

    The gain goes down and up again over 25 ms around a peak, so that it is not heard to move.
    """
    peaks = true_peaks(samples)
    if peaks.max(initial=0.0) <= ceiling:
        return samples
    return np.asarray(samples * limiting_gains(peaks, ceiling, rate), dtype=np.float32)


def limiting_gains(peaks: Samples, ceiling: float, rate: int) -> Samples:
    """Return for each sample the gain that keeps true peaks, as `true_peaks` tells them, under `ceiling`."""
    step = round(_LIMITER_STEP_SECONDS * rate)
    steps = -(-len(peaks) // step)
    highest = np.pad(peaks, (0, steps * step - len(peaks))).reshape(steps, step).max(axis=1)
    needed = np.minimum(1.0, ceiling / np.maximum(highest, 1e-9))
    # The mean of what is the least within reach is nowhere more than what is needed, also between steps.
    reach = _LIMITER_REACH_STEPS
    least = np.lib.stride_tricks.sliding_window_view(np.pad(needed, 2 * reach + 1, mode="edge"), 2 * reach + 3)
    gains = np.convolve(least.min(axis=1), np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")
    middles = (np.arange(steps) + 0.5) * step
    return np.interp(np.arange(len(peaks)), middles, gains).astype(np.float32)


def brought_to(samples: Samples, rate: int, loudness_lufs: float, true_peak_dbtp: float) -> tuple[Samples, float]:
    """Return samples at a loudness, and the gain in dB that it took: one gain for all of them.

    The limiter works only where a peak would go over; what loudness that costs is given back by the gain.

    Parameters
    ----------
    samples
        Shape (n,), at `rate`.
    loudness_lufs
        The loudness wanted. What is so quiet that it takes more than `MAX_GAIN_DB` stays under it.
    true_peak_dbtp
        The highest true peak that is allowed, in dB of full scale.
    """
    measured = integrated_lufs(samples, rate)
    if measured <= LOUDNESS_FLOOR_LUFS:
        return samples, 0.0
    gain, missing = 0.0, loudness_lufs - measured
    result = samples
    for _ in range(_MAX_ROUNDS):
        gain = float(np.clip(gain + missing, -MAX_GAIN_DB, MAX_GAIN_DB))
        amplified = np.asarray(samples * np.float32(10 ** (gain / 20)), dtype=np.float32)
        result = limited(amplified, float(10 ** (true_peak_dbtp / 20)), rate)
        if result is amplified:
            break
        missing = loudness_lufs - integrated_lufs(result, rate)
        if abs(missing) <= _CLOSE_ENOUGH_LU:
            break
    return result, gain
