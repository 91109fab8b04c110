"""The commands that go on with a run: `episode approve`, `episode reject` and `episode retry`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_codes import DONE
from cli.follow import follow, follow_attempt, plan_of, start_next_attempt
from cli.made import tell_made
from cli.make import EpisodeFailed, finish_episode
from cli.options import (
    KEPT_IN,
    RESULTS,
    Approve,
    Episode,
    Json,
    Out,
    Profile,
    Region,
    StackName,
    State,
    Timeout,
    checked_id,
    newest_run,
    output,
    records_of,
    target_of,
)
from cli.output import say, write_document
from cli.retry import NothingToRetry, RetryInVain, retry_of
from cli.review import Reviewer, approve_unasked, rejecter, require_review, reviewer_for
from cli.target import Target
from shared.ledger.records import ENDED_RUNS
from shared.workflow import review
from shared.workflow.inputs import read_inputs
from shared.workflow.review import STORYBOARD_REJECTED

if TYPE_CHECKING:
    from cli.make import Made
    from shared.ledger.records import Run
    from shared.workflow.inputs import EpisodeInputs


def approve(
    episode: Episode,
    *,
    timeout: Timeout = None,
    out: Out = RESULTS,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Approve a storyboard: the run goes on to its clips, on this machine within this command."""
    if stack is None:
        made = _answer_here(episode, state, out, approve_unasked, timeout)
        tell_made(made)
        return
    with target_of(stack, profile, region, state) as target:
        run = newest_run(episode, target)
        review.approve(run, target.ledger, target.tokens)
    say(f"approved: {run.name} goes on to its clips; `episode watch {episode} --stack {stack}` follows it")
    write_document({"episode_id": episode, "run": run.name, "answer": "approved"})


def reject(
    episode: Episode,
    reason: Annotated[str, typer.Option("--reason", help="What is wrong with the pictures.")],
    *,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Reject a storyboard: the run ends before a clip is paid for."""
    if stack is None:
        try:
            _answer_here(episode, state, RESULTS, rejecter(reason), None)
        except EpisodeFailed as failed:
            if failed.error != STORYBOARD_REJECTED:
                raise
        run = newest_run(episode, records_of(stack, profile, region, state))
    else:
        with target_of(stack, profile, region, state) as target:
            run = newest_run(episode, target)
            review.reject(run, reason, target.ledger, target.tokens)
    say(f"rejected: {run.name} ends. Raise the `take` of what is to be another picture, and run the script again")
    write_document({"episode_id": episode, "run": run.name, "answer": "rejected", "reason": reason})


def _answer_here(episode: str, state: Path, out: Path, reviewer: Reviewer, timeout: float | None) -> "Made":
    """Take a run of this machine up again where it waited for an answer, and follow it to its end.

    Its execution ended with the command that made it; the next attempt finds every picture there.
    """
    require_review(newest_run(episode, records_of(None, None, None, state)))
    with target_of(None, None, None, state) as target:
        begin = partial(follow, episode, target)
        return finish_episode(begin, target, out / episode, output, reviewer, timeout=timeout)


def retry(  # noqa: PLR0913 -- the options of a command
    episode: Episode,
    *,
    rebuy: Annotated[
        bool, typer.Option("--rebuy", help="Buy once more what is held: it may be charged for twice.")
    ] = False,
    approve: Approve = False,
    timeout: Timeout = None,
    out: Out = RESULTS,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Try again what failed or was stepped down, as a new attempt; nothing else is bought."""
    checked_id(episode)
    if stack is None:
        newest_run(episode, records_of(stack, profile, region, state))  # without any, there is nothing to start for
    try:
        with target_of(stack, profile, region, state) as target:
            inputs = read_inputs(target.bucket, episode, target.configuration)
            last = _last_attempt(inputs, target, rebuy=rebuy)
            start_next_attempt(last, target, retry=True, rebuy=rebuy)
            begin = partial(follow_attempt, inputs, last.attempt, target)
            reviewer = reviewer_for(output, approve=approve)
            made = finish_episode(begin, target, out / episode, output, reviewer, timeout=timeout)
    except NothingToRetry as nothing:
        say(str(nothing))
        write_document({"episode_id": episode, "message": str(nothing)})
        raise typer.Exit(DONE) from nothing
    tell_made(made)


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
            say(f"{title}: {note}")
    if found.ceiling_usd is not None:
        say(f"this costs at most ${found.ceiling_usd:.2f}")
    return last


def _is_lost(run: "Run", target: Target) -> bool:
    return run.execution_arn is not None and not target.executions.is_running(run.execution_arn)
