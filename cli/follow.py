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

if TYPE_CHECKING:
    from cli.target import Target

_SLACK = 60.0
"""Seconds that events and functions may take on top of the periods that a stack is set to."""

Show = Callable[[str, Progress | None], None]
"""Takes a sentence that says how things stand, and how far the run is."""


class NoRunStarted(Exception):
    """Nothing took the upload up."""


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
    """Wait for the run of what lies in an episode's folder now, and for its end; raises `NoRunStarted`.

    A state of the inputs whose last run failed is taken up again, since somebody asks for it.
    """
    inputs = read_inputs(target.bucket, episode_id, target.configuration)
    known = target.ledger.run(episode_id, inputs.digest)
    if known and known.state is RunState.DONE:
        return Ended(known, was_done_before=True)
    attempt = _take_up(known, target) if known else 0
    run = _wait_for_start(inputs, attempt, target, show)
    return Ended(_wait_for_end(run, target, show), was_done_before=False)


def _take_up(known: Run, target: "Target") -> int:
    """Have a run that will not go on by itself taken up again; return the last attempt that is not to be followed."""
    if known.state is RunState.STARTING:
        # Claimed, and perhaps never started: its name makes starting it once more safe.
        target.executions.start(known.name, {"episode_id": known.episode_id, "digest": known.digest})
        return known.attempt - 1
    if known.execution_arn and known.state not in ENDED_RUNS and target.executions.is_running(known.execution_arn):
        return known.attempt - 1
    # Not the plain name of the next attempt: an execution of that name may have ended without claiming its run.
    name = f"{execution_name(known.episode_id, known.digest, known.attempt + 1)}-{int(time.time()):x}"
    target.executions.start(name, {"episode_id": known.episode_id})
    return known.attempt


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


def _wait_for_end(run: Run, target: "Target", show: Show) -> Run:
    plan: Plan | None = None
    while True:
        latest = target.ledger.run(run.episode_id, run.digest) or run
        plan = plan or _plan(latest, target)
        if plan is None:
            show("reading the script and the recordings", None)
        else:
            progress = progress_of(plan, latest, target.ledger.jobs(plan.assets), target.ledger.parts(latest.name))
            show(_sentence(progress), progress)
        if latest.state in ENDED_RUNS:
            return latest
        time.sleep(target.poll_interval)


def _plan(run: Run, target: "Target") -> Plan | None:
    if run.plan_key is None:
        return None
    try:
        return Plan.model_validate_json(target.bucket.get(plan_key(run.episode_id, run.name)))
    except ObjectMissing:
        return None


def _sentence(progress: Progress) -> str:
    if progress.parts_ready == progress.parts:
        return "joining the episode"
    return "making the shots"
