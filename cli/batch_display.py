"""Show how a batch stands: a live table on a terminal, plain lines in a pipe."""

import time
from collections import Counter
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

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


class BatchDisplay(Protocol):
    """Shows how a batch stands, as a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def show(self, summary: BatchSummary) -> None:
        """Show how it stands."""


def batch_display_for(console: Console) -> BatchDisplay:
    """Return the display that suits where the output goes."""
    return _LiveTable(console) if console.is_terminal else _PlainLines(console)


class _LiveTable:
    def __init__(self, console: Console) -> None:
        self._began = time.monotonic()
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def show(self, summary: BatchSummary) -> None:
        sentence = Text.assemble((f"{time.monotonic() - self._began:5.1f} s  ", "bold"), headline(summary))
        self._live.update(Group(sentence, batch_table(summary, self._console.size.height - _OTHER_LINES)))


class _PlainLines:
    def __init__(self, console: Console) -> None:
        self._began = time.monotonic()
        self._console = console
        self._states: dict[str, EntryState] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def show(self, summary: BatchSummary) -> None:
        for entry in summary.episodes:
            if self._states.get(entry.episode_id) is not entry.state:
                seconds = time.monotonic() - self._began
                line = f"{seconds:6.1f} s  {entry.episode_id}: {_words(entry)}   (${summary.used_usd:,.2f})"
                self._console.print(line, highlight=False, markup=False, soft_wrap=True)
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
