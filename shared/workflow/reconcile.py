"""Look after every open job and run: nothing waits for ever, nothing is lost, whatever crashed.

Each cycle asks fal after every open job, and puts what is finished into the inbox as if fal had called back. What goes
wrong with one job or run keeps the cycle from none of the others, and is raised at its end.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from shared.fal.callbacks import CallbackName
from shared.fal.outcomes import Failed, FalUnreachable, Finished, Gone, InProgress, JobOutcome, Queued
from shared.ledger.records import Failure, Job, Run, RunState, Seconds
from shared.ledger.states import DOUBT, RELEASE, START, JobState
from shared.workflow.buy_asset import SUBMITTER_LOST, AssetRequest
from shared.workflow.receive_callback import inbox_message
from shared.workflow.record_outcome import EXECUTION_ENDED, ClosingDesk, RunEnd, record_outcome

if TYPE_CHECKING:
    from shared.ports import Executions, Ledger, Provider, Queue, TaskTokens

Thing = TypeVar("Thing")

STARTING_LIMIT: Seconds = 300
"""A run that was claimed this long ago and has not begun is started once more; its name makes that safe."""


class DeadLetters(Protocol):
    """Dead-letter queues of requests."""

    def take(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return messages, each with a way to delete it."""


@dataclass(frozen=True, slots=True)
class ReconcileDesk:
    """What reconciling needs from the world."""

    ledger: "Ledger"
    tokens: "TaskTokens"
    provider: "Provider"
    inbox: "Queue"
    executions: "Executions"
    dead_letters: DeadLetters
    closing: ClosingDesk
    clock: Callable[[], Seconds]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a cycle saw and did.

    Parameters
    ----------
    oldest_open
        How long the oldest open job has been open.
    """

    jobs: Counter[str]
    runs_restarted: int
    runs_closed: int
    dead_letters: int
    oldest_open: Seconds


def reconcile(desk: ReconcileDesk) -> Reconciled:
    """Do one cycle."""
    now = desk.clock()
    open_jobs = desk.ledger.open_jobs()
    problems: list[Exception] = []
    jobs = _each(open_jobs, lambda job: _look_after(job, now, desk), problems)
    runs = _each(desk.ledger.open_runs(), lambda run: _look_after_run(run, now, desk), problems)
    letters = _each(desk.dead_letters.take(), lambda letter: _answer_dead_letter(*letter, desk), problems)
    if problems:
        raise ExceptionGroup("some jobs, runs or dead letters could not be looked after", problems)
    return Reconciled(
        jobs=jobs,
        runs_restarted=runs["restarted"],
        runs_closed=runs["closed"],
        dead_letters=letters.total(),
        oldest_open=max((now - job.claimed_at for job in open_jobs), default=0.0),
    )


def _each(things: Iterable[Thing], look_after: Callable[[Thing], str], problems: list[Exception]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for thing in things:
        try:
            seen[look_after(thing)] += 1
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others are looked after first
            problems.append(problem)
    return seen


def _look_after(job: Job, now: Seconds, desk: ReconcileDesk) -> str:
    match job.state:
        case JobState.SUBMITTING if job.lease_until <= now:
            # Whoever was submitting it died: fal may have it. Its callback settles it.
            desk.ledger.step(job, DOUBT, now, {"doubt": SUBMITTER_LOST})
            return "doubted"
        case JobState.CLAIMED if job.lease_until <= now:
            # Nothing was sent, and whoever claimed it died: the next request is not to wait for it.
            desk.ledger.step(job, RELEASE, now)
            return "released"
        case JobState.SUBMITTED if job.request_id:
            return _ask_fal(job, job.request_id, now, desk)
        case _:
            return job.state.lower()


def _ask_fal(job: Job, request_id: str, now: Seconds, desk: ReconcileDesk) -> str:
    try:
        outcome: JobOutcome = desk.provider.look_up(job.endpoint, request_id)
    except FalUnreachable:
        return "fal unreachable"
    match outcome:
        case Queued():
            return "queued"
        case InProgress():
            if job.started_at is None:
                desk.ledger.step(job, START, now, {"started_at": now})
            return "in progress"
        case Gone():
            return "gone at fal"
        case Finished(payload):
            _put_into_inbox(job, {"request_id": request_id, "status": "OK", "payload": payload}, desk)
            return "finished"
        case Failed():
            # Without a payload, so that the collector sorts what fal answers, and not what we made of it.
            _put_into_inbox(job, {"request_id": request_id, "status": "ERROR", "payload": None}, desk)
            return "failed"


def _put_into_inbox(job: Job, callback: dict[str, object], desk: ReconcileDesk) -> None:
    name = CallbackName(address=job.address, attempt=job.attempt, secret=job.secrets[str(job.attempt)])
    desk.inbox.send(inbox_message(name.query, json.dumps(callback).encode()))


def _look_after_run(run: Run, now: Seconds, desk: ReconcileDesk) -> str:
    if run.state is RunState.STARTING:
        if now - run.started_at < STARTING_LIMIT:
            return "starting"
        arn = desk.executions.start(run.name, {"episode_id": run.episode_id, "digest": run.digest})
        if desk.executions.is_running(arn):
            return "restarted"
    elif run.execution_arn is None or desk.executions.is_running(run.execution_arn):
        return "running"
    record_outcome(RunEnd(episode_id=run.episode_id, run=run.name, failure=EXECUTION_ENDED), desk.closing)
    return "closed"


def _answer_dead_letter(body: str, delete: Callable[[], object], desk: ReconcileDesk) -> str:
    """Fail the token of a request that could not be handled, so that its run ends with a reason."""
    failure = Failure(error="RequestUndeliverable", message="asking for this asset failed too often; see the logs")
    desk.tokens.fail(AssetRequest.model_validate_json(body).token, failure)
    delete()
    return "answered"
