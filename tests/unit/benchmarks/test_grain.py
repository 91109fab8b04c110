"""Grain changes every frame of a clip's picture, and nothing else."""

from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.grain import add_grain
from tests.unit.media.media_samples import Video, decoded_luma, speech, write_video


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("grain")
    drawn = write_video(folder / "drawn.mp4", Video(1.0, speech(1.0)))
    add_grain(drawn, folder / "filmed.mp4", seed=1)
    return drawn, folder / "filmed.mp4"


def test_no_two_frames_of_a_still_picture_are_alike_any_more(clips: tuple[Path, Path]) -> None:
    # when
    drawn, filmed = (decoded_luma(clip) for clip in clips)
    # then
    assert drawn.shape == filmed.shape
    still, stirred = (np.abs(np.diff(frames, axis=0)).mean((1, 2)) for frames in (drawn, filmed))
    assert still.max() < 0.3
    assert stirred.min() > 0.5
    assert np.abs(filmed.mean((1, 2)) - drawn.mean((1, 2))).max() < 0.5  # no brighter, no darker


def test_times_and_sound_stay_as_they_were(clips: tuple[Path, Path]) -> None:
    # when
    times, packets = zip(*(times_and_sound(clip) for clip in clips), strict=True)
    # then
    assert times[0] == times[1]
    assert packets[0] == packets[1]
    assert packets[0]


def times_and_sound(clip: Path) -> tuple[list[float], list[bytes]]:
    with av.open(str(clip)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    with av.open(str(clip)) as container:
        return times, [bytes(packet) for packet in container.demux(audio=0) if packet.dts is not None]
