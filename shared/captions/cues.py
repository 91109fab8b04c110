"""Cues: what stands on the screen at a time, chosen so that it can be read and follows the voice.

The limits are those of Netflix's Timed Text Style Guide and the BBC's Subtitle Guidelines: two rows of 42 characters,
17 characters a second, one second at least and seven at most. Chinese, Japanese and Korean characters count twice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Self

from pydantic import model_validator

from shared.captions.alignment import Pause, SpokenPart, word_times
from shared.captions.rows import MOST_ROWS, ROW_COLUMNS, balanced_rows
from shared.captions.words import Break, Word, words_of
from shared.frozen import Frozen

COLUMNS_PER_SECOND = 17
SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 7.0
EARLIEST_SECONDS = 0.5
"""How long before its words a cue that needs the time may appear, in a pause."""

_LINGER_SECONDS = 0.3
_SMALLEST_GAP_SECONDS = 0.25
"""A shorter gap between two cues would flicker: the first one stays until the second."""

# Costs of a cue, against 1 for having one more.
_BREAK_COST = {Break.SENTENCE: 0.0, Break.CLAUSE: 0.8, Break.WORD: 3.0, Break.SHORT_WORD: 4.0}
_PAUSE_SECONDS = 0.25
_BREAK_SHARE_AT_PAUSE = 0.5
_COST_PER_SECOND_OF_PAUSE = 3.0
_COST_OF_SENTENCE_END = 0.4
_COST_OF_LENGTH = 0.5
_COST_OF_SHORT_TEXT = 1.0
_SHORT_TEXT_COLUMNS = 12
_COST_PER_SECOND_SHORT = 4.0
_COST_PER_SECOND_LONG = 4.0
_COST_OF_LONG = 3.0


class Cue(Frozen):
    """A caption of one or two rows, from `start` to `end` in seconds, whole milliseconds."""

    start: float
    end: float
    rows: tuple[str, ...]

    @model_validator(mode="after")
    def _is_shown(self) -> Self:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a cue ends after it starts, and not at {self.end} s after {self.start} s")
        if not self.rows or any(not row.strip() or "\n" in row or "\r" in row for row in self.rows):
            raise ValueError("the rows of a cue hold text, and no line breaks")
        return self

    def later(self, seconds: float) -> "Cue":
        """Return the same cue, later by `seconds`."""
        return Cue(start=round(self.start + seconds, 3), end=round(self.end + seconds, 3), rows=self.rows)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word, with when it is said, in seconds of its part."""

    word: Word
    start: float
    end: float


def cues_of(text: str, seconds: float, pauses: Sequence[Pause] = ()) -> tuple[Cue, ...]:
    """Return the cues of a text that is spoken within `seconds`, aligned with the pauses; see `cues_of_line`."""
    return cues_of_line(text, [SpokenPart(seconds, pauses)])[0]


def cues_of_line(text: str, parts: Sequence[SpokenPart]) -> tuple[tuple[Cue, ...], ...]:
    """Return the cues of a line's text for each of its parts, with times relative to the part.

    All words appear once and in order; the cues of a part do not overlap and lie inside it. Each stays long enough to
    be read as far as the pause after it (and half a second of the one before it) allows.

    Parameters
    ----------
    text
        What is said; line breaks count as spaces.
    parts
        The parts of the line, in order; at least one, each of at least 0.1 s.
    """
    words = words_of(text)
    if not words:
        return ((),) * len(parts)
    borders = list(accumulate((part.seconds for part in parts), initial=0.0))
    spoken: list[list[_Spoken]] = [[] for _ in parts]
    for word, (start, end) in zip(words, word_times(words, parts), strict=True):
        middle = (start + end) / 2
        number = next(n for n, border in enumerate(borders[1:]) if middle < border or n == len(parts) - 1)
        spoken[number].append(_Spoken(word, start - borders[number], end - borders[number]))
    return tuple(_cues(said, part.seconds) for said, part in zip(spoken, parts, strict=True))


def _cues(spoken: Sequence[_Spoken], seconds: float) -> tuple[Cue, ...]:
    groups = [spoken[first:last] for first, last in pairwise(_cheapest_borders(spoken, seconds))]
    times = _whole_milliseconds(_shown(groups, seconds), math.floor(seconds * 1000))
    return tuple(
        Cue(start=start / 1000, end=end / 1000, rows=_rows([said.word for said in group]))
        for group, (start, end) in zip(groups, times, strict=True)
    )


def _rows(words: Sequence[Word]) -> tuple[str, ...]:
    rows = balanced_rows(words)
    if rows is None:
        raise AssertionError("a cue was made of more words than fit into its rows")
    return rows


def _cheapest_borders(spoken: Sequence[_Spoken], seconds: float) -> list[int]:
    """Return the numbers of the words with which cues begin, and behind them the number of words."""
    count = len(spoken)
    ends = list(accumulate((said.word.columns + said.word.spaced for said in spoken), initial=0))
    silence = list(accumulate((max(0.0, b.start - a.end - _PAUSE_SECONDS) for a, b in pairwise(spoken)), initial=0.0))
    sentences = list(accumulate((said.word.after == Break.SENTENCE for said in spoken), initial=0))
    best = [0.0] + [math.inf] * count
    previous = [0] * (count + 1)
    for first in range(count):
        for last in range(first + 1, _most_words(spoken, first) + 1):
            columns = ends[last] - ends[first] - spoken[first].word.spaced
            starts_next = spoken[last].start if last < count else seconds
            inside = _COST_PER_SECOND_OF_PAUSE * (silence[last - 1] - silence[first])
            inside += _COST_OF_SENTENCE_END * (sentences[last - 1] - sentences[first])
            alone = columns < _SHORT_TEXT_COLUMNS and not _is_sentence(spoken, first, last)
            cost = (
                best[first]
                + inside
                + alone * _COST_OF_SHORT_TEXT
                + _COST_OF_LENGTH * (columns / ROW_COLUMNS / MOST_ROWS) ** 2
            )
            cost += _timing_cost(spoken[last - 1].end - spoken[first].start, starts_next - spoken[first].start, columns)
            cost += 1 + (_border_cost(spoken[last - 1], starts_next) if last < count else 0)
            if cost < best[last]:
                best[last], previous[last] = cost, first
    borders = [count]
    while borders[-1] > 0:
        borders.append(previous[borders[-1]])
    return borders[::-1]


def _most_words(spoken: Sequence[_Spoken], first: int) -> int:
    """Return behind which word a cue that begins with the word `first` is full: each row takes what it can."""
    index = first
    for _ in range(MOST_ROWS):
        columns = 0
        while index < len(spoken):
            word = spoken[index].word
            columns += word.columns + (word.spaced and columns > 0)
            if columns > ROW_COLUMNS:
                break
            index += 1
    return index


def _is_sentence(spoken: Sequence[_Spoken], first: int, last: int) -> bool:
    begins = first == 0 or spoken[first - 1].word.after == Break.SENTENCE
    return begins and spoken[last - 1].word.after == Break.SENTENCE


def _timing_cost(spoken_seconds: float, free_seconds: float, columns: int) -> float:
    """Return what is wrong with a cue whose words take `spoken_seconds`, and which may stay for `free_seconds`."""
    needed = max(SHORTEST_SECONDS, columns / COLUMNS_PER_SECOND)
    cost = _COST_PER_SECOND_SHORT * max(0.0, needed - free_seconds)
    if spoken_seconds > LONGEST_SECONDS:
        cost += _COST_OF_LONG + _COST_PER_SECOND_LONG * (spoken_seconds - LONGEST_SECONDS)
    return cost


def _border_cost(last: _Spoken, starts_next: float) -> float:
    in_pause = starts_next - last.end >= _PAUSE_SECONDS
    return _BREAK_COST[last.word.after] * (_BREAK_SHARE_AT_PAUSE if in_pause else 1)


def _shown(groups: Sequence[Sequence[_Spoken]], seconds: float) -> list[tuple[float, float]]:
    """Return from when to when each group of words is shown: while it is said, and as long as it takes to read."""
    times: list[tuple[float, float]] = []
    for number, group in enumerate(groups):
        start, end = group[0].start, group[-1].end
        free_until = groups[number + 1][0].start if number + 1 < len(groups) else seconds
        columns = sum(said.word.columns + said.word.spaced for said in group) - group[0].word.spaced
        needed = max(SHORTEST_SECONDS, columns / COLUMNS_PER_SECOND)
        if free_until - start < needed:
            free_from = max(times[-1][1] if times else 0.0, start - EARLIEST_SECONDS)
            start = min(start, max(free_from, free_until - needed))
        end = min(free_until, max(end + _LINGER_SECONDS, start + needed))
        if free_until - end < _SMALLEST_GAP_SECONDS:
            end = free_until
        times.append((start, min(end, start + LONGEST_SECONDS)))
    return times


def _whole_milliseconds(times: Sequence[tuple[float, float]], length: int) -> list[tuple[int, int]]:
    """Round times so that none is empty or overlaps, even where there is far more text than can be said."""
    starts = [0] * len(times)
    ends = [0] * len(times)
    earliest = 0
    for index, (start, end) in enumerate(times):
        starts[index] = max(round(start * 1000), earliest)
        ends[index] = earliest = max(round(end * 1000), starts[index] + 1)
    latest = length
    for index in reversed(range(len(times))):
        ends[index] = min(ends[index], latest)
        starts[index] = latest = min(starts[index], ends[index] - 1)
    return list(zip(starts, ends, strict=True))
