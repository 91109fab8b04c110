"""Make an episode: upload its folder, follow its run, download what came of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.display import display_for
from cli.folder import upload
from cli.follow import follow
from shared.keys import episode_folder
from shared.ledger.records import Run, RunState
from shared.ports import ObjectMissing

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Target

RESULTS = ("episode.mp4", "poster.jpg", "status.json", "bill.json")


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


def make_episode(folder: Path, episode_id: str, target: "Target", out: Path, console: "Console") -> Made:
    """Make an episode and put it into `out`.

    Raises
    ------
    EpisodeFailed, FolderEmpty, NoRunStarted
        When there is none; what was bought is kept.
    """
    with display_for(console) as display:
        display.show(f"uploading {folder}", None)
        upload(folder, episode_id, target.bucket)
        ended = follow(episode_id, target, display.show)
    run = ended.run
    if run.state is not RunState.DONE:
        raise EpisodeFailed(run.failure.message if run.failure else f"the run ended as {run.state.lower()}")
    out.mkdir(parents=True, exist_ok=True)
    for name in RESULTS:
        try:
            target.bucket.download(f"{episode_folder(episode_id)}{name}", out / name)
        except ObjectMissing:
            continue
    return Made(out / "episode.mp4", run, ended.was_done_before)
