"""Lay a run's pictures out for a person to look at before the first clip is paid for, and say how to go on."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.addresses import Address
from shared.bill import bill_of
from shared.frozen import Frozen
from shared.keys import STORYBOARD_FOLDER, episode_folder
from shared.ledger.records import Job, Run, RunState, Seconds
from shared.plan.models import Plan, PlannedShot
from shared.run_record import RunRecord
from shared.storyboard.facts import Ending, Storyboard
from shared.workflow.events import EpisodeWaitingForReview, about, s3_uri, tell
from shared.workflow.publish_storyboard import publish_storyboard
from shared.workflow.quoting import quote_of_missing
from shared.workflow.review import STORYBOARD_REJECTED, note_approval
from shared.workflow.run_over import why_run_is_over
from shared.workflow.status import EpisodeState, StatusBoard, StoryboardPicture, iso_time, time_in_words

if TYPE_CHECKING:
    from shared.ports import Bucket, Events, Ledger, TaskTokens

REVIEW_SECONDS: Seconds = 5 * 24 * 3600
"""How long the plot waits for a person: the TimeoutSeconds of its state AskReview."""

_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_MAX_SLUG = 48


class ReviewRequest(Frozen):
    """The message by which the plot asks for a review."""

    token: str
    episode_id: str
    run: str
    plan_key: str


class Approved(Frozen):
    """What the plot tells once its token was answered, by whatever way."""

    episode_id: str
    run: str


class Asked(StrEnum):
    """What became of a request for a review."""

    WAITING = "waiting for a person"
    ANSWERED = "answered already"
    RUN_OVER = "run over"


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """What asking for a review needs from the world.

    Parameters
    ----------
    bucket_name, stack_name
        The names by which a person finds the pictures, and the stack on the command line.
    """

    ledger: "Ledger"
    bucket: "Bucket"
    tokens: "TaskTokens"
    events: "Events"
    status: StatusBoard
    load_plan: Callable[[str], Plan]
    bucket_name: str
    stack_name: str
    clock: Callable[[], Seconds]


def request_review(request: ReviewRequest, desk: ReviewDesk) -> Asked:
    """Put the pictures beside the script, and tell by status and event that somebody is to look at them.

    The token is recorded last: until then the same message does all of it once more, and from then on nothing.
    """
    run = desk.ledger.newest_run(request.episode_id)
    over = why_run_is_over(request.run, run)
    if run is None or over:
        if over:
            desk.tokens.fail(request.token, over)
        return Asked.RUN_OVER
    if run.reviewed:
        return Asked.ANSWERED
    if run.review_token == request.token:
        return Asked.WAITING
    plan = desk.load_plan(request.plan_key)
    jobs = desk.ledger.jobs(plan.assets)
    pictures = _lay_out(plan, jobs, desk)
    quote = quote_of_missing(plan, jobs)
    until = desk.clock() + REVIEW_SECONDS
    how = _how_to_answer(run, request.token, desk.stack_name)
    message = (
        f"the storyboard is ready: {_counted(len(pictures), 'picture')} to look at before clips are paid for, "
        f"${quote.expected_usd:.2f} expected and ${quote.ceiling_usd:.2f} at most; "
        f"approve or reject it until {time_in_words(until)}"
    )
    shown = {"pictures": pictures, "how_to_answer": how, "answer_until": iso_time(until)}
    money = {"expected_usd": quote.expected_usd, "ceiling_usd": quote.ceiling_usd}
    record = RunRecord(run=run, plan=plan, jobs=jobs)
    answers = {answer: how[answer] for answer in ("approve", "reject")}
    # First, since it takes longest: who hears of the review may answer at once.
    publish_storyboard(Storyboard(record, bill_of(record), Ending.WAITING, message, how_to_answer=answers), desk.bucket)
    desk.status.of_run(run, EpisodeState.WAITING_FOR_REVIEW, message, warnings=plan.warnings, **shown, **money)
    event = EpisodeWaitingForReview.model_validate(
        {**about(run, desk.bucket_name), "message": message, **shown, **money}
    )
    tell(event, desk.events)
    desk.ledger.update_run(run, RunState.RUNNING, {"review_token": request.token})
    return Asked.WAITING


def go_on(approved: Approved, desk: ReviewDesk) -> None:
    """Note that a storyboard was approved, also where Step Functions' own API was told so, and say it in the status."""
    run = desk.ledger.newest_run(approved.episode_id)
    if run is None or why_run_is_over(approved.run, run):
        return
    note_approval(run, desk.ledger)
    desk.status.of_run(run, EpisodeState.RUNNING, "the storyboard is approved; the clips are made")


def _lay_out(plan: Plan, jobs: Mapping[Address, Job], desk: ReviewDesk) -> tuple[StoryboardPicture, ...]:
    folder = episode_folder(plan.episode_id)
    pictures = []
    for shot in plan.shots:
        if shot.composite not in plan.assets:  # its lines bring videos of their own
            continue
        content_type = jobs[shot.composite].content_type or "application/octet-stream"
        file = f"{STORYBOARD_FOLDER}/{_file_name(shot, content_type)}"
        desk.bucket.copy(plan.assets[shot.composite].file.key, folder + file, content_type)
        uri = s3_uri(desk.bucket_name, folder + file)
        pictures.append(StoryboardPicture(what=_what(shot, plan), file=file, uri=uri))
    return tuple(pictures)


def _file_name(shot: PlannedShot, content_type: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", shot.label.lower()).strip("-")[:_MAX_SLUG].rstrip("-")
    suffix = _SUFFIXES.get(content_type)
    return f"{shot.index + 1:02d}-{slug or 'shot'}" + (f".{suffix}" if suffix else "")


def _what(shot: PlannedShot, plan: Plan) -> str:
    lines = sorted({plan.parts[index].line for index in shot.parts})
    return f"{shot.label}, line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")


def _how_to_answer(run: Run, token: str, stack: str) -> dict[str, str]:
    at = f"{shlex.quote(run.episode_id)} --stack {shlex.quote(stack)}"
    sent = f"--task-token {shlex.quote(token)}"
    return {
        "approve": f"episode approve {at}",
        "reject": f"episode reject {at} --reason 'what is wrong'",
        "approve_by_api": f"aws stepfunctions send-task-success --task-output '{{}}' {sent}",
        "reject_by_api": (
            f"aws stepfunctions send-task-failure --error {STORYBOARD_REJECTED} --cause 'what is wrong' {sent}"
        ),
    }
