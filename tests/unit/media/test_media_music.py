from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.captions.cues import Cue
from shared.media.ducking import ALONE_LUFS, UNDER_SPEECH_LUFS, ducked_volume, speech_spans
from shared.media.errors import MediaRefused
from shared.media.house import make_card_clip, make_house_clip
from shared.media.join import Chapter, Segment, join_house_clips
from shared.media.loudness import true_peaks
from shared.media.music import _limited, lay_music_under
from shared.media.music_bed import measure_music, music_bed
from tests.unit.media.episodes import SMALL, assert_gapless, loudness
from tests.unit.media.media_samples import (
    RATE,
    Samples,
    Video,
    decoded_sound,
    delay_samples,
    speech,
    tone,
    write_picture,
    write_sound,
    write_video,
)


def chord(seconds: float, level: float = 0.5) -> Samples:
    """Return a chord that swells and fades, as music does."""
    times = np.arange(round(seconds * RATE)) / RATE
    notes = [np.sin(2 * np.pi * f * times) * (1 + np.sin(2 * np.pi * r * times)) for f, r in ((220, 0.3), (330, 0.2))]
    return np.asarray(level * sum(notes) / 4, dtype=np.float32)


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an episode: a card, two lines, a card of six seconds, and two more lines."""
    folder = tmp_path_factory.mktemp("episode")
    picture = write_picture(folder / "card.png", 160, 90)
    clips, frames = [], 0
    for number, seconds in enumerate([3.2, None, None, 6.4, None, None]):
        clips.append(folder / f"{number}.mp4")
        if seconds:
            frames += make_card_clip(picture, seconds, clips[-1], SMALL).frames
            continue
        recording = write_sound(folder / f"{number}.wav", speech(4, pauses=[(2, 0.4)], seed=number))
        source = write_video(folder / f"{number}.src.mp4", Video(4.2, size=(160, 90)))
        frames += make_house_clip(source, recording, clips[-1], SMALL).frames
    target = folder / "episode.mp4"
    cues = [Cue(start=3.4, end=6.0, rows=("Captions",))]
    chapters = [Chapter(0.0, "One"), Chapter(10.0, "Two")]
    join_house_clips(
        map(Segment, clips), target, frames=frames, title="Music", chapters=chapters, cues=cues, language="eng"
    )
    return target


def copied_packets(path: Path) -> dict[str, list[tuple[int | None, int | None, bytes]]]:
    with av.open(str(path)) as container:
        streams = [*container.streams.video, *container.streams.subtitles]
        packets: dict[str, list[tuple[int | None, int | None, bytes]]] = {stream.type: [] for stream in streams}
        for packet in container.demux(streams):
            packets[packet.stream.type].append((packet.pts, packet.duration, bytes(packet)))
    return packets


@pytest.mark.parametrize("level", [0.02, 1.0])
def test_an_episode_with_music_is_as_loud_as_one_without(tmp_path: Path, episode: Path, level: float) -> None:
    # given music that is far too quiet, or far too loud, and shorter than the episode
    music = write_sound(tmp_path / "music.mp3", chord(9, level))
    # when it is laid under
    lay_music_under(episode, music, tmp_path / "mixed.mp4")
    # then the file, as players decode it, is at -16 LUFS, and no peak is near full scale
    measured = loudness(tmp_path / "mixed.mp4")
    assert measured.integrated == pytest.approx(-16, abs=0.5)
    assert measured.true_peak <= -1.5
    assert not list(tmp_path.glob(".*"))


def test_picture_captions_chapters_and_lips_stay_as_they_were(tmp_path: Path, episode: Path) -> None:
    # when music is laid under an episode
    music = write_sound(tmp_path / "music.ogg", chord(9))
    lay_music_under(episode, music, tmp_path / "mixed.mp4")
    # then all but the sound is the same, to the bit and to the tick
    assert_gapless(tmp_path / "mixed.mp4")
    assert copied_packets(tmp_path / "mixed.mp4") == copied_packets(episode)
    with av.open(str(episode)) as before, av.open(str(tmp_path / "mixed.mp4")) as after:
        assert after.chapters() == before.chapters()
        assert after.metadata == before.metadata
        assert after.streams.audio[0].metadata["language"] == "eng"
        assert after.streams.audio[0].layout.name == "stereo"
        assert after.duration == before.duration
    # and speech comes at the very sample at which it came
    plain, mixed = decoded_sound(episode, 48_000), decoded_sound(tmp_path / "mixed.mp4", 48_000)
    assert delay_samples(mixed, plain) == 0


def test_music_is_heard_alone_and_goes_down_under_speech(tmp_path: Path, episode: Path) -> None:
    # given music that has a tone which speech has not
    music = write_sound(tmp_path / "music.wav", tone(12.5, 0.25))
    # when it is laid under
    lay_music_under(episode, music, tmp_path / "mixed.mp4")
    # then it is 10 dB quieter under speech than alone, and fades in and out
    sound = decoded_sound(tmp_path / "mixed.mp4", 48_000)
    times = np.arange(len(sound)) / 48_000
    carrier = np.exp(-2j * np.pi * 440 * times)

    def level(start: float, end: float) -> float:
        span = slice(round(start * 48_000), round(end * 48_000))
        return float(20 * np.log10(abs((sound[span] * carrier[span] * np.hanning(span.stop - span.start)).mean())))

    alone = level(15, 16)
    assert level(6, 7) - alone == pytest.approx(UNDER_SPEECH_LUFS - ALONE_LUFS, abs=2.5)
    assert level(1.2, 2.2) - alone == pytest.approx(0, abs=0.5)
    assert np.abs(sound[:200]).max() < 0.01
    assert np.abs(sound[-200:]).max() < 0.01


def test_what_is_no_music_is_refused(tmp_path: Path, episode: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("no music")
    for music, reason in (
        (write_sound(tmp_path / "short.wav", chord(1)), "too short for music: 1.0 s"),
        (write_sound(tmp_path / "silent.wav", tone(9, 0)), "holds no music"),
        (text, "not a sound file"),
    ):
        with pytest.raises(MediaRefused, match=reason):
            lay_music_under(episode, music, tmp_path / "mixed.mp4")
        assert not (tmp_path / "mixed.mp4").exists()


def test_repeated_music_has_no_gap(tmp_path: Path) -> None:
    # given music of 5 s that is needed for 23 s
    music = write_sound(tmp_path / "music.wav", tone(5, 0.5))
    seconds = measure_music(music).seconds
    bed = np.concatenate(list(music_bed(music, seconds, 23 * 48_000)), axis=1)
    # then it is as long as it is needed, and nowhere quieter than a crossfade of equal power makes a tone
    assert bed.shape == (2, 23 * 48_000)
    inner = bed[0, 48_000:-144_000]
    levels = np.sqrt(np.square(inner[: len(inner) // 4800 * 4800].reshape(-1, 4800)).mean(axis=1))
    assert levels.min() > 0.1 * levels.max()
    assert np.abs(np.diff(inner)).max() < 0.1


@given(
    spans=st.lists(st.tuples(st.floats(0.02, 20), st.floats(0.02, 20)), max_size=20),
    music_lufs=st.floats(-50, -5),
)
def test_music_is_down_whenever_somebody_speaks(spans: list[tuple[float, float]], music_lufs: float) -> None:
    # given speech and pauses in turn
    speech_times, at = [], 0.0
    for pause, length in spans:
        speech_times.append((at + pause, at + pause + length))
        at += pause + length
    # when the volume is drawn
    curve = ducked_volume(speech_times, music_lufs)
    # then time goes forward, and the music is quiet while somebody speaks, and in between no louder than alone
    assert (np.diff(curve.times) >= 0).all()
    assert curve.decibels.max() <= ALONE_LUFS - music_lufs + 1e-9
    for start, end in speech_times:
        inside = np.interp(np.linspace(start, end, 20), curve.times, curve.decibels)
        assert inside.max() <= UNDER_SPEECH_LUFS - music_lufs + 1e-6


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_speech_is_found_however_the_sound_is_divided(lengths: list[int]) -> None:
    # given sound with two loud places
    sound = np.zeros(sum(lengths) + 48_000, np.float32)
    sound[9600:19_200] = 0.1
    sound[28_800:38_400] = 0.1
    blocks = np.split(sound, np.cumsum(lengths))
    # then they are found, to 20 ms
    assert speech_spans(blocks, 48_000) == [(0.2, 0.4), (0.6, 0.8)]


def test_peaks_are_held_down_over_the_borders_of_blocks_and_both_channels_alike() -> None:
    # given stereo sound that is far too loud around a border of blocks, and quiet elsewhere
    random = np.random.default_rng(1)
    sound = (0.05 * random.standard_normal((2, 3 * 48_000))).astype(np.float32)
    sound[0, 47_000:49_000] *= 30
    # when its peaks are limited, block by block
    limited = np.concatenate(list(_limited(iter(np.split(sound, 3, axis=1)), 0.75)), axis=1)
    # then none is over the ceiling, what is far from them is as it was, and left and right keep their balance
    assert limited.shape == sound.shape
    assert max(true_peaks(limited[0]).max(), true_peaks(limited[1]).max()) <= 0.75 * 1.02
    assert np.array_equal(limited[:, :40_000], sound[:, :40_000])
    assert np.array_equal(limited[:, 56_000:], sound[:, 56_000:])
    assert np.allclose(limited[0] * sound[1], limited[1] * sound[0], atol=1e-4)
