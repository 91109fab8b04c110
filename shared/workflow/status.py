"""``status.json``: how an episode stands, for people, beside its script."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.frozen import Frozen
from shared.keys import status_key
from shared.ledger.records import Run, Seconds
from shared.script.problems import enumerated

if TYPE_CHECKING:
    from shared.ports import Bucket, Ledger
    from shared.workflow.inputs import EpisodeInputs


class EpisodeState(StrEnum):
    """How an episode stands."""

    WAITING_FOR_FILES = "waiting_for_files"
    RUNNING = "running"
    PAUSED = "paused"  # a provider refuses the account: nothing is bought until a person has acted
    WAITING_FOR_REVIEW = "waiting_for_review"
    DONE = "done"
    FAILED = "failed"


_ENDINGS = frozenset({EpisodeState.DONE, EpisodeState.FAILED})


class Trouble(Frozen):
    """Something that did not work, and why."""

    what: str
    error: str
    message: str


class StoryboardPicture(Frozen):
    """A picture to look at before clips are paid for.

    Parameters
    ----------
    what
        What it shows, and in which lines.
    file
        Its path beside the script.
    """

    what: str
    file: str
    uri: str


class EpisodeStatus(Frozen):
    """The document.

    Parameters
    ----------
    message
        One sentence that says it all.
    missing
        Files that the script names and that are not there.
    troubles
        What failed, or was made with a lesser engine, and why.
    pictures, how_to_answer, answer_until
        While a person is waited for: what to look at, the commands that approve or reject it, and until when.
    episode
        The finished video, beside this file.
    videos
        All finished videos, by aspect ratio.
    captions
        The files with what is said.
    expected_usd, ceiling_usd
        What this run was quoted to cost, and at most.
    spent_usd
        What this run certainly paid.
    possibly_spent_usd
        What may be charged on top: for possible duplicates, and for what was not delivered. The bill names each.
    spent_by_episode_usd
        What all runs of the episode have paid or reserved, which is what its caps count.
    """

    episode_id: str
    state: EpisodeState
    message: str
    run: str | None = None
    attempt: int | None = None
    missing: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    warnings: tuple[str, ...] = ()
    pictures: tuple[StoryboardPicture, ...] | None = None
    how_to_answer: dict[str, str] | None = None
    answer_until: str | None = None
    episode: str | None = None
    videos: dict[str, str] | None = None
    captions: tuple[str, ...] | None = None
    seconds: Seconds | None = None
    expected_usd: float | None = None
    ceiling_usd: float | None = None
    spent_usd: float | None = None
    possibly_spent_usd: float | None = None
    spent_by_episode_usd: float | None = None
    started_at: str | None = None
    updated_at: str


class StatusBoard:
    """Writes the document; only the newest run of an episode may."""

    def __init__(self, bucket: "Bucket", ledger: "Ledger", clock: Callable[[], Seconds]) -> None:
        self._bucket = bucket
        self._ledger = ledger
        self._clock = clock

    def waiting_for_files(self, inputs: "EpisodeInputs") -> None:
        """Say which files have to come before a run is started."""
        count = len(inputs.missing)
        files = "a file is" if count == 1 else f"{count} files are"
        self._write(
            EpisodeStatus(
                episode_id=inputs.episode_id,
                state=EpisodeState.WAITING_FOR_FILES,
                message=f"{files} not there yet: {enumerated(inputs.missing)}",
                missing=inputs.missing,
                updated_at=self._now(),
            )
        )

    def no_episode(self, folder_name: str, message: str) -> None:
        """Say why nothing becomes of a script in a folder whose name is no episode's id."""
        self._write(
            EpisodeStatus(episode_id=folder_name, state=EpisodeState.FAILED, message=message, updated_at=self._now())
        )

    def of_run(self, run: Run, state: EpisodeState, message: str, **details: object) -> None:
        """Say how a run stands, unless a newer one has taken over; of one that has ended, only how it ended."""
        newest = self._ledger.newest_run(run.episode_id)
        if newest is None or newest.name != run.name or (newest.ended_at is not None and state not in _ENDINGS):
            return
        self._write(
            EpisodeStatus.model_validate(
                {
                    "episode_id": run.episode_id,
                    "state": state,
                    "message": message,
                    "run": run.name,
                    "attempt": run.attempt,
                    "started_at": iso_time(run.started_at),
                    "updated_at": self._now(),
                    **details,
                }
            )
        )

    def is_newest(self, run: Run) -> bool:
        """Tell whether no newer run of its episode has been claimed."""
        newest = self._ledger.newest_run(run.episode_id)
        return newest is not None and newest.name == run.name

    def _write(self, status: EpisodeStatus) -> None:
        text = status.model_dump_json(indent=2, exclude_none=True)
        self._bucket.put(status_key(status.episode_id), text.encode(), "application/json")

    def _now(self) -> str:
        return iso_time(self._clock())


def iso_time(at: Seconds) -> str:
    """Return a time as the documents write it, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def time_in_words(at: Seconds) -> str:
    """Return a time for people, in UTC: ``28 November 2026, 00:26 UTC``."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"
