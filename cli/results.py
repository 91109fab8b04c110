"""What came of an episode, and its way to this machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from shared.keys import BILL, STORYBOARD_FOLDER, STORYBOARD_PAGE, episode_folder, poster_name, status_key
from shared.ports import ObjectMissing
from shared.workflow.status import EpisodeStatus

if TYPE_CHECKING:
    from cli.target import Records


def download_results(episode_id: str, records: "Records", out: Path) -> None:
    """Put what lies beside an episode's script into `out`: videos, captions, bill, status, and the storyboard."""
    status = EpisodeStatus.model_validate_json(records.bucket.get(status_key(episode_id)))
    videos = dict.fromkeys(("episode.mp4", *(status.videos or {}).values()))
    _download((*(status.captions or ()), *videos, *map(poster_name, videos)), episode_id, records, out)
    download_papers(episode_id, records, out)


def download_papers(episode_id: str, records: "Records", out: Path) -> Path | None:
    """Put what tells of an episode's newest run into `out`: status, bill and storyboard.

    Returns
    -------
    Path | None
        The storyboard page; None while there is none.
    """
    folder = episode_folder(episode_id)
    pictures = [stored.key.removeprefix(folder) for stored in records.bucket.list(f"{folder}{STORYBOARD_FOLDER}/")]
    _download(("status.json", BILL, *pictures), episode_id, records, out)
    return out / STORYBOARD_PAGE if _download((STORYBOARD_PAGE,), episode_id, records, out) else None


def _download(names: Iterable[str], episode_id: str, records: "Records", out: Path) -> int:
    """Download those of some files that there are; return how many."""
    come = 0
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            records.bucket.download(f"{episode_folder(episode_id)}{name}", out / name)
        except ObjectMissing:
            continue
        come += 1
    return come
