"""Join a run's house clips into the episode's videos and put them beside the script."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.addresses import address_of
from shared.captions.files import subrip, webvtt
from shared.captions.languages import iso_639_2
from shared.configuration import JOIN_RECIPE
from shared.frozen import Frozen
from shared.keys import CAPTION_FILES, FileKind, FileRef, episode_folder, poster_name, video_name
from shared.media.house_format import FRAME_RATE
from shared.media.join import Chapter, join_house_clips
from shared.media.music import lay_music_under
from shared.media.poster import write_poster
from shared.plan.timeline import Dissolve, Stretch, captions, dissolves, scene_starts, stretches
from shared.workflow.cutting_room import CuttingRoom, make_cards, make_dissolve
from shared.workflow.fetched_clips import fetched_segments, require_room
from shared.workflow.run_over import why_run_is_over
from shared.workflow.thumbnails import missing_thumbnails_made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.addresses import Address
    from shared.captions.cues import Cue
    from shared.media.house_format import AspectRatio
    from shared.plan.models import Plan


class AssembleRequest(Frozen):
    """Which run to assemble."""

    run: str
    plan_key: str


class Assembled(StrEnum):
    """What came of it."""

    PUBLISHED = "published"
    SUPERSEDED = "superseded"  # a newer run has taken over: only the newest publishes


def assemble_episode(request: AssembleRequest, room: CuttingRoom) -> Assembled:
    """Make the episode's videos with posters and captions; only the newest run of an episode publishes.

    Raises
    ------
    NotEnoughDisk
        If a video and what it is made of do not fit into the function's disk.
    """
    plan = room.load_plan(request.plan_key)
    if not _goes_on(request.run, plan, room):
        return Assembled.SUPERSEDED
    with missing_thumbnails_made(plan, room.bucket):
        return _assemble(request.run, plan, room)


def _assemble(run: str, plan: "Plan", room: CuttingRoom) -> Assembled:
    engines = {index: outcome.engine for index, outcome in room.ledger.parts(run).items()}
    make_cards(plan, room)
    first = plan.edit.outputs[0]
    shown = {output: stretches(plan, engines, output) for output in plan.edit.outputs}
    made: dict[str, FileRef] = {}
    posters: dict[str, bytes] = {}
    for output, timeline in shown.items():
        video = video_name(output, is_first=output == first)
        made[video], posters[poster_name(video)] = _make_video(plan, output, timeline, room)
    if not _goes_on(run, plan, room):  # joining takes minutes, and a newer run may be done by now
        return Assembled.SUPERSEDED
    _publish(episode_folder(plan.episode_id), made, posters, captions(shown[first]), room)
    return Assembled.PUBLISHED


def _goes_on(run: str, plan: "Plan", room: CuttingRoom) -> bool:
    newest = room.ledger.newest_run(plan.episode_id)
    return why_run_is_over(run, newest) is None


def _make_video(
    plan: "Plan", output: "AspectRatio", shown: "Sequence[Stretch]", room: CuttingRoom
) -> tuple[FileRef, bytes]:
    """Make one of the episode's videos, unless it is there; return where it lies, and its poster."""
    heads = dissolves(plan, shown)
    for dissolve in heads.values():
        make_dissolve(plan, dissolve, output, room)
    video = FileRef(kind=FileKind.EPISODE, address=_address(plan, shown, heads))
    with TemporaryDirectory() as scratch:
        joined, poster = Path(scratch, "episode.mp4"), Path(scratch, "poster.jpg")
        stored: Future[None] | None = None
        with ThreadPoolExecutor(1) as meanwhile:
            if room.bucket.exists(video.key):
                room.bucket.download(video.key, joined)
            else:
                joined = _join(plan, shown, heads, Path(scratch), room)
                stored = meanwhile.submit(room.bucket.upload, joined, video.key, "video/mp4")
            write_poster(joined, poster, [stretch.start + stretch.seconds / 2 for stretch in shown if stretch.part])
        if stored:
            stored.result()
        return video, poster.read_bytes()


def _join(
    plan: "Plan", shown: "Sequence[Stretch]", heads: "Mapping[int, Dissolve]", scratch: Path, room: CuttingRoom
) -> Path:
    seconds = shown[-1].start + shown[-1].seconds
    require_room(scratch, shown, heads, plan.edit.music, room.bucket)
    joined = scratch / "joined.mp4"
    # Closed whatever happens, so that nothing is still being fetched when the folder goes.
    with closing(fetched_segments(shown, heads, scratch, room.bucket)) as segments:
        join_house_clips(
            segments,
            joined,
            frames=round(FRAME_RATE * seconds),
            title=plan.title,
            chapters=[Chapter(start=start, title=f"Scene {scene}") for start, scene in scene_starts(shown)],
            cues=captions(shown),
            language=iso_639_2(plan.edit.language),
        )
    if plan.edit.music is None:
        return joined
    music, mixed = scratch / "music", scratch / "episode.mp4"
    room.bucket.download(plan.edit.music.key, music)
    lay_music_under(joined, music, mixed)
    joined.unlink()
    return mixed


def _publish(
    folder: str, made: "Mapping[str, FileRef]", posters: "Mapping[str, bytes]", cues: "Sequence[Cue]", room: CuttingRoom
) -> None:
    def publish_captions(name: str, text: str, content_type: str) -> None:
        # Those of an earlier run, when there are none any more, are emptied: they would be another episode's.
        if cues or room.bucket.exists(f"{folder}{name}"):
            room.bucket.put(f"{folder}{name}", text.encode(), content_type)

    subrip_file, webvtt_file = CAPTION_FILES
    with ThreadPoolExecutor() as at_once:
        beside = [
            at_once.submit(publish_captions, subrip_file, subrip(cues), "application/x-subrip"),
            at_once.submit(publish_captions, webvtt_file, webvtt(cues), "text/vtt"),
            *(at_once.submit(room.bucket.put, f"{folder}{name}", data, "image/jpeg") for name, data in posters.items()),
        ]
        for published in beside:
            published.result()
    # The videos come last: who sees a new one finds all that belongs to it.
    for name, video in made.items():
        room.bucket.copy(video.key, f"{folder}{name}", "video/mp4")


def _address(plan: "Plan", shown: "Sequence[Stretch]", heads: "Mapping[int, Dissolve]") -> "Address":
    return address_of(
        JOIN_RECIPE,
        FileKind.EPISODE,
        title=plan.title,
        language=plan.edit.language,
        clips=[stretch.house.address for stretch in shown if stretch.house],
        dissolves=[[place, dissolve.file.address] for place, dissolve in heads.items()],
        chapters=scene_starts(shown),
        cues=[cue.model_dump() for cue in captions(shown)],
        music=plan.edit.music.address if plan.edit.music else None,
    )
