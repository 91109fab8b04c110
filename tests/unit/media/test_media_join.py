from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from shared.media.errors import MediaRefused
from shared.media.house import HouseFormat, make_house_clip
from shared.media.join import Chapter, NotJoinable, join_house_clips
from tests.unit.media.media_samples import (
    Samples,
    Video,
    decoded_luma,
    decoded_sound,
    speech,
    tone,
    write_sound,
    write_video,
)

FORM = HouseFormat(160, 90)


def beep(seconds: float, at: float) -> Samples:
    """Return silence with a beep of 0.2 s."""
    sound = tone(seconds, 0.0)
    burst = tone(0.2, 0.5)
    begin = round(at * 44_100)
    sound[begin : begin + len(burst)] = burst
    return sound


def marked_clip(folder: Path, number: int, seconds: float, at: float) -> Path:
    """Write a house clip that flashes and beeps at the same time."""
    source = write_video(folder / f"{number}.src.mp4", Video(seconds + 0.2, size=(160, 90), flash=at))
    recording = write_sound(folder / f"{number}.wav", beep(seconds, at))
    target = folder / f"{number}.mp4"
    make_house_clip(source, recording, target, FORM)
    return target


def onsets(active: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    return [int(i) for i in np.flatnonzero(active[1:] & ~active[:-1]) + 1]


@pytest.mark.parametrize("count", [3, 40])
def test_sound_and_picture_stay_together_at_any_length(tmp_path: Path, count: int) -> None:
    # given clips of different lengths, each with a flash and a beep at one moment of its own
    kinds = [
        marked_clip(tmp_path, n, seconds, at) for n, (seconds, at) in enumerate([(0.6, 0.2), (0.95, 0.4), (1.2, 0.72)])
    ]
    clips = [kinds[number % 3] for number in range(count)]
    # when they are joined
    episode = tmp_path / "episode.mp4"
    facts = join_house_clips(clips, episode, title="Marks")
    # then every packet of picture follows in even steps and all decode, without a single error
    with av.open(str(episode)) as container:
        times = [(p.dts, p.pts) for p in container.demux(container.streams.video[0]) if p.dts is not None]
    assert all(before < after for (before, _), (after, _) in pairwise(times))
    assert {after - before for before, after in pairwise(sorted(pts or 0 for _, pts in times))} == {512}
    frames = decoded_luma(episode)
    assert len(frames) == facts.frames == len(times)
    assert facts.seconds == facts.frames / 25
    # and sound follows in even steps too, over the joins
    with av.open(str(episode)) as container:
        sound_times = [p.dts for p in container.demux(container.streams.audio[0]) if p.dts is not None]
    assert {after - before for before, after in pairwise(sound_times)} == {1024}
    # and each beep comes within a frame of its flash
    flashes = np.array(onsets(frames.mean(axis=(1, 2)) > 220)) / 25
    sound = decoded_sound(episode, 48_000)
    loud = np.abs(sound[: len(sound) // 96 * 96]).reshape(-1, 96).max(axis=1) > 0.05
    beeps = np.array(onsets(loud)) * 96 / 48_000
    beeps = beeps[np.insert(np.diff(beeps) > 0.25, 0, True)]
    assert len(flashes) == len(beeps) == count
    assert np.abs(flashes - beeps).max() <= 0.04


def test_an_episode_starts_playing_at_once_and_has_title_and_chapters(tmp_path: Path) -> None:
    # given three clips
    clips = [marked_clip(tmp_path, number, 0.6, 0.2) for number in range(3)]
    # when they are joined with chapters
    chapters = [Chapter(0.0, "The office"), Chapter(0.64, "Küste — am Abend")]
    facts = join_house_clips(clips, tmp_path / "episode.mp4", title="The Last Lighthouse", chapters=chapters)
    # then the index comes before the media
    data = (tmp_path / "episode.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    # and players show title and chapters
    with av.open(str(tmp_path / "episode.mp4")) as container:
        assert container.metadata["title"] == "The Last Lighthouse"
        shown = [(c["start"], c["end"], c["metadata"]["title"]) for c in container.chapters()]
    assert shown == [(0, 640, "The office"), (640, round(1000 * facts.seconds), "Küste — am Abend")]


def test_clips_of_other_formats_are_refused_by_name(tmp_path: Path) -> None:
    # given a good clip, one of another size, one not on the grid, and something else
    good = marked_clip(tmp_path, 0, 0.6, 0.2)
    source = write_video(tmp_path / "src.mp4", Video(0.8))
    make_house_clip(source, tmp_path / "0.wav", tmp_path / "large.mp4", HouseFormat(320, 180))
    write_video(tmp_path / "raw.mp4", Video(1, sound=speech(1)))
    write_video(tmp_path / "mute.mp4", Video(1))
    for name in ("large.mp4", "raw.mp4", "mute.mp4"):
        # when, then
        with pytest.raises(NotJoinable, match=name) as refusal:
            join_house_clips([good, tmp_path / name], tmp_path / "episode.mp4", title="x")
        assert refusal.value.clip == tmp_path / name
        assert not (tmp_path / "episode.mp4").exists()


def test_a_clip_that_lost_its_end_is_refused(tmp_path: Path) -> None:
    good = marked_clip(tmp_path, 0, 0.6, 0.2)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(good.read_bytes()[:-3000])
    with pytest.raises(MediaRefused):
        join_house_clips([good, cut], tmp_path / "episode.mp4", title="x")
    assert not (tmp_path / "episode.mp4").exists()


@pytest.mark.parametrize("starts", [(0.0, 0.0), (0.3, 0.1), (0.0, 99.0)])
def test_chapters_out_of_order_are_refused(tmp_path: Path, starts: tuple[float, float]) -> None:
    clip = marked_clip(tmp_path, 0, 0.6, 0.2)
    with pytest.raises(ValueError, match="chapters must be in order"):
        join_house_clips([clip], tmp_path / "e.mp4", title="x", chapters=[Chapter(start, "x") for start in starts])


def test_an_episode_without_clips_is_no_episode(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one clip"):
        join_house_clips([], tmp_path / "episode.mp4", title="x")
