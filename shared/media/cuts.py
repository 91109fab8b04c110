"""Where a recording is cut into parts: at pauses if there are any, else where it is quietest."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.media.pcm import Samples

PAUSE_RATE = 16_000
"""Samples per second at which pauses are looked for: enough for speech."""

_HOP_SECONDS = 0.01
_HOP = round(PAUSE_RATE * _HOP_SECONDS)
_PAUSE_HOPS = 15
_PAUSE_BELOW_SPEECH_DB = 26.0
_LOUD_PERCENTILE = 95
_CANDIDATE_WINDOW_HOPS = 50
_COMFORTABLE_CLEARANCE_HOPS = 50

# Costs of one cut, against the cost of parts of unequal length, which lies between 0 and 1 for each part.
_COST_OF_CUTTING_SPEECH = 4.0
_COST_PER_DECIBEL = 0.1
_COST_OF_NARROW_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a recording, in seconds of the recording.

    `ends_in_speech` flags an end for which no pause was near enough: it may be heard and seen.
    """

    start: float
    end: float
    ends_in_speech: bool = False

    @property
    def seconds(self) -> float:
        """The length."""
        return self.end - self.start


def choose_cuts(samples: Samples, start: float, end: float, longest: float) -> list[Cut]:
    """Divide a piece of a recording into cuts of at most `longest` seconds, as equal as its pauses allow.

    Parameters
    ----------
    samples
        The piece, shape (n,), at `PAUSE_RATE`.
    start, end
        Where the piece lies in the recording, in seconds.
    longest
        The longest cut, in seconds.
    """
    if end - start <= longest:
        return [Cut(start, end)]
    levels = _levels(samples)
    clearance = _distance_to_speech(levels)
    # The last hop is not a place to cut: it may reach past the end.
    candidates = _candidates(levels, clearance)
    in_pause = clearance[candidates] * 2 >= _PAUSE_HOPS
    costs = _cutting_costs(levels, clearance)[candidates]
    times = np.concatenate([[start], start + candidates * _HOP_SECONDS, [end]])
    chosen = _cheapest_path(times, np.concatenate([[0.0], costs, [0.0]]), longest)
    edges = [start, *(round(float(times[index]), 3) for index in chosen[1:-1]), end]
    speech = [*(not in_pause[index - 1] for index in chosen[1:-1]), False]
    return [Cut(a, b, bool(cuts)) for a, b, cuts in zip(edges, edges[1:], speech, strict=False)]


def pauses_of(samples: Samples) -> list[tuple[float, float]]:
    """Return where nobody speaks for 150 ms or more, told as `choose_cuts` tells it.

    Parameters
    ----------
    samples
        Shape (n,), at `PAUSE_RATE`.

    Returns
    -------
    list of (float, float)
        Starts and ends in seconds of the samples, in order.
    """
    hops = len(samples) // _HOP
    if hops < _PAUSE_HOPS:
        return []
    spoken = np.flatnonzero(_distance_to_speech(_levels(samples)) == 0)
    starts, ends = np.concatenate([[0], spoken + 1]), np.concatenate([spoken, [hops]])
    return [
        (round(float(start) * _HOP_SECONDS, 2), round(float(end) * _HOP_SECONDS, 2))
        for start, end in zip(starts, ends, strict=True)
        if end - start >= _PAUSE_HOPS
    ]


def _levels(samples: Samples) -> NDArray[np.float64]:
    """Return the level of each hop in dBFS."""
    hops = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP).astype(np.float64)
    return np.asarray(10 * np.log10(np.square(hops).mean(axis=1) + 1e-10), dtype=np.float64)


def _distance_to_speech(levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each hop how many hops away the nearest one is that is not part of a pause (0: itself)."""
    loud = np.flatnonzero(levels > np.percentile(levels, _LOUD_PERCENTILE) - _PAUSE_BELOW_SPEECH_DB)
    hops = np.arange(len(levels))
    after = np.searchsorted(loud, hops)
    following = np.append(loud, len(levels))[after]
    preceding = np.insert(loud, 0, -1)[np.searchsorted(loud, hops, side="right")]
    return np.asarray(np.minimum(following - hops, hops - preceding), dtype=np.int64)


def _candidates(levels: NDArray[np.float64], clearance: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the hops worth cutting at: in every half second the middle of its pause, and the quietest hop."""
    chosen = set()
    for first in range(0, len(levels), _CANDIDATE_WINDOW_HOPS):
        window = slice(first, first + _CANDIDATE_WINDOW_HOPS)
        chosen |= {first + int(clearance[window].argmax()), first + int(levels[window].argmin())}
    return np.array(sorted(chosen - {0}), dtype=np.int64)


def _cutting_costs(levels: NDArray[np.float64], clearance: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each hop how bad a cut there is."""
    narrow = 1 - np.minimum(clearance, _COMFORTABLE_CLEARANCE_HOPS) / _COMFORTABLE_CLEARANCE_HOPS
    audible = _COST_OF_CUTTING_SPEECH + _COST_PER_DECIBEL * (levels - levels.min())
    return np.where(clearance * 2 >= _PAUSE_HOPS, _COST_OF_NARROW_PAUSE * narrow, audible)


def _cheapest_path(times: NDArray[np.float64], costs: NDArray[np.float64], longest: float) -> list[int]:
    """Return the indexes of the times, from the first to the last, whose steps fit and whose sum of costs is least."""
    total = times[-1] - times[0]
    ideal = total / math.ceil(total / longest)
    best = np.zeros(len(times))
    previous = np.zeros(len(times), dtype=np.int64)
    earliest = np.searchsorted(times, times - longest)
    for index in range(1, len(times)):
        before = slice(earliest[index], index)
        unequal = ((times[index] - times[before]) / ideal - 1) ** 2
        sums = best[before] + unequal + costs[index]
        cheapest = int(sums.argmin())
        best[index] = sums[cheapest]
        previous[index] = earliest[index] + cheapest
    path = [len(times) - 1]
    while path[-1] > 0:
        path.append(int(previous[path[-1]]))
    return path[::-1]
