"""What assembling an episode takes of the disk, told before it begins."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from shared.media.house_format import FRAME_RATE
from shared.media.mp4.writing import index_bytes

_MUSIC_BYTES_PER_SECOND = 24_000
"""Of mixed sound, at 160 kbit/s, with its index."""
_TITLES_BYTES = 65_536


class NotEnoughDisk(RuntimeError):
    """There is too little temporary storage for an episode."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(
            f"the episode needs about {needed / 1e6:.0f} MB of temporary storage while it is joined, and "
            f"{free / 1e6:.0f} MB are free; deploy the stack with more storage for this function, or divide the episode"
        )
        self.needed = needed
        self.free = free


def required_disk(
    clip_bytes: Sequence[int], *, frames: int, texts: int, clips_at_once: int, music_bytes: int | None = None
) -> int:
    """Return the most bytes of disk that joining takes at any time.

    Parameters
    ----------
    clip_bytes
        The size of each house clip and of each dissolved head.
    frames
        How many frames the episode has.
    texts
        How many captions and chapters.
    clips_at_once
        How many clips are there at the same time: the one that is copied, and those fetched ahead.
    music_bytes
        The size of the music, if there is any. It is laid under when all clips are gone, and takes a second copy of the
        episode and the mixed sound.
    """
    episode = sum(clip_bytes) + index_bytes(frames, "", 2 * texts) + _TITLES_BYTES
    joining = episode + sum(sorted(clip_bytes)[-clips_at_once:])
    if music_bytes is None:
        return joining
    sound = _MUSIC_BYTES_PER_SECOND * (frames // FRAME_RATE + 1)
    return max(joining, 2 * episode + 2 * sound) + music_bytes


def require_disk(folder: Path, needed: int) -> None:
    """Raise `NotEnoughDisk` if fewer than `needed` bytes are free where a folder lies."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NotEnoughDisk(needed, free)
