"""Follow a run from the upload to its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loguru import logger

from cli.progress import Progress, progress_of
from shared.keys import plan_key
from shared.ledger.records import ENDED_RUNS, Run, RunState
from shared.plan.models import Plan
from shared.ports import ObjectMissing
from shared.workflow.inputs import EpisodeInputs, execution_name, read_inputs
from shared.workflow.review import is_waiting_for_review

if TYPE_CHECKING:
    from cli.target import Records, Target

_SLACK = 60.0
"""Seconds that events and functions may take on top of the periods that a stack is set to."""

Show = Callable[[str, Progress | None], None]
"""Takes a sentence that says how things stand, and how far the run is."""


class NoRunStarted(Exception):
    """Nothing took the upload up."""


class RunLost(Exception):
    """A run stands as running, and whatever ran it has ended."""


class StillRunning(Exception):
    """Nobody waits any longer for a run, which goes on."""


class AccountRefused(Exception):
    """A run is paused, since a provider refuses the account."""


class ReviewWanted(Exception):
    """A run has come to where a person looks at its pictures."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"{run.name} waits for a person to look at its storyboard")
        self.run = run


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Parameters
    ----------
    was_done_before
        Whether this state of the inputs had its episode already, so that nothing was started.
    """

    run: Run
    was_done_before: bool


def follow(episode_id: str, target: "Target", show: Show) -> Ended:
    """Wait for the run of what lies in an episode's folder now, and for its end.

    A state of the inputs whose last run failed is taken up again, since somebody asks for it.

    Raises
    ------
    NoRunStarted, ReviewWanted
        When there is no run, or it waits for a person; in between, `follow_run` goes on.
    """
    inputs = read_inputs(target.bucket, episode_id, target.configuration)
    known = target.ledger.run(episode_id, inputs.digest)
    if known and known.state is RunState.DONE:
        return Ended(known, was_done_before=True)
    return follow_attempt(inputs, _take_up(known, target) if known else 0, target, show)


def follow_attempt(inputs: EpisodeInputs, after: int, target: "Target", show: Show) -> Ended:
    """Wait for an attempt later than `after` at these inputs, and for its end; raises as `follow` does."""
    return follow_run(_wait_for_start(inputs, after, target, show), target, show)


def _take_up(known: Run, target: "Target") -> int:
    """Have a run that will not go on by itself taken up again; return the last attempt that is not to be followed."""
    if known.state is RunState.STARTING:
        # Claimed, and perhaps never started: its name makes starting it once more safe.
        target.executions.start(known.name, {"episode_id": known.episode_id, "digest": known.digest})
        return known.attempt - 1
    if known.execution_arn and known.state not in ENDED_RUNS and target.executions.is_running(known.execution_arn):
        return known.attempt - 1
    start_next_attempt(known, target)
    return known.attempt


def start_next_attempt(known: Run, target: "Target", **asked: bool) -> None:
    """Start an execution that takes a run up again, as a person does.

    Parameters
    ----------
    asked
        What else it is told: see `shared.workflow.plan_episode.PlanInput`.
    """
    # Not the plain name of the next attempt: an execution of that name may have ended without claiming its run.
    name = f"{execution_name(known.episode_id, known.digest, known.attempt + 1)}-{int(time.time()):x}"
    target.executions.start(name, {"episode_id": known.episode_id, **asked})


def _wait_for_start(inputs: EpisodeInputs, after_attempt: int, target: "Target", show: Show) -> Run:
    give_up = time.monotonic() + target.quiet_period + target.patience + _SLACK
    reason = "waiting until the folder is quiet"
    if inputs.missing:
        reason = f"waiting for files that the script names: {', '.join(inputs.missing)}"
    while time.monotonic() < give_up:
        run = target.ledger.run(inputs.episode_id, inputs.digest)
        if run and run.attempt > after_attempt:
            logger.debug("following {}, attempt {}", run.name, run.attempt)
            return run
        show(reason, None)
        time.sleep(target.poll_interval)
    raise NoRunStarted("the upload started no run: is the stack's upload rule there, and are its functions healthy?")


def follow_run(run: Run, target: "Records", show: Show, is_gone: Callable[[Run], bool] = lambda _: False) -> Ended:
    """Wait for a run's end.

    Parameters
    ----------
    is_gone
        Tells whether nothing works on a run any more.

    Raises
    ------
    ReviewWanted, AccountRefused, RunLost
        When it waits for a person, or its end will never come.
    """
    plan: Plan | None = None
    paused = False
    while True:
        gone = is_gone(run)  # before its state is read: whoever ends a run writes that before leaving
        latest = target.ledger.run(run.episode_id, run.digest) or run
        plan = plan or plan_of(latest, target)
        if plan is None:
            show("reading the script and the recordings", None)
        else:
            progress = progress_of(plan, latest, target.ledger.jobs(plan.assets), target.ledger.parts(latest.name))
            show(_sentence(latest, progress), progress)
        if latest.state in ENDED_RUNS:
            return Ended(latest, was_done_before=False)
        if is_waiting_for_review(latest):
            raise ReviewWanted(latest)
        if latest.paused and paused:  # and not for a moment only: somebody has to act
            raise AccountRefused(f"{latest.name} is paused: {latest.paused}")
        paused = latest.paused is not None
        if gone:
            raise RunLost(f"{latest.name} is not finished, and nothing works on it any more")
        time.sleep(target.poll_interval)


def within(seconds: float | None, show: Show, how_to_go_on: str) -> Show:
    """Return a `Show` that raises `StillRunning` when it is called again after so many seconds; None for no end.

    What is shown last may be the end, which whoever called it has to look for before.
    """
    if seconds is None:
        return show
    give_up = time.monotonic() + seconds

    is_over = False

    def show_in_time(sentence: str, progress: Progress | None) -> None:
        nonlocal is_over
        if is_over:
            raise StillRunning(f"still running after {seconds:g} seconds ({sentence}); {how_to_go_on}")
        show(sentence, progress)
        is_over = time.monotonic() >= give_up

    return show_in_time


def plan_of(run: Run, target: "Records") -> Plan | None:
    """Return a run's plan, or None while there is none."""
    if run.plan_key is None:
        return None
    try:
        return Plan.model_validate_json(target.bucket.get(plan_key(run.episode_id, run.name)))
    except ObjectMissing:
        return None


def _sentence(run: Run, progress: Progress) -> str:
    if run.paused:
        return f"paused until this is mended: {run.paused}"
    if progress.parts_ready == progress.parts:
        return "joining the episode"
    return "making the shots"
