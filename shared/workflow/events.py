"""What is told on the event bus: one model for each type of event.

Their JSON Schemas lie in ``docs/events.schema.json`` (`make schema`), for whoever writes a rule or a consumer. An event
may come twice, after a crash of ours as well as by EventBridge's own delivery: its type and `run` tell the two apart
from others.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shared.frozen import Frozen
from shared.keys import CAPTION_FILES, bill_key, episode_folder, poster_name, status_key, storyboard_key, video_name
from shared.ledger.budgets import EXACT
from shared.ledger.records import Run, Seconds
from shared.plan.timeline import episode_seconds
from shared.workflow.status import EpisodeState, StoryboardPicture

if TYPE_CHECKING:
    from shared.bill import Bill
    from shared.plan.models import Plan
    from shared.ports import Events

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


class Event(Frozen):
    """What every event says.

    Parameters
    ----------
    schema_version
        Grows when a field goes away or changes its meaning. Fields may be added at any time.
    bucket
        The stack's bucket, by which a rule tells the events of one stack from those of another.
    message
        One sentence that says it all.
    status
        S3 URI of the document that says more.
    """

    detail_type: ClassVar[str]

    schema_version: Literal[1] = 1
    bucket: str
    message: str
    status: str


class EpisodeEvent(Event):
    """What every event about an episode's run says.

    Parameters
    ----------
    folder
        S3 URI of the episode's folder.
    console
        Web page of the execution in the AWS console; null for a run that never began.
    """

    episode_id: str
    run: str
    attempt: int
    folder: str
    console: str | None


class Spent(Frozen):
    """What a run cost.

    Parameters
    ----------
    usd
        What it certainly paid, in US dollars.
    possibly_usd
        What providers may charge on top.
    bought, reused
        How many assets it paid for, and how many had been paid for before.
    bill
        S3 URI of the bill.
    """

    usd: float
    possibly_usd: float
    bought: int
    reused: int
    bill: str


class Reason(Frozen):
    """Why a run failed: a name for a machine, and a sentence for people."""

    error: str
    message: str


class EpisodeDone(EpisodeEvent):
    """An episode is finished, and its files lie beside its script.

    Parameters
    ----------
    video, poster, storyboard
        S3 URIs: the finished video, the first of them where there are several; its poster; the storyboard page.
    videos
        S3 URIs of all videos, by aspect ratio.
    captions
        S3 URIs of the files with what is said.
    seconds
        How long the episode lasts.
    spent
        Null where the run's plan is gone, and with it what it cost.
    stepped_down
        How many parts were made with a lesser engine than the script's first.
    """

    detail_type: ClassVar[str] = "Episode Done"

    state: Literal[EpisodeState.DONE] = EpisodeState.DONE
    video: str
    videos: dict[str, str]
    poster: str
    storyboard: str
    captions: tuple[str, ...]
    seconds: Seconds | None
    spent: Spent | None
    stepped_down: int


class EpisodeFailed(EpisodeEvent):
    """A run has ended without an episode."""

    detail_type: ClassVar[str] = "Episode Failed"

    state: Literal[EpisodeState.FAILED] = EpisodeState.FAILED
    failure: Reason
    spent: Spent | None


class EpisodeWaitingForReview(EpisodeEvent):
    """A storyboard is ready for a person to look at, before the first clip is paid for.

    Parameters
    ----------
    how_to_answer
        The commands that approve or reject it.
    answer_until
        When the run stops waiting, as ISO 8601.
    expected_usd, ceiling_usd
        What the clips are expected to cost, and at most.
    """

    detail_type: ClassVar[str] = "Episode Waiting For Review"

    state: Literal[EpisodeState.WAITING_FOR_REVIEW] = EpisodeState.WAITING_FOR_REVIEW
    pictures: tuple[StoryboardPicture, ...]
    how_to_answer: dict[str, str]
    answer_until: str
    expected_usd: float
    ceiling_usd: float


class EpisodePaused(EpisodeEvent):
    """A run buys nothing for now, since every provider that it may ask refuses the account."""

    detail_type: ClassVar[str] = "Episode Paused"

    state: Literal[EpisodeState.PAUSED] = EpisodeState.PAUSED
    reason: str


class BatchDone(Event):
    """Every episode of a batch has ended, one way or another.

    Parameters
    ----------
    done, not_done
        How many of its episodes are done, and how many failed, were refused, or not started.
    used_usd
        What all runs of its episodes have paid or reserved, in US dollars.
    summary
        S3 URI of the summary for people; `status` is the one for machines.
    """

    detail_type: ClassVar[str] = "Batch Done"

    batch: str
    done: int
    not_done: int
    used_usd: float
    summary: str


EVENTS: tuple[type[Event], ...] = (EpisodeDone, EpisodeFailed, EpisodeWaitingForReview, EpisodePaused, BatchDone)
"""All that is ever told."""


def tell(event: Event, events: "Events") -> None:
    """Put an event on the bus."""
    events.publish(event.detail_type, event.model_dump(mode="json"))


def about(run: Run, bucket: str) -> dict[str, Any]:
    """Return the fields that every event about a run has, but for its message."""
    return {
        "bucket": bucket,
        "episode_id": run.episode_id,
        "run": run.name,
        "attempt": run.attempt,
        "folder": s3_uri(bucket, episode_folder(run.episode_id)),
        "status": s3_uri(bucket, status_key(run.episode_id)),
        "console": console_page(run.execution_arn) if run.execution_arn else None,
    }


def ended_event(run: Run, plan: "Plan | None", bill: "Bill | None", bucket: str) -> EpisodeDone | EpisodeFailed:
    """Return what is told of a run that has ended.

    Parameters
    ----------
    plan, bill
        None where the run has no plan that could be read.
    """
    spent = _spent(bill, run, bucket) if bill else None
    if run.failure:
        reason = Reason(error=run.failure.error, message=run.failure.message)
        return EpisodeFailed(**about(run, bucket), message=reason.message, failure=reason, spent=spent)
    folder = s3_uri(bucket, episode_folder(run.episode_id))
    outputs = plan.edit.outputs if plan else ()
    seconds = episode_seconds(plan) if plan else None
    video = video_name("", is_first=True)
    return EpisodeDone(
        **about(run, bucket),
        message="the episode is done" + (f": {seconds:.0f} seconds" if seconds is not None else ""),
        video=folder + video,
        videos={output: folder + video_name(output, is_first=output == outputs[0]) for output in outputs},
        poster=folder + poster_name(video),
        storyboard=s3_uri(bucket, storyboard_key(run.episode_id)),
        captions=tuple(folder + name for name in CAPTION_FILES if plan and any(part.cues for part in plan.parts)),
        seconds=seconds,
        spent=spent,
        stepped_down=len(bill.stepped_down) if bill else 0,
    )


def _spent(bill: "Bill", run: Run, bucket: str) -> Spent:
    return Spent(
        usd=bill.total_usd,
        possibly_usd=round(bill.possible_duplicate_usd + bill.possibly_charged_usd, EXACT),
        bought=bill.bought,
        reused=bill.reused,
        bill=s3_uri(bucket, bill_key(run.episode_id, run.name)),
    )


def s3_uri(bucket: str, key: str) -> str:
    """Return an object's S3 URI."""
    return f"s3://{bucket}/{key}"


def console_page(execution_arn: str) -> str:
    """Return the web page of an execution in the AWS console of its partition."""
    _, partition, _, region, *_ = execution_arn.split(":")
    host = _CONSOLES.get(partition, _CONSOLES["aws"])
    return f"https://{region}.{host}/states/home?region={region}#/v2/executions/details/{execution_arn}"
