"""When each asset of a run was waited for, worked on and fetched: as bars, and as a table that says the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.ledger.records import Job, Seconds
from shared.ledger.states import JobState
from shared.run_record import RunRecord
from shared.storyboard.html import Html, element, join
from shared.storyboard.words import clock_time, counted

_PER_MILLE = 1000
_BAR_HEIGHT = 12
_LONG = 60
"""Rows from which on the table scrolls within the page."""

_PHASES = {
    "queued": "Queued: sent, and waiting for the provider to begin",
    "running": "Running: the provider works on it",
    "fetched": "Fetched: called back, downloaded, stored",
    "unknown": "Under way: the provider does not say when it began",
}


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a job's time; seconds count from the run's start."""

    name: str
    start: Seconds
    end: Seconds


@dataclass(frozen=True, slots=True)
class Row:
    """An asset, or a step of the plot.

    Parameters
    ----------
    note
        What there is to say in place of a bar, or beside it.
    """

    label: str
    phases: tuple[Phase, ...]
    note: str = ""


def waterfall_rows(record: RunRecord) -> list[Row]:
    """Return what a run waited for, in the order of time; what it reused, and needed no time, comes last."""
    asked, reused = [], []
    for address, asset in record.plan.assets.items():
        job = record.jobs.get(address)
        if job is None:
            continue
        if job.run == record.run.name:
            asked.append(Row(asset.label, _phases(job, record), _note(job)))
        elif job.state is JobState.STORED:
            reused.append(Row(asset.label, (), "reused"))
    asked.sort(key=lambda row: row.phases[0].start if row.phases else float("inf"))
    return [*asked, *_after_the_last(asked, record), *reused]


def waterfall(record: RunRecord) -> Html | None:
    """Return the waterfall of a run; None where nothing was asked for and nothing reused."""
    rows = waterfall_rows(record)
    if not rows:
        return None
    whole = max((phase.end for row in rows for phase in row.phases), default=0.0)
    used = {phase.name for row in rows for phase in row.phases}
    table = element(
        "table",
        element("caption", _summary(rows, whole)),
        element(
            "thead",
            element(
                "tr",
                *(
                    element("th", name, scope="col", role="columnheader")
                    for name in ("Asset", f"From 0:00 to {clock_time(whole)}", "Seconds")
                ),
            ),
        ),
        element("tbody", *(_row(row, whole) for row in rows)),
        class_="waterfall",
        role="table",  # and so on below: on a phone its rows are laid out otherwise, and are rows all the same
    )
    legend = [
        element("li", element("span", class_=f"key {name}", aria_hidden="true"), meaning)
        for name, meaning in _PHASES.items()
        if name in used
    ]
    scroller = (
        element("div", table, class_="scroller", tabindex=0, role="region", aria_label="Waterfall")
        if len(rows) > _LONG
        else table
    )
    return join(scroller, element("ul", *legend, class_="legend") if legend else None)


def _phases(job: Job, record: RunRecord) -> tuple[Phase, ...]:
    begin = record.run.started_at
    sent = job.submitted_at if job.submitted_at is not None else job.sent_at
    end = job.settled_at if job.settled_at is not None else record.run.ended_at
    if sent is None or end is None or end < sent:
        return ()

    def phase(name: str, start: Seconds, until: Seconds) -> Phase:
        return Phase(name, round(max(start - begin, 0.0), 3), round(max(until - begin, 0.0), 3))

    if job.started_at is None and job.run_seconds is None:
        return (phase("unknown", sent, end),)
    # Where nobody saw it begin, its work is drawn up to the end; a provider's clock is not ours, so it is held within.
    running = min(job.run_seconds if job.run_seconds is not None else end - sent, end - sent)
    started = min(max(job.started_at if job.started_at is not None else end - running, sent), end)
    stopped = min(started + running, end) if job.run_seconds is not None else end
    stretches = (("queued", sent, started), ("running", started, stopped), ("fetched", stopped, end))
    return tuple(phase(name, start, until) for name, start, until in stretches if until > start)


def _note(job: Job) -> str:
    if job.state is JobState.STORED:
        return ""
    return "failed" if job.state is JobState.FAILED else "not delivered"


def _after_the_last(asked: list[Row], record: RunRecord) -> Iterator[Row]:
    """Yield the end of a run, in which the last house clips are made and joined; the ledger has no more of it."""
    ended = record.run.ended_at
    last = max((phase.end for row in asked for phase in row.phases), default=0.0)
    if ended is not None and record.run.failure is None and (seconds := ended - record.run.started_at) > last:
        yield Row("house clips and assembly", (Phase("running", last, round(seconds, 3)),))


def _row(row: Row, whole: Seconds) -> Html:
    seconds = row.phases[-1].end - row.phases[0].start if row.phases else None
    said = "; ".join(f"{phase.name} from {phase.start:.1f} s to {phase.end:.1f} s" for phase in row.phases)
    return element(
        "tr",
        element("th", row.label, scope="row", dir="auto", role="rowheader"),
        element(
            "td",
            _bar(row, whole) if row.phases else None,
            element("span", said, class_="unseen") if said else None,
            element("span", row.note, class_="note") if row.note else None,
            role="cell",
        ),
        element("td", f"{seconds:.1f}" if seconds is not None else "-", class_="number", role="cell"),
        role="row",
    )


def _bar(row: Row, whole: Seconds) -> Html:
    def place(at: Seconds) -> float:
        return round(at / whole * _PER_MILLE, 1)

    rectangles = [
        element(
            "rect",
            class_=phase.name,
            x=place(phase.start),
            width=max(round(place(phase.end) - place(phase.start), 1), 2),
            height=_BAR_HEIGHT,
        )
        for phase in row.phases
    ]
    return element(
        "svg",
        *rectangles,
        viewBox=f"0 0 {_PER_MILLE} {_BAR_HEIGHT}",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )


def _summary(rows: list[Row], whole: Seconds) -> str:
    asked, reused = sum(bool(row.phases) for row in rows), sum(row.note == "reused" for row in rows)
    took = f"{counted(asked, 'step')} in {counted(round(whole), 'second')}" if asked else "Nothing was waited for"
    return took + (f"; {counted(reused, 'asset')} reused, which took no time" if reused else "") + "."
