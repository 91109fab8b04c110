"""Look after every open job and run: nothing waits for ever, nothing is lost, whatever crashed.

Each cycle goes through the addresses that are watched: every job that is open, and every asset for which somebody
waits. Open jobs are looked up at their provider, and what is finished goes into the inbox as if it had called back;
what is free is asked for again; lost wake-ups are repeated. What goes wrong with one of them keeps the cycle from none
of the others, and is raised at its end.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from pydantic import TypeAdapter

from shared.ledger.budgets import Budget, BudgetKind, Usage, day_of
from shared.ledger.outages import account_of, is_account_closed, is_account_refused
from shared.ledger.records import Failure, Job, Run, RunState, Seconds, Watch
from shared.ledger.states import DOUBT, RELEASE, SETTLED, JobState
from shared.workflow.asking import AssetRequest, ask_again
from shared.workflow.buy_asset import SUBMITTER_LOST
from shared.workflow.open_jobs import FOUND_OVER, JobDesk, look_up, settle_doubt
from shared.workflow.record_outcome import EXECUTION_ENDED, ClosingDesk, RunEnd, record_outcome
from shared.workflow.request_review import ReviewRequest
from shared.workflow.run_over import TAKEN_OVER
from shared.workflow.waking import wake

if TYPE_CHECKING:
    from shared.ports import Executions, Requests

Thing = TypeVar("Thing")

_REQUEST: TypeAdapter[AssetRequest | ReviewRequest] = TypeAdapter(AssetRequest | ReviewRequest)

_LEFT = "left for the next cycle"
_TIME_FOR_RUNS: Seconds = 45
"""So long after the addresses' time limit runs are still looked after."""

STARTING_LIMIT: Seconds = 300
"""A run that was claimed this long ago and has not begun is started once more; its name makes that safe."""


class DeadLetters(Protocol):
    """Dead-letter queues of requests."""

    def take(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return messages, each with a way to delete it."""


@dataclass(frozen=True, slots=True)
class ReconcileDesk:
    """What reconciling needs from the world.

    Parameters
    ----------
    time_limit
        After so many seconds no further address is looked after in this cycle, and soon after no further run.
    workers
        How many addresses are looked after at once.
    """

    jobs: JobDesk
    requests: "Requests"
    executions: "Executions"
    dead_letters: DeadLetters
    closing: ClosingDesk
    clock: Callable[[], Seconds]
    time_limit: Seconds
    workers: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a cycle saw and did.

    Parameters
    ----------
    watched
        What became of each address that is watched, by what was done.
    open
        How many jobs somebody still has to bring to an end.
    oldest_open
        How long the oldest job that is open, and not held, has been so.
    held
        How many jobs wait for a person's decision.
    account_refused
        Whether a provider refuses the key or the balance.
    callbacks_missed
        How many jobs were found to be over at their provider before any callback had said so.
    today
        What was reserved or paid since midnight (UTC).
    """

    watched: Counter[str]
    runs: Counter[str]
    dead_letters: int
    open: int
    oldest_open: Seconds
    held: int
    account_refused: bool
    callbacks_missed: int
    today: Usage


class CycleTroubled(ExceptionGroup[Exception]):
    """Some jobs, runs or dead letters could not be looked after; `cycle` is what was seen and done all the same."""

    cycle: Reconciled

    def __new__(cls, cycle: Reconciled, problems: Sequence[Exception]) -> Self:
        """Gather what went wrong in a cycle."""
        group = super().__new__(cls, "some jobs, runs or dead letters could not be looked after", problems)
        group.cycle = cycle
        return group


def reconcile(desk: ReconcileDesk) -> Reconciled:
    """Do one cycle; raises `CycleTroubled` at its end."""
    now = desk.clock()
    ledger = desk.jobs.ledger
    watches = ledger.watched()
    jobs = ledger.jobs(watch.address for watch in watches)
    providers = tuple(desk.jobs.providers)
    outages = ledger.outages(map(account_of, providers))
    paused = all(is_account_closed(name, outages, now) for name in providers)
    problems: list[Exception] = []
    doubted = [job for job in jobs.values() if job.state in {JobState.UNCONFIRMED, JobState.HELD}]

    def look_after(watch: Watch) -> str:
        if desk.clock() - now > desk.time_limit:
            return _LEFT
        return _look_after(watch, jobs.get(watch.address), doubted, desk, now=now, paused=paused)

    def look_after_run(run: Run) -> str:
        if desk.clock() - now > desk.time_limit + _TIME_FOR_RUNS:
            return _LEFT
        return _look_after_run(run, now, desk)

    # In another order each time, so that none is always the last.
    dice = random.Random(now)  # noqa: S311 - not for cryptography
    seen = _each(_shuffled(watches, dice), look_after, problems, desk.workers)
    runs = _each(_shuffled(ledger.open_runs(), dice), look_after_run, problems)
    letters = _each(desk.dead_letters.take(), lambda letter: _answer_dead_letter(*letter, desk), problems)
    open_since = [job.claimed_at for job in jobs.values() if job.is_open and job.state is not JobState.HELD]
    cycle = Reconciled(
        watched=seen,
        runs=runs,
        dead_letters=letters.total(),
        open=sum(job.is_open for job in jobs.values()),
        oldest_open=now - min(open_since, default=now),
        held=sum(job.state is JobState.HELD for job in jobs.values()),
        account_refused=any(is_account_refused(name, outages, now) for name in providers),
        callbacks_missed=sum(seen[word] for word in FOUND_OVER),
        today=ledger.spent(Budget(BudgetKind.DAY, day_of(now))),
    )
    if problems:
        raise CycleTroubled(cycle, problems)
    return cycle


def _shuffled(things: Iterable[Thing], dice: random.Random) -> list[Thing]:
    shuffled = list(things)
    dice.shuffle(shuffled)
    return shuffled


def _each(
    things: Iterable[Thing], look_after: Callable[[Thing], str], problems: list[Exception], workers: int = 1
) -> Counter[str]:
    def safely(thing: Thing) -> str:
        try:
            return look_after(thing)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others are looked after first
            problems.append(problem)
            return "trouble"

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return Counter(pool.map(safely, things) if workers > 1 else map(safely, things))


def _look_after(
    watch: Watch, job: Job | None, doubted: Sequence[Job], desk: ReconcileDesk, *, now: Seconds, paused: bool
) -> str:
    ledger = desk.jobs.ledger
    if job is None or job.state is JobState.FREE:
        return _look_after_unbought(watch, desk, paused=paused)
    if job.state in SETTLED:
        return _look_after_settled(watch, job, desk, paused=paused)
    match job.state:
        case JobState.CLAIMED if job.lease_until <= now:
            return _release(job, desk, now)
        case JobState.SUBMITTING if job.lease_until <= now:
            ledger.step(job, DOUBT, now, {"doubt": SUBMITTER_LOST})
            return "doubted"
        case JobState.UNCONFIRMED | JobState.HELD:
            return settle_doubt(job, doubted, now, desk.jobs)
        case JobState.SUBMITTED if job.request_id:
            return look_up(job, job.request_id, now, desk.jobs)
        case _:
            return job.state.lower()


def _look_after_settled(watch: Watch, job: Job, desk: ReconcileDesk, *, paused: bool) -> str:
    ledger = desk.jobs.ledger
    # Its settler may have died before it could wake everybody.
    if wake(job, ledger, desk.jobs.tokens):
        return "woken"
    if ledger.waiters(job.address):  # they came after it had failed, and their run may try again
        return _look_after_unbought(watch, desk, paused=paused)
    ledger.unwatch(watch)
    return "settled"


def _release(job: Job, desk: ReconcileDesk, now: Seconds) -> str:
    """Free a job whose claim has lapsed: whoever claimed it died, and the next request is not to wait for it."""
    # Only if nothing has been sent since it was seen: else what is being sent now would be bought once more.
    if desk.jobs.ledger.step(job, RELEASE.only_from(JobState.CLAIMED), now) is None:
        return "changed meanwhile"
    ask_again(job.address, desk.jobs.ledger, desk.requests)
    return "released"


def _look_after_unbought(watch: Watch, desk: ReconcileDesk, *, paused: bool) -> str:
    """Ask for what is free, or failed and may be tried again, if somebody waits for it."""
    if paused:
        return "paused"
    if ask_again(watch.address, desk.jobs.ledger, desk.requests):
        return "asked again"
    desk.jobs.ledger.unwatch(watch)
    return "wanted no more"


def _look_after_run(run: Run, now: Seconds, desk: ReconcileDesk) -> str:
    if run.state is RunState.STARTING:
        if now - run.started_at < STARTING_LIMIT:
            return "starting"
        arn = desk.executions.start(run.name, {"episode_id": run.episode_id, "digest": run.digest})
        if desk.executions.is_running(arn):
            return "restarted"
    elif run.execution_arn is None or desk.executions.is_running(run.execution_arn):
        return _end_needless_review(run, desk)
    record_outcome(RunEnd(episode_id=run.episode_id, run=run.name, failure=EXECUTION_ENDED), desk.closing)
    return "closed"


def _end_needless_review(run: Run, desk: ReconcileDesk) -> str:
    """Let a run whose storyboard nobody will look at any more come to its end."""
    newest = desk.jobs.ledger.newest_run(run.episode_id)
    if run.review_token is None or newest is None or newest.name == run.name:
        return "running"
    desk.jobs.tokens.fail(run.review_token, TAKEN_OVER)
    return "review ended"


def _answer_dead_letter(body: str, delete: Callable[[], object], desk: ReconcileDesk) -> str:
    """Fail the token of a request that could not be handled, so that its run ends with a reason."""
    request = _REQUEST.validate_json(body)
    wanted = "this asset" if isinstance(request, AssetRequest) else "a review of the storyboard"
    failure = Failure(error="RequestUndeliverable", message=f"asking for {wanted} failed too often; see the logs")
    desk.jobs.tokens.fail(request.token, failure)
    if isinstance(request, AssetRequest):
        desk.jobs.ledger.remove_waiter(request.waiter(desk.clock()))
    delete()
    return "answered"
