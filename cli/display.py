"""Show progress: a live table on a terminal, plain lines in a pipe."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.progress import PartProgress, Progress, Stage

_MARKS = {
    Stage.WAITING: ("·", "dim"),
    Stage.MAKING: ("◐", "yellow"),
    Stage.BOUGHT: ("◕", "cyan"),
    Stage.READY: ("●", "green"),
    Stage.UNSURE: ("?", "magenta"),
    Stage.FAILED: ("✗", "red"),
}


class Display(Protocol):
    """Shows how a run stands, as a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Show a sentence, and how far the run is."""


def display_for(console: Console) -> Display:
    """Return the display that suits where the output goes."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


class LiveDisplay:
    """A table that is drawn anew, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._began = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the last drawing where it is."""
        self._live.__exit__(kind, error, traceback)

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Draw a sentence, and the table of shots."""
        seconds = time.monotonic() - self._began
        headline = Text.assemble((f"{seconds:5.1f} s  ", "bold"), sentence)
        if progress is None:
            self._live.update(headline)
            return
        headline.append(f"   {_money(progress)}   {progress.parts_ready} of {progress.parts} lines ready", "bold")
        self._live.update(Group(headline, _table(progress), _legend()))


class PlainDisplay:
    """A line whenever something has changed, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._sentence = ""
        self._stages: dict[str, Stage] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Write what has changed since the last call."""
        if sentence != self._sentence:
            self._sentence = sentence
            self._line(sentence)
        if progress is None:
            return
        for thing, stage in _stages(progress).items():
            if self._stages.get(thing, Stage.WAITING) is not stage:
                self._line(f"{thing}: {stage}   ({_money(progress)})")
            self._stages[thing] = stage

    def _line(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(f"{seconds:6.1f} s  {text}", highlight=False, soft_wrap=True)


def _table(progress: Progress) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("shot")
    for name in ("portrait", "background", "composite"):
        table.add_column(name, justify="center")
    table.add_column("lines")
    for shot in progress.shots:
        table.add_row(
            shot.label,
            _mark(shot.portrait),
            _mark(shot.background),
            _mark(shot.composite),
            Text("  ").join(_part(part) for part in shot.parts),
        )
    return table


def _part(part: PartProgress) -> Text:
    mark, style = _MARKS[part.stage]
    engine = "" if part.stage is Stage.WAITING else f" {part.engine}"
    return Text(f"{part.number} {mark}{engine}", style)


def _mark(stage: Stage) -> Text:
    return Text(*_MARKS[stage])


def _legend() -> Text:
    entries = [Text(f"{mark} {stage}", style) for stage, (mark, style) in _MARKS.items()]
    return Text("  ").join(entries)


def _money(progress: Progress) -> str:
    quoted = f"${progress.spent_usd:.2f} of ${progress.expected_usd:.2f}"
    return quoted if progress.ceiling_usd == progress.expected_usd else f"{quoted}, ${progress.ceiling_usd:.2f} at most"


def _stages(progress: Progress) -> dict[str, Stage]:
    lines = {f"line {part.number}": part.stage for shot in progress.shots for part in shot.parts}
    return {**progress.pictures, **lines}
