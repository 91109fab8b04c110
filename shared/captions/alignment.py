"""When each word is said: the text spread over the speech between the pauses of a recording.

No word is recognised. What is known is that a speaker is about as fast all the time, that nearly every pause lies
between two words, and most of them at the end of a sentence or a clause. The cheapest way to bring the three together
is found by dynamic programming.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from shared.captions.words import Break, Word

Pause = tuple[float, float]
"""Where a pause starts and ends, in seconds."""


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """A part of a line's recording: its length in seconds, and its pauses, in order and in seconds of the part."""

    seconds: float
    pauses: Sequence[Pause] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech between two pauses, in seconds of the line."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """The length."""
        return self.end - self.start


# Costs are about negative log likelihoods. The time a text takes varies with this share of its length.
_VARIANCE_PER_SECOND = 0.06
_VARIANCE_SECONDS = 0.3
_PAUSE_COST = {Break.SENTENCE: 0.0, Break.CLAUSE: 0.7, Break.WORD: 3.0, Break.SHORT_WORD: 4.0}
_ORDINARY_PAUSE_SECONDS = 0.35
_SPOKEN_OVER_COST = {Break.SENTENCE: 1.5, Break.CLAUSE: 0.2, Break.WORD: 0.0, Break.SHORT_WORD: 0.0}

_NEAR_SECONDS = 1.2
_FAR_SECONDS = 1.5
_FAR_SHARE = 0.12
_MOST_CANDIDATES = 60


def word_times(words: Sequence[Word], parts: Sequence[SpokenPart]) -> list[tuple[float, float]]:
    """Return when each word starts and ends, in seconds of the line whose parts follow each other.

    No word lies in two parts.
    """
    stretches = speech_stretches(parts)
    ends = list(accumulate((_weight(word) for word in words), initial=0.0))
    times: list[tuple[float, float]] = []
    for stretch, (first, last) in zip(stretches, pairwise(_aligned(words, ends, stretches)), strict=True):
        said = [end - ends[first] for end in ends[first : last + 1]]
        times += pairwise(stretch.start + stretch.seconds * share / said[-1] for share in said if said[-1])
    return times


def speech_stretches(parts: Sequence[SpokenPart]) -> list[Stretch]:
    """Return the speech of a line, divided by pauses and by the borders of its parts; if all is silent, the parts."""
    borders = list(accumulate((part.seconds for part in parts), initial=0.0))
    gaps = [(border, border) for border in borders]
    for part, offset in zip(parts, borders, strict=False):
        gaps += [(offset + max(0.0, start), offset + min(end, part.seconds)) for start, end in part.pauses]
    stretches = _between(gaps)
    return stretches or _between([(border, border) for border in borders])


def _between(gaps: Sequence[Pause]) -> list[Stretch]:
    stretches = []
    spoken_from = 0.0
    for start, end in sorted(gaps):
        if start > spoken_from:
            stretches.append(Stretch(spoken_from, start))
        spoken_from = max(spoken_from, end)
    return stretches


def _weight(word: Word) -> float:
    """Return how long a word takes to say, in columns."""
    return word.columns + 1.0


def _aligned(words: Sequence[Word], ends: Sequence[float], stretches: Sequence[Stretch]) -> list[int]:
    """Return for each stretch the number of its first word, and behind them the number of words.

    `ends` are the sums of the words' weights.
    """
    seconds_per_weight = sum(stretch.seconds for stretch in stretches) / ends[-1]
    said_at = [end * seconds_per_weight for end in ends]
    spoken_over = list(accumulate((_SPOKEN_OVER_COST[word.after] for word in words), initial=0.0))
    # For each word that may come first after a pause: the cheapest way there, and the first words so far.
    ways: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
    elapsed = 0.0
    for stretch, following in zip(stretches, [*stretches[1:], None], strict=True):
        elapsed += stretch.seconds
        longer: dict[int, tuple[float, list[int]]] = {}
        # Before the first of the ways nothing can follow: the words after a pause come after those before it.
        earliest = min(ways)
        possible = _candidates(words, said_at, elapsed) if following else [len(words)]
        for candidate in possible[bisect_left(possible, earliest) :]:
            cost, first = min(
                (
                    cost
                    + _rate_cost(said_at[candidate] - said_at[first], stretch.seconds)
                    + spoken_over[max(first, candidate - 1)]
                    - spoken_over[first],
                    first,
                )
                for first, (cost, _) in ways.items()
                if first <= candidate
            )
            if following:
                cost += _pause_cost(words, candidate, following.start - stretch.end)
            longer[candidate] = cost, [*ways[first][1], candidate]
        ways = longer
    return ways[len(words)][1]


def _candidates(words: Sequence[Word], said_at: Sequence[float], elapsed: float) -> list[int]:
    """Return before which words a pause may lie, after `elapsed` seconds of speech: near any word, far off good breaks.

    The nearest word is always one of them.
    """
    window = _FAR_SECONDS + _FAR_SHARE * min(elapsed, said_at[-1] - elapsed)
    first, last = bisect_left(said_at, elapsed - window), bisect_right(said_at, elapsed + window)
    possible = [
        index
        for index in range(first, last)
        if abs(said_at[index] - elapsed) <= _NEAR_SECONDS or (index > 0 and words[index - 1].after <= Break.CLAUSE)
    ]
    nearest = min(
        range(max(0, first - 1), min(len(said_at), last + 1)), key=lambda index: abs(said_at[index] - elapsed)
    )
    return sorted({*sorted(possible, key=lambda index: abs(said_at[index] - elapsed))[:_MOST_CANDIDATES], nearest})


def _rate_cost(expected: float, actual: float) -> float:
    """Return how unlikely it is that words said in `expected` seconds on average take `actual` seconds."""
    variance = _VARIANCE_PER_SECOND * (max(expected, actual) + _VARIANCE_SECONDS)
    return (expected - actual) ** 2 / (2 * variance)


def _pause_cost(words: Sequence[Word], following: int, seconds: float) -> float:
    """Return how unlikely a pause of `seconds` is before the word numbered `following`."""
    if following in (0, len(words)):
        return 0.0
    return _PAUSE_COST[words[following - 1].after] * min(1.5, max(0.4, seconds / _ORDINARY_PAUSE_SECONDS))
