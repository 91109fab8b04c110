"""Close a run: its state in the ledger, its bill, the papers beside the script, and one event."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.bill import Bill, bill_of
from shared.frozen import Frozen
from shared.keys import BILL, CAPTION_FILES, bill_key, episode_folder, video_name
from shared.ledger.budgets import EXACT, Budget, BudgetKind
from shared.ledger.records import ENDED_RUNS, Failure, Run, RunState, Seconds
from shared.plan.models import Plan
from shared.plan.timeline import episode_seconds
from shared.ports import ObjectMissing
from shared.run_record import RunRecord
from shared.storyboard.facts import Ending, Storyboard
from shared.workflow.events import ended_event, tell
from shared.workflow.publish_storyboard import publish_storyboard
from shared.workflow.reasons import reason_of, troubles_of
from shared.workflow.review import STORYBOARD_REJECTED
from shared.workflow.run_over import SUPERSEDED
from shared.workflow.status import EpisodeState, StatusBoard, Trouble

if TYPE_CHECKING:
    from shared.ports import Bucket, Events, Ledger

_COME_AFTER_A_CLAIM = frozenset({SUPERSEDED, "ShotFailed", "PartFailed", "ReviewTimedOut", STORYBOARD_REJECTED})
"""Errors that a plot meets only once its run was claimed, and perhaps closed: any other may come before."""

EXECUTION_ENDED = Failure(error="ExecutionEnded", message="the execution was stopped, timed out or is gone")
"""Why a run is closed whose execution has ended without a word."""


class RunEnd(Frozen):
    """How an execution ended.

    Parameters
    ----------
    failure
        None when it succeeded.
    """

    episode_id: str
    run: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class ClosingDesk:
    """What closing needs from the world.

    Parameters
    ----------
    bucket_name
        The name by which people and events find the files.
    """

    ledger: "Ledger"
    bucket: "Bucket"
    events: "Events"
    status: StatusBoard
    bucket_name: str
    clock: Callable[[], Seconds]


class ClosedRun(Frozen):
    """How a run ended, for the plot; every field is always there, since it reads them all."""

    state: RunState
    error: str = ""
    message: str = ""


def record_outcome(end: RunEnd, desk: ClosingDesk) -> ClosedRun:
    """Close a run, unless it is closed, and return how it ended.

    The first failure wins: a plot reports it where it happens, and once more when it ends. What is written beside the
    script and told on the bus comes before the run is closed: whoever sees it closed finds all that, and where a call
    dies, the next one finds the run open and makes up for it.
    """
    run = _find(end, desk.ledger)
    if run is None:
        return _without_run(end, desk.ledger)
    if run.state in ENDED_RUNS:
        return _closed(run)
    record = _record_of(run, desk)
    troubles = troubles_of(record, end.failure) if record else ()
    state = _state_of(end)
    changes: dict[str, object] = {"ended_at": desk.clock()}
    if end.failure:
        changes["failure"] = end.failure.model_copy(update={"message": reason_of(end.failure, troubles)})
    bill = bill_of(record) if record else None
    if state is RunState.SUPERSEDED:
        _keep_bill(run, bill, desk)
    else:
        ended = run.model_copy(update={"state": state, **changes})
        with ThreadPoolExecutor(1) as meanwhile:
            kept = meanwhile.submit(_keep_bill, run, bill, desk)
            _write_beside_script(ended, record, bill, troubles, desk)
            kept.result()
        # Last: who hears of it finds all that it names, and a moment later the run closed.
        tell(ended_event(ended, record.plan if record else None, bill, desk.bucket_name), desk.events)
    closed = desk.ledger.update_run(run, state, changes)
    if closed:
        return _closed(closed)
    first = desk.ledger.run(run.episode_id, run.digest)
    if first and first.name == run.name and first.state is not RunState.SUPERSEDED:
        # Somebody else closed it meanwhile: these are its papers.
        _write_beside_script(first, record, bill, troubles, desk)
    return record_outcome(end, desk)


def _record_of(run: Run, desk: ClosingDesk) -> RunRecord | None:
    if run.plan_key is None:
        return None
    with ThreadPoolExecutor(2) as meanwhile:
        parts = meanwhile.submit(desk.ledger.parts, run.name)
        given_up = meanwhile.submit(desk.ledger.given_up, run.name)
        try:
            plan = Plan.model_validate_json(desk.bucket.get(run.plan_key))
        except (ObjectMissing, ValidationError):
            return None  # without its plan a run has no bill; that it ends matters more
        jobs = desk.ledger.jobs(plan.assets)
        return RunRecord(run=run, plan=plan, jobs=jobs, parts=parts.result(), given_up=given_up.result())


def _without_run(end: RunEnd, ledger: "Ledger") -> ClosedRun:
    """Return how an execution ended that has no run, or whose run was closed before a newer one was claimed."""
    newest = ledger.newest_run(end.episode_id)
    if end.failure and (newest is None or end.failure.error not in _COME_AFTER_A_CLAIM):
        return ClosedRun(state=RunState.FAILED, error=end.failure.error, message=reason_of(end.failure, ()))
    return ClosedRun(state=RunState.SUPERSEDED)


def _closed(run: Run) -> ClosedRun:
    if run.failure is None:
        return ClosedRun(state=run.state)
    return ClosedRun(state=run.state, error=run.failure.error, message=run.failure.message)


def _find(end: RunEnd, ledger: "Ledger") -> Run | None:
    # A run that was superseded is not the newest any more, but still open.
    newest = ledger.newest_run(end.episode_id)
    if newest and newest.name == end.run:
        return newest
    return next((run for run in ledger.open_runs() if run.name == end.run), None)


def _state_of(end: RunEnd) -> RunState:
    if end.failure is None:
        return RunState.DONE
    return RunState.SUPERSEDED if end.failure.error == SUPERSEDED else RunState.FAILED


def _keep_bill(run: Run, bill: Bill | None, desk: ClosingDesk) -> None:
    """Keep a run's bill where no later run's replaces it."""
    if bill:
        _put_document(bill_key(run.episode_id, run.name), bill, desk)


def _write_beside_script(
    run: Run,
    record: RunRecord | None,
    bill: Bill | None,
    troubles: tuple[Trouble, ...],
    desk: ClosingDesk,
) -> None:
    """Write bill, status and page; the page meanwhile, since its pictures are to be fetched first."""
    with ThreadPoolExecutor(1) as meanwhile:
        page = meanwhile.submit(_write_page, run, record, bill, troubles, desk)
        _write_papers(run, record, bill, troubles, desk)
        page.result()


def _write_papers(
    run: Run,
    record: RunRecord | None,
    bill: Bill | None,
    troubles: tuple[Trouble, ...],
    desk: ClosingDesk,
) -> None:
    """Write the bill and, once it is there, the status that says how the run ended."""
    if not desk.status.is_newest(run):
        return  # what lies beside the script belongs to the newer run
    spent = desk.ledger.spent(Budget(BudgetKind.EPISODE, run.episode_id))
    details: dict[str, object] = {"troubles": troubles, "spent_by_episode_usd": spent.usd}
    if record and bill:
        _put_document(f"{episode_folder(run.episode_id)}{BILL}", bill, desk)
        quote = record.plan.quote
        details |= {
            "warnings": record.plan.warnings,
            "expected_usd": quote.expected_usd,
            "ceiling_usd": quote.ceiling_usd,
            "spent_usd": bill.total_usd,
            "possibly_spent_usd": round(bill.possible_duplicate_usd + bill.possibly_charged_usd, EXACT),
        }
    if run.state is RunState.DONE and record:
        seconds = episode_seconds(record.plan)
        first, *_ = outputs = record.plan.edit.outputs
        videos = {output: video_name(output, is_first=output == first) for output in outputs}
        details |= {"episode": videos[first], "videos": videos, "seconds": seconds}
        if any(part.cues for part in record.plan.parts):
            details["captions"] = CAPTION_FILES
        desk.status.of_run(run, EpisodeState.DONE, _done(record), **details)
    else:
        desk.status.of_run(run, EpisodeState.FAILED, _failed(run), **details)


def _write_page(
    run: Run,
    record: RunRecord | None,
    bill: Bill | None,
    troubles: tuple[Trouble, ...],
    desk: ClosingDesk,
) -> None:
    """Write the storyboard page; without a plan there is nothing to show."""
    if record is None or bill is None or not desk.status.is_newest(run):
        return
    is_done = run.state is RunState.DONE
    storyboard = Storyboard(
        record=replace(record, run=run),
        bill=bill,
        ending=Ending.DONE if is_done else Ending.FAILED,
        message=_done(record) if is_done else _failed(run),
        troubles=troubles,
    )
    publish_storyboard(storyboard, desk.bucket)


def _done(record: RunRecord) -> str:
    return f"the episode is done: {episode_seconds(record.plan):.0f} seconds"


def _failed(run: Run) -> str:
    return run.failure.message if run.failure else "the run ended without a reason"


def _put_document(key: str, document: Frozen, desk: ClosingDesk) -> None:
    desk.bucket.put(key, document.model_dump_json(indent=2).encode(), "application/json")
