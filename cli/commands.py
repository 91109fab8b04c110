"""The commands that go on with a run: `episode approve`, `episode reject` and `episode retry`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.endings import FAILED, USAGE, ends_in_words, stop
from cli.follow import follow_attempt, plan_of, start_next_attempt
from cli.make import finish_episode
from cli.options import Approve, Episode, Out, Profile, Region, StackName, State, checked_id, output, target_of
from cli.retry import NothingToRetry, RetryInVain, retry_of
from cli.review import reviewer_for
from cli.target import Target, deployed_target
from shared.ledger.records import ENDED_RUNS
from shared.workflow import review
from shared.workflow.inputs import read_inputs

if TYPE_CHECKING:
    from shared.ledger.records import Run
    from shared.workflow.inputs import EpisodeInputs


def approve(episode: Episode, stack: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Approve a storyboard: the run goes on to its clips."""
    with ends_in_words():
        run, target = _newest_run(episode, stack, profile, region)
        review.approve(run, target.ledger, target.tokens)
    output.print(f"approved: {run.name} goes on to its clips", highlight=False)


def reject(
    episode: Episode,
    reason: Annotated[str, typer.Option("--reason", help="What is wrong with the pictures.")],
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Reject a storyboard: the run ends before a clip is paid for."""
    with ends_in_words():
        run, target = _newest_run(episode, stack, profile, region)
        review.reject(run, reason, target.ledger, target.tokens)
    output.print(
        f"rejected: {run.name} ends. Raise the `take` of what is to be another picture, and upload the script",
        highlight=False,
        soft_wrap=True,
    )


def retry(
    episode: Episode,
    *,
    rebuy: Annotated[
        bool, typer.Option("--rebuy", help="Buy once more what is held: fal may charge twice for it.")
    ] = False,
    approve: Approve = False,
    out: Out = Path("out"),
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = Path(".showrunner"),
) -> None:
    """Try again what failed or was stepped down, as a new attempt; nothing else is bought."""
    checked_id(episode)
    try:
        with ends_in_words(), target_of(stack, profile, region, state) as target:
            inputs = read_inputs(target.bucket, episode, target.configuration)
            last = _last_attempt(inputs, target, rebuy=rebuy)
            start_next_attempt(last, target, retry=True, rebuy=rebuy)
            begin = partial(follow_attempt, inputs, last.attempt, target)
            made = finish_episode(begin, target, out / episode, output, reviewer_for(output, approve=approve))
    except NothingToRetry as error:
        output.print(str(error), highlight=False, markup=False, soft_wrap=True)
    else:
        output.print(f"[bold green]{made.video}[/]", soft_wrap=True)


def _last_attempt(inputs: "EpisodeInputs", target: Target, *, rebuy: bool) -> "Run":
    """Return the last attempt at these inputs, after saying what of it is tried again.

    Raises
    ------
    NothingToRetry, RetryInVain
        When no next attempt is to be made.
    """
    last = target.ledger.run(inputs.episode_id, inputs.digest)
    if last is None:
        raise RetryInVain(
            inputs.problem or f"what lies in {inputs.episode_id} has no run yet: `episode run` begins one"
        )
    if last.state not in ENDED_RUNS and not _is_lost(last, target):
        raise RetryInVain(f"{last.name} is under way; it is tried again once it has ended")
    plan = plan_of(last, target)
    jobs = target.ledger.jobs(plan.assets) if plan else {}
    found = retry_of(last, plan, jobs, target.ledger.parts(last.name), rebuy=rebuy)
    for title, notes in (("tried again", found.again), ("not tried again", found.in_vain)):
        for note in notes:
            output.print(f"{title}: {note}", highlight=False, markup=False, soft_wrap=True)
    if found.ceiling_usd is not None:
        output.print(f"this costs at most ${found.ceiling_usd:.2f}", highlight=False)
    return last


def _is_lost(run: "Run", target: Target) -> bool:
    return run.execution_arn is not None and not target.executions.is_running(run.execution_arn)


def _newest_run(episode: str, stack: str | None, profile: str | None, region: str | None) -> "tuple[Run, Target]":
    checked_id(episode)
    if stack is None:
        stop(
            "this needs --stack. On this machine a run ends with the command that made it, and is answered there: on a "
            "terminal when it asks, or by `episode run FOLDER --approve`",
            USAGE,
        )
    target = deployed_target(stack, profile, region)
    run = target.ledger.newest_run(episode)
    if run is None:
        stop(f"there is no run of {episode} in {stack}", FAILED)
    return run, target
