"""Join a run's house clips into the episode and put it beside the script."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.addresses import address_of
from shared.configuration import JOIN_RECIPE
from shared.frozen import Frozen
from shared.keys import FileKind, FileRef, episode_folder
from shared.media.join import Chapter, join_house_clips
from shared.media.poster import write_poster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.ledger.records import PartOutcome
    from shared.plan.models import Plan
    from shared.ports import Bucket, Ledger


class AssembleRequest(Frozen):
    """Which run to assemble."""

    run: str
    plan_key: str


class Assembled(StrEnum):
    """What came of it."""

    PUBLISHED = "published"
    SUPERSEDED = "superseded"  # a newer run has taken over: only the newest publishes


@dataclass(frozen=True, slots=True)
class EditingSuite:
    """What assembling needs from the world."""

    bucket: "Bucket"
    ledger: "Ledger"
    load_plan: "Callable[[str], Plan]"


def assemble_episode(request: AssembleRequest, suite: EditingSuite) -> Assembled:
    """Make ``episode.mp4`` and ``poster.jpg``; only the newest run of an episode publishes."""
    plan = suite.load_plan(request.plan_key)
    made = suite.ledger.parts(request.run)
    if not _is_newest(request.run, plan, suite):
        return Assembled.SUPERSEDED
    episode = FileRef(kind=FileKind.EPISODE, address=_address(plan, made))
    folder = episode_folder(plan.episode_id)
    with TemporaryDirectory() as scratch:
        video, poster = Path(scratch, "episode.mp4"), Path(scratch, "poster.jpg")
        if suite.bucket.exists(episode.key):
            suite.bucket.download(episode.key, video)
        else:
            _join(plan, made, video, suite.bucket)
            suite.bucket.upload(video, episode.key, "video/mp4")
        write_poster(video, poster)
        if not _is_newest(request.run, plan, suite):  # joining takes minutes, and a newer run may be done by now
            return Assembled.SUPERSEDED
        suite.bucket.upload(poster, f"{folder}poster.jpg", "image/jpeg")
    suite.bucket.copy(episode.key, f"{folder}episode.mp4", "video/mp4")
    return Assembled.PUBLISHED


def _is_newest(run: str, plan: "Plan", suite: EditingSuite) -> bool:
    newest = suite.ledger.newest_run(plan.episode_id)
    return newest is not None and newest.name == run


def _join(plan: "Plan", made: "Mapping[int, PartOutcome]", target: Path, bucket: "Bucket") -> None:
    clips = []
    for part in plan.parts:
        clip = target.with_name(f"part-{part.index:05d}.mp4")
        bucket.download(FileRef(kind=FileKind.HOUSE, address=made[part.index].house_address).key, clip)
        clips.append(clip)
    join_house_clips(clips, target, title=plan.title, chapters=_chapters(plan, made))


def _chapters(plan: "Plan", made: "Mapping[int, PartOutcome]") -> list[Chapter]:
    """Return one chapter a scene."""
    chapters: list[Chapter] = []
    at, scene = 0.0, None
    for part in plan.parts:
        if part.scene != scene:
            chapters.append(Chapter(start=at, title=f"Scene {part.scene}"))
            scene = part.scene
        at += made[part.index].seconds
    return chapters


def _address(plan: "Plan", made: "Mapping[int, PartOutcome]") -> str:
    return address_of(
        JOIN_RECIPE,
        "episode",
        title=plan.title,
        scenes=[part.scene for part in plan.parts],
        clips=[made[part.index].house_address for part in plan.parts],
    )
