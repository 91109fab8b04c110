from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.media.disk import NotEnoughDisk, require_disk, required_disk
from shared.media.join import Segment, join_house_clips
from tests.unit.media.episodes import marked_clip


def test_the_estimate_holds_for_a_real_episode(tmp_path: Path) -> None:
    # given an episode of 40 lines
    clip = marked_clip(tmp_path, "line", 1.2, 0.6)
    size = clip.path.stat().st_size
    # when it is joined
    join_house_clips([Segment(clip.path)] * 40, tmp_path / "e.mp4", frames=40 * clip.frames, title="x")
    # then it and the clips that are there at the same time take no more than was told, and not much less
    needed = required_disk([size] * 40, frames=40 * clip.frames, texts=0, clips_at_once=4)
    taken = (tmp_path / "e.mp4").stat().st_size + 4 * size
    assert taken <= needed < taken + 200_000


@given(sizes=st.lists(st.integers(1, 10**7), min_size=1, max_size=50), at_once=st.integers(1, 8))
def test_music_needs_room_for_a_second_copy(sizes: list[int], at_once: int) -> None:
    plain = required_disk(sizes, frames=250, texts=3, clips_at_once=at_once)
    with_music = required_disk(sizes, frames=250, texts=3, clips_at_once=at_once, music_bytes=1000)
    assert with_music >= plain + 1000
    assert with_music >= 2 * sum(sizes)


def test_too_small_a_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    require_disk(tmp_path, 1)
    with pytest.raises(NotEnoughDisk, match="needs about 1000000000 MB of temporary storage") as refusal:
        require_disk(tmp_path, 10**15)
    assert refusal.value.free < refusal.value.needed == 10**15
