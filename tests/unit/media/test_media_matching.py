"""A clip that was bought has to speak its line: the sound is the recording's, and the picture moves with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from local.fal_media.studio import draw_portrait, film_talking_head
from shared.media.audio import Cut, write_part
from shared.media.house import ClipDoesNotMatch, HouseFormat, make_house_clip, speaker_position
from shared.media.motion import MotionMeter
from shared.media.pcm import Samples
from shared.media.sync import lag_seconds, picture_shift
from tests.unit.media.media_samples import RATE, Video, decoded_sound, speech, turned, write_sound, write_video
from tests.unit.media.moving_pictures import Picture, decoded_pictures, write_frames

SAMPLE = Path(__file__).parents[3] / "events" / "sample-episode" / "audio"
FORM = HouseFormat(320, 180)
LINE = Cut(0.0, 4.0)
SIZE = (320, 180)


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a synthesized voice, as they are sent to an engine."""
    path = tmp_path_factory.mktemp("part") / "part.mp3"
    write_part(SAMPLE / "10-tom.mp3", LINE, path)
    return path


@pytest.fixture(scope="module")
def talking(part: Path) -> Path:
    """A talking head that speaks the part."""
    clip = part.with_name("talking.mp4")
    clip.write_bytes(
        film_talking_head(draw_portrait("old man", seed=3, size=SIZE), part.read_bytes(), size=SIZE, seed=1)
    )
    return clip


def voice_at_8_khz(name: str = "10-tom.mp3") -> Samples:
    return decoded_sound(SAMPLE / name, 8000)[:32_000]


def noisy(voice: Samples, decibels: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(len(voice)).astype(np.float32)
    return np.asarray(voice + noise * np.std(voice) * 10 ** (-decibels / 20), dtype=np.float32)


def echoing(voice: Samples) -> Samples:
    tail = np.random.default_rng(2).standard_normal(2400) * np.exp(-np.arange(2400) / 500) * 0.05
    tail[0] = 1.0
    return np.convolve(voice, tail)[: len(voice)].astype(np.float32)


CHANGES: dict[str, Callable[[Samples], Samples]] = {
    "half as loud": lambda voice: voice * np.float32(0.5),
    "turned over": lambda voice: -voice,
    "clipped": lambda voice: np.clip(voice * 4, -0.5, 0.5),
    "as much noise as voice": lambda voice: noisy(voice, 0),
    "echo": echoing,
    "a narrow band": lambda voice: np.diff(voice, prepend=0).astype(np.float32),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("late", [-0.2, 0.0, 0.12, 0.4])
def test_the_lag_is_found_whatever_was_done_to_the_sound(name: str, late: float) -> None:
    # given an engine's copy of the voice, which begins late or early
    voice = voice_at_8_khz()
    changed = CHANGES[name](voice)
    sound = np.pad(changed, (round(late * 8000), 0)) if late > 0 else changed[round(-late * 8000) :]
    # when, then: it is found within half a frame
    assert lag_seconds(sound, voice) == pytest.approx(late, abs=0.02)


def test_no_two_lines_are_taken_for_each_other() -> None:
    # given all lines of the sample episode, whose speakers have several each
    voices = [voice_at_8_khz(path.name) for path in sorted(SAMPLE.iterdir())]
    # when, then: each is found in itself, and in no other
    found = [[lag_seconds(one, other) is not None for other in voices] for one in voices]
    assert np.array_equal(found, np.eye(len(voices), dtype=bool))


def test_half_of_the_words_are_not_enough() -> None:
    voice = voice_at_8_khz()
    other = voice_at_8_khz("01-mara.mp3")
    assert lag_seconds(voice[: len(voice) // 2], voice) is None
    assert lag_seconds(np.concatenate([voice[: len(voice) // 2], other[: len(voice) // 2]]), voice) is None


def test_a_steady_tone_is_where_it_is_and_not_a_beat_away() -> None:
    times = np.arange(5 * 8000) / 8000
    beat = (np.sin(2 * np.pi * 180 * times) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * times))).astype(np.float32)
    assert lag_seconds(beat, beat) == 0.0


@pytest.mark.parametrize(
    ("lag", "shift"), [(None, 0), (0.045, 0), (-0.045, 0), (0.12, 0.12), (0.13, 0.12), (-0.1, -0.08)]
)
def test_pictures_are_moved_by_whole_frames(lag: float | None, shift: float) -> None:
    assert picture_shift(lag) == pytest.approx(shift)


def test_a_clip_that_speaks_its_line_is_taken(tmp_path: Path, part: Path, talking: Path) -> None:
    # given a clip whose sound comes one packet late, which no file format declares
    facts = make_house_clip(talking, part, tmp_path / "house.mp4", FORM, must_match=True)
    assert facts.lag_seconds == pytest.approx(1024 / RATE, abs=0.002)


def test_a_clip_with_other_words_is_refused_without_a_trace(tmp_path: Path, part: Path) -> None:
    # given a clip that speaks another line of the same voice
    other = tmp_path / "other.mp3"
    write_part(SAMPLE / "02-tom.mp3", LINE, other)
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(
        film_talking_head(draw_portrait("old man", seed=3, size=SIZE), other.read_bytes(), size=SIZE, seed=1)
    )
    before = set(tmp_path.iterdir())
    # when, then
    with pytest.raises(ClipDoesNotMatch, match="its sound is missing, or is not that of the recording"):
        make_house_clip(wrong, part, tmp_path / "house.mp4", FORM, must_match=True)
    assert set(tmp_path.iterdir()) == before
    # and a person's own clip may say what it likes
    assert make_house_clip(wrong, part, tmp_path / "house.mp4", FORM).lag_seconds is None


def test_a_clip_without_sound_is_refused_if_it_was_bought(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "line.wav", speech(2))
    clip = write_video(tmp_path / "clip.mp4", Video(2.2))
    with pytest.raises(ClipDoesNotMatch, match="its sound is missing"):
        make_house_clip(clip, source, tmp_path / "house.mp4", FORM, must_match=True)
    assert make_house_clip(clip, source, tmp_path / "house.mp4", FORM).frames == 56


def test_a_frozen_picture_is_refused_without_a_trace(tmp_path: Path, part: Path) -> None:
    # given a clip with the right sound, whose picture stands still but for the encoder's noise
    voice = decoded_sound(part, RATE)
    clip = write_video(tmp_path / "clip.mp4", Video(len(voice) / RATE, sound=voice, options={"crf": "30", "g": "25"}))
    before = set(tmp_path.iterdir())
    # when, then
    with pytest.raises(ClipDoesNotMatch, match="its picture stands still"):
        make_house_clip(clip, part, tmp_path / "house.mp4", FORM, must_match=True)
    assert set(tmp_path.iterdir()) == before
    assert make_house_clip(clip, part, tmp_path / "house.mp4", FORM).lag_seconds == pytest.approx(0, abs=0.02)


def meter_of(pictures: list[Picture], path: Path) -> MotionMeter:
    meter = MotionMeter()
    for frame in write_frames(path, pictures):
        meter.add(frame)
    return meter


@pytest.mark.parametrize("grain", [0, 4, 8, 12])
def test_grain_is_no_motion_and_a_small_mouth_is(tmp_path: Path, grain: int) -> None:
    # given three seconds of a picture with film grain, as x264 leaves it, and the same with a mouth of 40 x 14 pixels
    chance = np.random.default_rng(4)
    still: list[Picture] = []
    speaking: list[Picture] = []
    for number in range(75):
        base = np.full((360, 640, 3), 90.0) + grain * chance.standard_normal((360, 640, 1))
        still.append(np.clip(base, 0, 255).astype(np.uint8))
        base[200:214, 300:340] -= 60 * abs(np.sin(number / 3))
        speaking.append(np.clip(base, 0, 255).astype(np.uint8))
    loud = np.ones(3 * 48_000, np.float32)
    # when, then
    assert meter_of(still, tmp_path / "still.mp4").is_frozen(loud)
    assert not meter_of(speaking, tmp_path / "speaking.mp4").is_frozen(loud)


def test_standing_still_in_a_pause_is_no_freeze(tmp_path: Path) -> None:
    # given a mouth that moves for the first third only
    pictures = [np.full((360, 640, 3), 90, np.uint8) for _ in range(75)]
    for number in range(25):
        pictures[number][200:214, 300:340] = 90 - round(60 * abs(np.sin(number / 3)))
    meter = meter_of(pictures, tmp_path / "clip.mp4")
    spoken, silent = np.full(48_000, 0.3, np.float32), np.zeros(96_000, np.float32)
    # when, then: it is no freeze if only then somebody speaks, and one if nearly all speech comes later
    assert not meter.is_frozen(np.concatenate([spoken, silent]))
    assert meter.is_frozen(np.concatenate([np.zeros(48_000, np.float32), np.full(96_000, 0.3, np.float32)]))


@pytest.mark.parametrize("left", [0, 160, 460])
def test_the_speaker_is_found_wherever_in_the_picture(tmp_path: Path, talking: Path, left: int) -> None:
    # given a talking head, 180 pixels wide, somewhere in a picture of 640 x 360
    frames = [Image.fromarray(frame).crop((70, 0, 250, 180)) for frame in decoded_pictures(talking)]
    backdrop = Image.new("RGB", (640, 360), (70, 90, 110))
    pictures = []
    for frame in frames:
        picture = backdrop.copy()
        picture.paste(frame, (left, 90))
        pictures.append(np.asarray(picture))
    clip = tmp_path / "clip.mp4"
    write_frames(clip, pictures)
    # when
    position = speaker_position(clip)
    # then the place is its mouth, which is in the middle, below its face's
    assert position.x == pytest.approx((left + 90) / 640, abs=0.03)
    assert 0.45 < position.y < 0.7


def test_nobody_moves_and_the_middle_is_looked_at(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", Video(1.0))
    assert speaker_position(clip) == (0.5, 0.5)


def test_a_speaker_in_a_turned_clip_is_where_people_see_him(tmp_path: Path) -> None:
    # given a clip to be shown turned clockwise, in which something moves at the left: it is seen at the top
    pictures = [np.full((180, 320, 3), 90, np.uint8) for _ in range(25)]
    for number, picture in enumerate(pictures):
        picture[80:100, 20:50] = 90 + 60 * (number // 3 % 2)
    clip = tmp_path / "clip.mp4"
    write_frames(clip, pictures)
    # when
    position = speaker_position(turned(clip))
    # then
    assert position.x == pytest.approx(0.5, abs=0.05)
    assert position.y == pytest.approx(35 / 320, abs=0.05)
