"""House clips on their way into an episode: fetched some ahead of their turn, and gone once they were copied."""

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from shared.media.disk import require_disk, required_disk
from shared.media.house_format import FRAME_RATE
from shared.media.join import Segment
from shared.plan.timeline import captions, scene_starts

if TYPE_CHECKING:
    from shared.keys import FileRef
    from shared.plan.timeline import Dissolve, Stretch
    from shared.ports import Bucket

_AHEAD = 16
"""How many clips are fetched at once, before their turn."""
_ASKED_AT_ONCE = 32


def require_room(
    folder: Path, shown: "Sequence[Stretch]", heads: "Mapping[int, Dissolve]", music: "FileRef | None", bucket: "Bucket"
) -> None:
    """Check that a folder's disk holds an episode while it is made; raises `shared.media.disk.NotEnoughDisk`."""
    files = [stretch.house for stretch in shown if stretch.house] + [dissolve.file for dissolve in heads.values()]
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        sizes = list(pool.map(lambda file: bucket.size(file.key), files))
    needed = required_disk(
        sizes,
        frames=round(FRAME_RATE * (shown[-1].start + shown[-1].seconds)),
        texts=len(captions(shown)) + len(scene_starts(shown)),
        clips_at_once=2 * (_AHEAD + 1),  # with their dissolves
        music_bytes=bucket.size(music.key) if music else None,
    )
    require_disk(folder, needed)


def fetched_segments(
    shown: "Sequence[Stretch]", heads: "Mapping[int, Dissolve]", folder: Path, bucket: "Bucket"
) -> Generator[Segment]:
    """Yield the house clips of an episode, each with its dissolve; a clip is deleted when the next one is asked for."""
    houses = deque(enumerate(stretch.house for stretch in shown if stretch.house))
    with ThreadPoolExecutor(_AHEAD) as pool:
        coming: deque[Future[Segment]] = deque()
        while houses or coming:
            while houses and len(coming) < _AHEAD:
                position, house = houses.popleft()
                coming.append(pool.submit(_fetch, house, heads.get(position), folder / f"{position:05d}", bucket))
            segment = coming.popleft().result()
            yield segment
            segment.clip.unlink()
            if segment.head:
                segment.head.unlink()


def _fetch(house: "FileRef", dissolve: "Dissolve | None", target: Path, bucket: "Bucket") -> Segment:
    clip = target.with_suffix(".mp4")
    bucket.download(house.key, clip)
    if dissolve is None:
        return Segment(clip)
    head = target.with_suffix(".head.mp4")
    bucket.download(dissolve.file.key, head)
    return Segment(clip, head)
