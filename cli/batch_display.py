"""Show how a batch stands: a live table on a terminal, plain lines in a pipe."""

from collections import Counter
from contextlib import AbstractContextManager
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.showing import Drawing, Lines
from shared.batches.decisions import EntryState
from shared.batches.summary import BatchSummary, EntrySummary, headline

_STYLES = {
    EntryState.DONE: "green",
    EntryState.RUNNING: "yellow",
    EntryState.WAITS_FOR_ITS_TURN: "dim",
    EntryState.WAITS_FOR_FILES: "magenta",
    EntryState.WAITS_FOR_REVIEW: "cyan",
}
_MOST_TELLING_FIRST = (
    EntryState.RUNNING,
    EntryState.WAITS_FOR_REVIEW,
    EntryState.WAITS_FOR_FILES,
    EntryState.FAILED,
    EntryState.REFUSED,
    EntryState.NOT_STARTED,
    EntryState.WAITS_FOR_ITS_TURN,
    EntryState.DONE,
)
_SHORTEST_ID, _LONGEST_ID, _MONEY = 12, 32, 10
"""Widths of columns, in letters."""

_OTHER_LINES = 6
"""Of a terminal, beside the table's own rows."""


class BatchDisplay(AbstractContextManager["BatchDisplay"], Protocol):
    """Shows how a batch stands, as a context manager."""

    def show(self, summary: BatchSummary) -> None:
        """Show how it stands."""


def batch_display_for(console: Console) -> BatchDisplay:
    """Return the display that suits where the output goes."""
    return _LiveTable(console) if console.is_terminal else _PlainLines(console)


class _LiveTable(Drawing):
    def __init__(self, console: Console) -> None:
        super().__init__(console, per_second=4)

    def show(self, summary: BatchSummary) -> None:
        self.draw(Text(headline(summary)), batch_table(summary, self.console.size.height - _OTHER_LINES))


class _PlainLines(Lines):
    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._states: dict[str, EntryState] = {}

    def show(self, summary: BatchSummary) -> None:
        for entry in summary.episodes:
            if self._states.get(entry.episode_id) is not entry.state:
                self.line(f"{entry.episode_id}: {_words(entry)}   (${summary.used_usd:,.2f})")
            self._states[entry.episode_id] = entry.state


def batch_table(summary: BatchSummary, rows: int) -> Table:
    """Return a table of the episodes.

    Parameters
    ----------
    rows
        How many there may be at most. Of more episodes, those that tell most are shown, and the others counted.
    """
    longest_id = max((len(entry.episode_id) for entry in summary.episodes), default=0)
    table = Table(box=None, padding=(0, 1), header_style="dim", expand=True)
    table.add_column("episode", no_wrap=True, width=min(max(longest_id, _SHORTEST_ID), _LONGEST_ID))
    table.add_column("how it stands", no_wrap=True, ratio=1)
    table.add_column("used", justify="right", no_wrap=True, width=_MONEY)
    shown = summary.episodes
    if len(shown) > rows:
        ranked = sorted(shown, key=lambda entry: _MOST_TELLING_FIRST.index(entry.state))
        shown = tuple(ranked[: max(rows - 1, 1)])
    for entry in shown:
        style = _STYLES.get(entry.state, "red")
        table.add_row(Text(entry.episode_id), Text(_words(entry), style), Text(f"${entry.used_usd:,.2f}"))
    if left := summary.episodes[len(shown) :]:
        others = Counter(summary.counts) - Counter(entry.state for entry in shown)
        words = ", ".join(f"{count} {state}" for state, count in others.items())
        table.add_row(Text(f"and {len(left)} more", "dim"), Text(words, "dim"), Text(""))
    return table


def _words(entry: EntrySummary) -> str:
    return f"{entry.state}: {entry.message}" if entry.message else str(entry.state)
