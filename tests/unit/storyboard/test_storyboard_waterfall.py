"""The waterfall: what of a job's time was waiting, work and fetching."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.records import Job
from shared.ledger.states import JobState
from shared.run_record import RunRecord
from shared.storyboard.waterfall import Phase, waterfall, waterfall_rows
from shared.storyboard.words import clock_time, dollars
from tests.builders import TWO_SCENES, job_of, plan_of
from tests.unit.storyboard.boards import STARTED_AT, board_of, run_of
from tests.unit.storyboard.reading import read_page

PLAN = plan_of(TWO_SCENES)
ADDRESS = next(iter(PLAN.assets))
TIMES = st.none() | st.floats(-100, 1000)


def job(**fields: Any) -> Job:
    return job_of(JobState.STORED, ADDRESS, **fields)


def phases_of(**times: float) -> list[tuple[str, float, float]]:
    """Return the phases of a job whose times count from the run's start."""
    absolute = {name: time if name == "run_seconds" else STARTED_AT + time for name, time in times.items()}
    rows = waterfall_rows(RunRecord(run=run_of(), plan=PLAN, jobs={ADDRESS: job(**absolute)}))
    return [(phase.name, phase.start, phase.end) for phase in rows[0].phases]


def test_a_job_that_was_seen_to_begin_is_queued_runs_and_is_fetched() -> None:
    assert phases_of(submitted_at=2, started_at=5, run_seconds=10, settled_at=16) == [
        ("queued", 2, 5),
        ("running", 5, 15),
        ("fetched", 15, 16),
    ]


def test_where_nobody_saw_it_begin_its_work_is_drawn_to_the_end() -> None:
    assert phases_of(submitted_at=2, run_seconds=10, settled_at=16) == [("queued", 2, 6), ("running", 6, 16)]


def test_where_nothing_is_known_of_its_work_it_was_under_way() -> None:
    assert phases_of(submitted_at=2, settled_at=16) == [("unknown", 2, 16)]
    assert phases_of(sent_at=2, settled_at=16) == [("unknown", 2, 16)]


@given(submitted=st.floats(-10, 500), started=TIMES, run=st.none() | st.floats(0, 2000), took=st.floats(0, 900))
def test_phases_follow_one_another_within_the_jobs_time(
    submitted: float, started: float | None, run: float | None, took: float
) -> None:
    times = {"submitted_at": submitted, "started_at": started, "run_seconds": run, "settled_at": submitted + took}
    phases = phases_of(**{name: time for name, time in times.items() if time is not None})
    ends = [end for _, _, end in phases]
    assert [start for _, start, _ in phases][1:] == ends[:-1]
    for _, start, end in phases:
        assert max(0, round(submitted, 3)) - 0.002 <= start <= end <= max(0, submitted + took) + 0.002


def test_what_was_reused_has_no_bar_and_comes_last() -> None:
    # given a run that reused two assets
    reused = list(PLAN.assets)[:2]
    rows = waterfall_rows(board_of(PLAN, reused=reused).record)
    # then
    assert [row.label for row in rows[-2:]] == [PLAN.assets[address].label for address in reused]
    assert all(row.phases == () and row.note == "reused" for row in rows[-2:])
    starts = [row.phases[0].start for row in rows[:-2]]
    assert starts == sorted(starts)
    # and before them, what came after the last asset
    assert rows[-3].label == "house clips and assembly"
    assert rows[-3].phases[0].start == max(row.phases[-1].end for row in rows[:-3])


def test_the_table_says_what_the_bars_show() -> None:
    record = RunRecord(
        run=run_of(ended_at=STARTED_AT + 20),
        plan=PLAN,
        jobs={ADDRESS: job(submitted_at=STARTED_AT + 2, started_at=STARTED_AT + 5, settled_at=STARTED_AT + 10)},
    )
    chart = waterfall(record)
    assert chart
    table = read_page(chart).one("table")
    first = table.one("tbody").all("tr")[0]
    assert first.one("th").text == PLAN.assets[ADDRESS].label
    assert "queued from 2.0 s to 5.0 s; running from 5.0 s to 10.0 s" in first.text
    assert first.all("td")[1].text == "8.0"
    # and the bars are drawn to the scale of the run
    assert [(bar.attributes["x"], bar.attributes["width"]) for bar in first.all("rect")] == [
        ("100.0", "150.0"),
        ("250.0", "250.0"),
    ]


def test_a_run_that_asked_for_nothing_has_no_waterfall() -> None:
    assert waterfall(RunRecord(run=run_of(), plan=PLAN, jobs={})) is None


@pytest.mark.parametrize(("state", "note"), [(JobState.FAILED, "failed"), (JobState.SUBMITTED, "not delivered")])
def test_what_did_not_come_is_told(state: JobState, note: str) -> None:
    late = job_of(state, ADDRESS, submitted_at=STARTED_AT + 1)
    record = RunRecord(run=run_of(ended_at=STARTED_AT + 9), plan=PLAN, jobs={ADDRESS: late})
    row = waterfall_rows(record)[0]
    assert (row.note, row.phases) == (note, (Phase("unknown", 1, 9),))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3599, "59:59"), (3661, "1:01:01")]
)
def test_times_are_written_as_players_write_them(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


@pytest.mark.parametrize(("usd", "text"), [(0, "$0.00"), (0.004, "< $0.01"), (0.06, "$0.06"), (1234.5, "$1,234.50")])
def test_amounts_are_written_to_the_cent(usd: float, text: str) -> None:
    assert dollars(usd) == text
