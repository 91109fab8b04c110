"""The commands that look at a run: `episode status` and `episode watch`."""

import typer
from pydantic import ValidationError

from cli.display import Display, JsonLinesDisplay, display_for, progress_panel
from cli.endings import FAILED, WAITS_FOR_REVIEW, stop
from cli.exit_codes import CREDENTIALS, DONE, OVER_CAP, STILL_RUNNING
from cli.follow import ReviewWanted, follow_run, plan_of, within
from cli.make import how_to_go_on, require_episode
from cli.options import (
    KEPT_IN,
    Episode,
    Json,
    Profile,
    Region,
    StackName,
    State,
    Timeout,
    checked_id,
    how_to_begin,
    newest_run,
    records_of,
    with_stack,
)
from cli.output import is_for_machines, output, say, write_document, write_json_line
from cli.progress import Progress, progress_of
from cli.target import Records
from shared.keys import status_key
from shared.ledger.budgets import OVER_CAP as OVER_CAP_ERROR
from shared.ledger.records import ENDED_RUNS, Run
from shared.ports import ObjectMissing
from shared.workflow.status import EpisodeState, EpisodeStatus

_CODES = {
    EpisodeState.WAITING_FOR_FILES: STILL_RUNNING,
    EpisodeState.RUNNING: STILL_RUNNING,
    EpisodeState.PAUSED: CREDENTIALS,
    EpisodeState.WAITING_FOR_REVIEW: WAITS_FOR_REVIEW,
    EpisodeState.DONE: DONE,
    EpisodeState.FAILED: FAILED,
}


def status(
    episode: Episode,
    *,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Say how an episode stands; the exit code says it too."""
    records = records_of(stack, profile, region, state)
    found = _status_of(checked_id(episode), records)
    run = records.ledger.newest_run(episode)
    _show(found, run, records)
    write_document(found)
    code = _CODES[found.state]
    if run and run.failure and run.failure.error == OVER_CAP_ERROR:
        code = OVER_CAP
    if code is STILL_RUNNING and run and is_abandoned(run, records):
        say("nothing works on it any more: `episode run FOLDER` goes on where it ended")
        code = FAILED
    raise typer.Exit(code)


def is_abandoned(run: Run, records: Records) -> bool:
    """Tell whether a run stands as running on this machine, though what ran it has ended."""
    if records.is_deployed or run.execution_arn is None or run.state in ENDED_RUNS:
        return False  # of a stack's runs, `reconcile` takes care
    return not records.executions.is_running(run.execution_arn)


def _status_of(episode: str, records: Records) -> EpisodeStatus:
    try:
        return EpisodeStatus.model_validate_json(records.bucket.get(status_key(episode)))
    except ObjectMissing:
        run = records.ledger.newest_run(episode)
        if run and not is_abandoned(run, records):
            stop(f"{run.name} has begun, and there is no more to tell yet", STILL_RUNNING)
        stop(f"{records.name} has no episode {episode}", FAILED, error="no_episode", next_step=how_to_begin(records))
    except ValidationError:
        stop(f"the status of {episode} was written by another version of Showrunner", FAILED, error="other_version")


def _show(found: EpisodeStatus, run: Run | None, records: Records) -> None:
    say(f"{found.episode_id}: {found.state.replace('_', ' ')}. {found.message}")
    if found.run:
        say(f"run {found.run}, attempt {found.attempt}, as of {found.updated_at}")
    if found.expected_usd is not None and found.ceiling_usd is not None:
        spent = "" if found.spent_usd is None else f", paid ${found.spent_usd:.2f}"
        say(f"expected ${found.expected_usd:.2f}, at most ${found.ceiling_usd:.2f}{spent}")
    for trouble in found.troubles:
        say(f"trouble: {trouble.what}: {trouble.message}")
    for warning in found.warnings:
        say(f"warning: {warning}")
    if found.state is EpisodeState.WAITING_FOR_REVIEW:
        for picture in found.pictures or ():
            say(f"look at: {picture.file} ({picture.what})")
        say(f"approve it: {with_stack(f'episode approve {found.episode_id}', records)}")
        say(f"reject it: {with_stack(f'episode reject {found.episode_id} --reason TEXT', records)}")
    progress = _progress_of(run, records) if run and run.state not in ENDED_RUNS else None
    if progress:
        output.print(progress_panel(progress, output.size))


def _progress_of(run: Run, records: Records) -> Progress | None:
    plan = plan_of(run, records)
    return progress_of(plan, run, records.ledger.jobs(plan.assets), records.ledger.parts(run.name)) if plan else None


def watch(
    episode: Episode,
    *,
    timeout: Timeout = None,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,
) -> None:
    """Follow a run that somebody else started; with --json, a line of JSON for each change."""
    records = records_of(stack, profile, region, state)
    run = newest_run(episode, records)
    display: Display = JsonLinesDisplay() if json else display_for(output)
    try:
        with display:
            show = within(timeout, display.show, how_to_go_on(records, episode))
            ended = follow_run(run, records, show, lambda watched: is_abandoned(watched, records))
    except ReviewWanted as wanted:
        answer = with_stack(f"episode approve {episode}", records)
        stop(str(wanted), WAITS_FOR_REVIEW, next_step=f"look at `episode open {episode} --storyboard`, then {answer}")
    require_episode(ended.run)
    say(f"{episode} is done; {with_stack(f'episode open {episode}', records)} shows it")
    if is_for_machines():
        write_json_line({"episode_id": episode, "state": ended.run.state.lower(), "run": ended.run.name})
