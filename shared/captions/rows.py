"""Words in rows: as few as they fit in, and as even as good breaks allow."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from shared.captions.words import Break, Word, columns_of, joined

ROW_COLUMNS = 42
"""The longest row of a cue (Netflix, Timed Text Style Guide, English: 42 characters per line)."""
MOST_ROWS = 2

_BREAK_COST = {Break.SENTENCE: 0.0, Break.CLAUSE: 0.02, Break.WORD: 0.15, Break.SHORT_WORD: 0.25}


def balanced_rows(
    words: Sequence[Word],
    most_rows: int = MOST_ROWS,
    widest: float = ROW_COLUMNS,
    measure: Callable[[str], float] = columns_of,
) -> tuple[str, ...] | None:
    """Divide words into as few rows as they fit in, as even as can be, or return None if they do not fit.

    Parameters
    ----------
    words
        At least one.
    most_rows
        How many rows there may be.
    widest
        The width of the widest row, in the unit of `measure`.
    measure
        Tells the width of a text.
    """
    width = measure(joined(words))
    for rows in range(1, most_rows + 1):
        borders = _cheapest_borders(words, rows, widest, width / rows, measure)
        if borders is not None:
            return tuple(joined(words[start:end]) for start, end in pairwise(borders))
    return None


def _cheapest_borders(
    words: Sequence[Word], rows: int, widest: float, ideal: float, measure: Callable[[str], float]
) -> list[int] | None:
    """Return where the rows begin and the last one ends; None if the words do not fit into so many rows."""
    # For each word, the cheapest way to put all before it into the rows so far.
    ways: dict[int, tuple[float, list[int]]] = {0: (0.0, [0])}
    for row in range(1, rows + 1):
        longer: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, borders) in ways.items():
            ends = range(start + 1, len(words) + 1) if row < rows else (len(words),)
            for end in ends:
                width = measure(joined(words[start:end]))
                if width > widest:
                    break
                more = cost + (width / ideal - 1) ** 2 + (_BREAK_COST[words[end - 1].after] if row < rows else 0)
                if end not in longer or more < longer[end][0]:
                    longer[end] = more, [*borders, end]
        ways = longer
    return ways[len(words)][1] if len(words) in ways else None
