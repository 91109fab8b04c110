"""Make an episode: upload its folder, follow its run, download what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from cli.display import display_for
from cli.folder import upload
from cli.follow import Ended, ReviewWanted, Show, follow, follow_run, within
from cli.results import download_papers, download_results
from cli.review import Reviewer, leave_open
from shared.ledger.budgets import OVER_CAP
from shared.ledger.records import Run, RunState

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Records, Target


class EpisodeFailed(Exception):
    """The run ended without an episode; the text is the reason, in words.

    Parameters
    ----------
    error
        The reason's name.
    """

    def __init__(self, message: str, error: str = "") -> None:
        super().__init__(message)
        self.error = error

    @property
    def is_over_cap(self) -> bool:
        """Whether it would have cost more than a cap allows."""
        return self.error == OVER_CAP

    @property
    def next_step(self) -> str:
        """What to do next."""
        if self.is_over_cap:
            return "raise the cap, or make it cheaper; `episode quote FOLDER` shows what costs how much"
        return "mend that, then run it again: what was bought is there"


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
    *,
    overrides: Mapping[str, JsonValue] | None = None,
    timeout: float | None = None,
) -> Made:
    """Make an episode and put it into `out`.

    Parameters
    ----------
    reviewer
        Answers for the person who looks at the storyboard, where the script asks for that.
    overrides
        Fields of the script that are otherwise in what is uploaded: see `shared.script.overrides`.
    timeout
        Seconds after which nobody waits any longer; None to wait for the end.

    Raises
    ------
    EpisodeFailed, FolderEmpty, NoRunStarted, ReviewLeftOpen, StillRunning
        When there is none, or not yet; what was bought is kept.
    """

    def begin(show: Show) -> Ended:
        show(f"uploading {folder}", None)
        upload(folder, episode_id, target.bucket, overrides)
        return follow(episode_id, target, show)

    return finish_episode(begin, target, out, console, reviewer, timeout=timeout)


def finish_episode(
    begin: Callable[[Show], Ended],
    target: "Target",
    out: Path,
    console: "Console",
    reviewer: Reviewer,
    *,
    timeout: float | None = None,
) -> Made:
    """Follow a run to its end, with a review where there is one, and put the episode into `out`.

    Parameters
    ----------
    begin
        Begins to follow it.
    timeout
        Seconds after which nobody waits any longer, without those that a person thinks a review over.

    Raises
    ------
    EpisodeFailed, NoRunStarted, ReviewLeftOpen, StillRunning
        When there is none, or not yet; what was bought is kept.
    """
    ended = _follow_to_the_end(begin, target, out, console, reviewer, timeout)
    if ended.run.state is RunState.FAILED:
        _show_papers(ended.run, target, out, console)
    require_episode(ended.run)
    download_results(ended.run.episode_id, target, out)
    return Made(out / "episode.mp4", ended.run, ended.was_done_before)


def require_episode(run: Run) -> None:
    """Raise `EpisodeFailed` where a run that has ended made no episode."""
    if run.state is not RunState.DONE:
        reason = run.failure.message if run.failure else f"the run ended as {run.state.lower()}"
        raise EpisodeFailed(reason, run.failure.error if run.failure else "")


def _show_papers(run: Run, records: "Records", out: Path, console: "Console") -> None:
    """Fetch what tells of a run that failed, and say where its storyboard page is, if it came to one."""
    page = download_papers(run.episode_id, records, out)
    if page and run.plan_key:
        console.print(f"how far it came: {page}", highlight=False, markup=False, soft_wrap=True)


def how_to_go_on(target: "Records", episode_id: str = "ID") -> str:
    """Return what becomes of a run when nobody waits for it any longer."""
    if target.is_deployed:
        return f"it goes on; `episode watch {episode_id} --stack {target.name}` follows it"
    return "on this machine it stops with its command; what was bought is kept, and the same command goes on from there"


def _follow_to_the_end(
    begin: Callable[[Show], Ended],
    target: "Target",
    out: Path,
    console: "Console",
    reviewer: Reviewer,
    timeout: float | None,
) -> Ended:
    go_on = begin
    while True:
        try:
            with display_for(console) as display:
                return go_on(within(timeout, display.show, how_to_go_on(target)))
        except ReviewWanted as wanted:
            reviewer(wanted.run, target, out, console)
            go_on = partial(follow_run, wanted.run, target)
