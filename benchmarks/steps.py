"""The steps that are measured, each in a process of its own: ``python -m benchmarks.steps join '{"...": ...}'``."""

import json
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from benchmarks.material import FORM, Line, lines_in
from shared.captions.cues import Cue
from shared.media.dissolve import write_dissolve
from shared.media.house import make_card_clip, make_house_clip
from shared.media.house_format import FRAME_RATE
from shared.media.join import Chapter, Segment, join_house_clips
from shared.media.lettering import caption_overlays
from shared.media.music import lay_music_under
from shared.media.poster import write_poster

_COPY_BYTES = 1 << 20


def copy_bytes(folder: str, count: int, target: str) -> None:
    """Write the bytes of the house clips one behind the other: the limit."""
    lines = _lines(folder, count)
    buffer = memoryview(bytearray(_COPY_BYTES))
    with Path(target).open("wb", buffering=0) as episode:
        for line in lines:
            with line.house.open("rb", buffering=0) as clip:
                while read := clip.readinto(buffer):
                    episode.write(buffer[:read])


def join(folder: str, count: int, target: str, frames: int, *, captions: bool = False, dissolves: bool = False) -> None:
    """Join house clips, with chapters; with captions and dissolves if asked."""
    cues = _cues(frames) if captions else ()
    segments = (Segment(line.house, line.head if dissolves else None) for line in _lines(folder, count))
    join_house_clips(segments, Path(target), frames=frames, title="x", chapters=[Chapter(0.0, "One")], cues=cues)


def last_clip_to_episode(folder: str, count: int, target: str, frames: int) -> None:
    """Bring the last clip that came to the house format, join the episode, and pick its poster."""
    last = _lines(folder, count)[-1]
    house = Path(target).with_suffix(".house.mp4")
    make_house_clip(last.clip, last.recording, house, FORM, must_match=True)
    segments = [Segment(line.house) for line in _lines(folder, count - 1)] + [Segment(house)]
    join_house_clips(segments, Path(target), frames=frames, title="x", cues=_cues(frames))
    seconds = frames / FRAME_RATE
    middles = [seconds * (place + 0.5) / count for place in range(count)]
    write_poster(Path(target), Path(target).with_suffix(".jpg"), middles)


def house_clip(folder: str, target: str, *, captions: bool = False) -> None:
    """Bring one clip to the house format; with captions burned in if asked."""
    line = _lines(folder, 1)[0]
    overlays = caption_overlays(_cues(line.frames), FORM) if captions else ()
    make_house_clip(line.clip, line.recording, Path(target), FORM, overlays=overlays)


def dissolve(folder: str, target: str) -> None:
    """Make one dissolve."""
    before, after = _lines(folder, 2)
    write_dissolve(before.house, after.house, Path(target), FORM)


def card(picture: str, target: str) -> None:
    """Make a title card of three seconds."""
    make_card_clip(Path(picture), 3.0, Path(target), FORM)


def music(episode: str, music: str, target: str) -> None:
    """Lay music under a joined episode."""
    lay_music_under(Path(episode), Path(music), Path(target))


def _lines(folder: str, count: int) -> list[Line]:
    return list(islice(cycle(lines_in(Path(folder))), count))


def _cues(frames: int) -> list[Cue]:
    """Return a caption of two rows every three seconds."""
    rows = ("Three boats out, three boats home,", "and they all steered by your light.")
    return [Cue(start=start + 0.2, end=start + 2.9, rows=rows) for start in range(0, frames // 25 - 3, 3)]


STEPS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (copy_bytes, join, last_clip_to_episode, house_clip, dissolve, card, music)
}

if __name__ == "__main__":
    wanted, arguments = STEPS[sys.argv[1]], json.loads(sys.argv[2])
    start = time.perf_counter()
    wanted(**arguments)
    print(time.perf_counter() - start)
