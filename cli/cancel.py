"""The command `episode cancel`."""

import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from cli.api_help import HELP
from cli.follow import plan_of
from cli.options import (
    KEPT_IN,
    Episode,
    Json,
    Profile,
    Region,
    StackName,
    State,
    checked_id,
    place_of,
    target_of,
    with_stack,
)
from cli.output import say, write_document
from shared.aws.event_bus import EventBridgeEvents
from shared.ledger.records import Job, Run
from shared.ledger.states import JobState
from shared.providers.names import TITLES, ProviderName
from shared.workflow.cancel_run import Cancelling, cancel_run
from shared.workflow.record_outcome import ClosingDesk
from shared.workflow.run_over import is_unwanted, was_cancelled
from shared.workflow.status import StatusBoard

if TYPE_CHECKING:
    from cli.target import Target
    from shared.ports import Ledger


def cancel(
    episode: Episode,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever reads status.json.")] = "",
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """End an episode's run: nothing more is bought for it, and what nobody else waits for is stopped."""
    with target_of(stack, profile, region, state) as target:
        cancelled = cancel_run(checked_id(episode), reason, _closing_desk(target), target.executions)
        run = cancelled.run
        jobs = _open_jobs(run, target) if run and was_cancelled(run) else []
        fates = Counter((_fate(job, target.ledger), job.provider) for job in jobs)
        is_seen_to = not jobs or _reconcile(target)
    match cancelled.outcome:
        case Cancelling.NO_RUN:
            say(f"there is no run of {episode} {place_of(target)}: nothing to cancel")
        case Cancelling.OVER:
            say(f"{_how_it_ended(run)}: nothing to cancel")
        case Cancelling.CANCELLED:
            say(f"{run.name if run else episode} is cancelled: nothing more is bought for it, and what was is kept")
            say(f"{with_stack(f'episode retry {episode}', target)} takes it up again")
    for (fate, provider), count in sorted(fates.items()):
        say(_sentence(fate, provider, count))
    if not is_seen_to:
        say("that happens at the next cycle of reconcile, within minutes: it could not be invoked at once")
    write_document(
        {
            "episode_id": episode,
            "outcome": cancelled.outcome.name.lower(),
            "run": run.name if run else None,
            "state": run.state if run else None,
            "message": run.failure.message if run and run.failure else None,
            "jobs": {fate: sum(fates[fate, provider] for provider in ProviderName) for fate in _SENTENCES},
            "reconciled_at_once": is_seen_to,
        }
    )


_SENTENCES = {
    "stopped": "{jobs} at {who}, for which nobody else waits: {stops}, and what it finishes is kept",
    "wanted": "{jobs} at {who}, for which another run waits: left alone",
    "unclear": "{jobs} of which nobody knows yet whether {who} has it: looked for, and kept if it comes",
}


def _sentence(fate: str, provider: ProviderName, count: int) -> str:
    who = TITLES[provider]
    stops = f"{who} is asked to stop" if HELP[provider].can_cancel else f"{who} cannot be asked to stop"
    return _SENTENCES[fate].format(jobs="1 job" if count == 1 else f"{count} jobs", who=who, stops=stops)


def _fate(job: Job, ledger: "Ledger") -> str:
    """Return what becomes of an open job of a cancelled run, as one of `_SENTENCES`."""
    if not is_unwanted(job, ledger):
        return "wanted"
    return "stopped" if job.state is JobState.SUBMITTED else "unclear"


def _open_jobs(run: Run, target: "Target") -> list[Job]:
    plan = plan_of(run, target)
    return [job for job in target.ledger.jobs(plan.assets).values() if job.is_open] if plan else []


def _how_it_ended(run: Run | None) -> str:
    if run is None:
        return "there is no run"
    why = f" ({run.failure.message})" if run.failure else ""
    return f"{run.name} is over already: {run.state.lower()}{why}"


def _reconcile(target: "Target") -> bool:
    """Have open jobs looked after at once; tell whether that could be asked for."""
    from botocore.exceptions import ClientError

    function = target.outputs.get("ReconcileFunction")
    if function is None:
        return False
    # On this machine the engine ends with this command: it waits until the function has.
    how = "Event" if target.is_deployed else "RequestResponse"
    try:
        target.services["lambda"].invoke(FunctionName=function, InvocationType=how)
    except ClientError:
        return False
    return True


def _closing_desk(target: "Target") -> ClosingDesk:
    return ClosingDesk(
        ledger=target.ledger,
        bucket=target.bucket,
        events=EventBridgeEvents(target.services["events"]),
        status=StatusBoard(target.bucket, target.ledger, time.time),
        bucket_name=target.outputs["BucketName"],
        clock=time.time,
    )
