"""Make an episode: upload its folder, follow its run, download what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cli.display import display_for
from cli.folder import upload
from cli.follow import Ended, ReviewWanted, Show, follow, follow_run
from cli.review import Reviewer, leave_open
from shared.keys import episode_folder, poster_name, status_key
from shared.ledger.records import Run, RunState
from shared.ports import ObjectMissing
from shared.workflow.status import EpisodeStatus

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Target


class EpisodeFailed(Exception):
    """The run ended without an episode; the text is the reason, in words."""


@dataclass(frozen=True, slots=True)
class Made:
    """An episode that was made.

    Parameters
    ----------
    was_done_before
        Whether it had been made before, so that nothing was done.
    """

    video: Path
    run: Run
    was_done_before: bool


def make_episode(
    folder: Path,
    episode_id: str,
    target: "Target",
    out: Path,
    console: "Console",
    reviewer: Reviewer = leave_open,
) -> Made:
    """Make an episode and put it into `out`.

    Parameters
    ----------
    reviewer
        Answers for the person who looks at the storyboard, where the script asks for that.

    Raises
    ------
    EpisodeFailed, FolderEmpty, NoRunStarted, ReviewLeftOpen
        When there is none, or not yet; what was bought is kept.
    """

    def begin(show: Show) -> Ended:
        show(f"uploading {folder}", None)
        upload(folder, episode_id, target.bucket)
        return follow(episode_id, target, show)

    return finish_episode(begin, target, out, console, reviewer)


def finish_episode(
    begin: Callable[[Show], Ended], target: "Target", out: Path, console: "Console", reviewer: Reviewer
) -> Made:
    """Follow a run to its end, with a review where there is one, and put the episode into `out`.

    Parameters
    ----------
    begin
        Begins to follow it.

    Raises
    ------
    EpisodeFailed, NoRunStarted, ReviewLeftOpen
        When there is none, or not yet; what was bought is kept.
    """
    ended = _follow_to_the_end(begin, target, out, console, reviewer)
    run = ended.run
    if run.state is not RunState.DONE:
        raise EpisodeFailed(run.failure.message if run.failure else f"the run ended as {run.state.lower()}")
    out.mkdir(parents=True, exist_ok=True)
    folder = episode_folder(run.episode_id)
    status = EpisodeStatus.model_validate_json(target.bucket.get(status_key(run.episode_id)))
    videos = dict.fromkeys(("episode.mp4", *(status.videos or {}).values()))
    for name in ("status.json", "bill.json", *videos, *map(poster_name, videos), *(status.captions or ())):
        try:
            target.bucket.download(f"{folder}{name}", out / name)
        except ObjectMissing:
            continue
    return Made(out / "episode.mp4", run, ended.was_done_before)


def _follow_to_the_end(
    begin: Callable[[Show], Ended], target: "Target", out: Path, console: "Console", reviewer: Reviewer
) -> Ended:
    go_on = begin
    while True:
        try:
            with display_for(console) as display:
                return go_on(display.show)
        except ReviewWanted as wanted:
            reviewer(wanted.run, target, out, console)
            go_on = partial(follow_run, wanted.run, target)
