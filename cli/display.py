"""Show progress: a live table on a terminal, plain lines in a pipe."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from rich.console import Console, ConsoleDimensions, Group
from rich.table import Table
from rich.text import Text

from cli.output import write_json_line
from cli.progress import PartProgress, Progress, ShotProgress, Stage
from cli.showing import Drawing, Lines

_MARKS = {
    Stage.WAITING: ("·", "dim"),
    Stage.MAKING: ("◐", "yellow"),
    Stage.BOUGHT: ("◕", "cyan"),
    Stage.READY: ("●", "green"),
    Stage.UNSURE: ("?", "magenta"),
    Stage.FAILED: ("✗", "red"),
}


_BESIDE_SHOTS = 6
"""Rows of a terminal that are no shot's: the headline, the table's head, the summary, the legend and the prompt."""

_WIDE = 100
"""Columns of a terminal from which on each kind of picture has a column of its own."""

_MOST_PARTS = 8
"""A shot with more is told by counts."""


class Display(AbstractContextManager["Display"], Protocol):
    """Shows how a run stands, as a context manager."""

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Show a sentence, and how far the run is."""


def display_for(console: Console) -> Display:
    """Return the display that suits where the output goes."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)


class LiveDisplay(Drawing):
    """A table that is drawn anew, on a terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, per_second=8)

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Draw a sentence, and the table of shots."""
        if progress is None:
            self.draw(Text(sentence))
            return
        standing = f"   {_money(progress)}   {progress.parts_ready} of {progress.parts} ready"
        self.draw(Text.assemble(sentence, (standing, "bold")), progress_panel(progress, self.console.size))


class PlainDisplay(Lines):
    """A line whenever something has changed, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._sentence = ""
        self._stages: dict[str, Stage] = {}

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Write what has changed since the last call: first what became of parts, then where that has brought it."""
        if progress is not None:
            self._tell_of_parts(progress)
        if sentence != self._sentence:
            self._sentence = sentence
            self.line(sentence)

    def _tell_of_parts(self, progress: Progress) -> None:
        for thing, stage in _stages(progress).items():
            if self._stages.get(thing, Stage.WAITING) is not stage:
                self.line(f"{thing}: {stage}   ({_money(progress)})")
            self._stages[thing] = stage


class JsonLinesDisplay(nullcontext["JsonLinesDisplay"]):
    """A line of JSON whenever something has changed, for machines."""

    def __init__(self) -> None:
        super().__init__(self)
        self._last: dict[str, object] = {}

    def show(self, sentence: str, progress: Progress | None) -> None:
        """Write how things stand, if they have changed since the last call."""
        told: dict[str, object] = {"message": sentence}
        if progress is not None:
            told |= {
                "parts": progress.parts,
                "parts_ready": progress.parts_ready,
                "spent_usd": round(progress.spent_usd, 6),
                "expected_usd": progress.expected_usd,
                "ceiling_usd": progress.ceiling_usd,
                "stages": _stages(progress),
            }
        if told != self._last:
            self._last = told
            write_json_line(told)


def progress_panel(progress: Progress, size: ConsoleDimensions) -> Group:
    """Return the table of shots, as far as a terminal of a size holds it; the rest is counted."""
    shown, left_out = _chosen(progress.shots, max(size.height - _BESIDE_SHOTS, 3))
    pictures = ("portrait", "background", "composite") if size.width >= _WIDE else ("pictures",)
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("shot", no_wrap=True, overflow="ellipsis", max_width=max(size.width * 2 // 5, 8))
    for name in pictures:
        table.add_column(name, justify="center", no_wrap=True, min_width=len(name))
    table.add_column("lines", no_wrap=True, overflow="ellipsis")
    for shot in shown:
        marks = [_mark(stage) for stage in (shot.portrait, shot.background, shot.composite)]
        cells = marks if len(pictures) == len(marks) else [Text(" ").join(marks)]
        table.add_row(Text(shot.label), *cells, _parts(shot.parts))
    rows: list[Table | Text] = [table, *([_summary(left_out)] if left_out else []), _legend()]
    return Group(*rows)


def _chosen(shots: Sequence[ShotProgress], at_most: int) -> tuple[list[ShotProgress], list[ShotProgress]]:
    """Return the shots to be shown, in their order, those at work first; and the others."""
    ranked = sorted(range(len(shots)), key=lambda index: (_rank(shots[index]), index))
    chosen = set(ranked[:at_most])
    return [shots[index] for index in sorted(chosen)], [shots[index] for index in sorted(set(ranked) - chosen)]


def _rank(shot: ShotProgress) -> int:
    """Return how much a shot is worth seeing: trouble, then what is at work, then what waits, then what is ready."""
    stages = {shot.portrait, shot.background, shot.composite, *(part.stage for part in shot.parts)}
    if stages & {Stage.FAILED, Stage.UNSURE}:
        return 0
    if stages & {Stage.MAKING, Stage.BOUGHT}:
        return 1
    return 3 if stages == {Stage.READY} else 2


def _summary(shots: Sequence[ShotProgress]) -> Text:
    words = {0: "in trouble", 1: "at work", 2: "not finished", 3: "ready"}
    ranks = [_rank(shot) for shot in shots]
    counts = [f"{ranks.count(rank)} {word}" for rank, word in words.items() if rank in ranks]
    return Text(f" and {len(shots)} more shots: {', '.join(counts)}", "dim", no_wrap=True, overflow="ellipsis")


def _parts(parts: Sequence[PartProgress]) -> Text:
    if len(parts) <= _MOST_PARTS:
        return Text("  ").join(_part(part) for part in parts)
    first, *_, last = parts
    counts = [(stage, sum(part.stage is stage for part in parts)) for stage in Stage]
    told = (Text(f"{_MARKS[stage][0]} {count}", _MARKS[stage][1]) for stage, count in counts if count)
    return Text.assemble(f"{first.number} to {last.number}:  ", Text("  ").join(told))


def _part(part: PartProgress) -> Text:
    mark, style = _MARKS[part.stage]
    engine = "" if part.stage is Stage.WAITING else f" {part.engine}"
    return Text(f"{part.number} {mark}{engine}", style)


def _mark(stage: Stage) -> Text:
    return Text(*_MARKS[stage])


def _legend() -> Text:
    entries = [Text(f"{mark} {stage}", style) for stage, (mark, style) in _MARKS.items()]
    legend = Text("  ").join(entries)
    legend.no_wrap, legend.overflow = True, "ellipsis"
    return legend


def _money(progress: Progress) -> str:
    quoted = f"${progress.spent_usd:.2f} of ${progress.expected_usd:.2f}"
    return quoted if progress.ceiling_usd == progress.expected_usd else f"{quoted}, ${progress.ceiling_usd:.2f} at most"


def _stages(progress: Progress) -> dict[str, Stage]:
    lines = {f"line {part.number}": part.stage for shot in progress.shots for part in shot.parts}
    return {**progress.pictures, **lines}
