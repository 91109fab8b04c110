from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from shared.media.audio import Cut, probe_audio, write_part
from shared.media.errors import MediaRefused
from shared.media.house import EncoderSettings, HouseFormat, house_format, make_house_clip, make_still_clip
from shared.media.house_format import AspectRatio, Resolution
from shared.media.prefetch import prefetched
from shared.media.push_in import push_in_frames
from shared.media.sync import lag_seconds
from tests.unit.media.media_samples import (
    RATE,
    Samples,
    Video,
    decoded_luma,
    decoded_sound,
    delay_samples,
    speech,
    turned,
    write_picture,
    write_sound,
    write_video,
)

FORM = HouseFormat(320, 180)
SECONDS = 2.0

SOURCES = {
    "25 fps, own sound": Video(2.2, sound=speech(2.2)),
    "24 fps": Video(2.2, rate=24),
    "30 fps, uneven": Video(2.2, rate=30, uneven=True),
    "portrait": Video(2.2, size=(180, 320)),
    "HEVC, larger": Video(
        2.2, size=(640, 360), codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}
    ),
    "VP8": Video(
        2.2, size=(160, 90), codec="libvpx", container="webm", options={"deadline": "realtime", "cpu-used": "8"}
    ),
    "longer": Video(4.0),
    "shorter": Video(1.8),
    "one frame in five seconds": Video(2.2, rate=5),
}


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """The MP3 of two seconds of speech, as it is sent to an engine."""
    source = write_sound(tmp_path / "line.wav", speech(SECONDS))
    write_part(source, Cut(0, SECONDS), tmp_path / "part.mp3")
    return tmp_path / "part.mp3"


def packets(path: Path, kind: str) -> list[tuple[int, int, bytes]]:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [
            (packet.dts, packet.pts or 0, bytes(packet)) for packet in container.demux(stream) if packet.dts is not None
        ]


def headers(path: Path) -> tuple[bytes | None, bytes | None]:
    with av.open(str(path)) as container:
        return (
            container.streams.video[0].codec_context.extradata,
            container.streams.audio[0].codec_context.extradata,
        )


def idr_frames(path: Path) -> list[int]:
    """Return the positions of the pictures that hold an IDR slice (ITU-T H.264, table 7-1: NAL unit type 5)."""
    positions = []
    for _, pts, data in packets(path, "video"):
        offset = 0
        while offset < len(data):
            if data[offset + 4] & 0x1F == 5:
                positions.append(pts // 512)
                break
            offset += 4 + int.from_bytes(data[offset : offset + 4], "big")
    return sorted(set(positions))


@pytest.mark.parametrize("name", SOURCES)
def test_whatever_comes_in_the_house_clip_is_exact(tmp_path: Path, part: Path, name: str) -> None:
    # given a clip as some engine makes it, and a house clip of something else
    source = write_video(tmp_path / "clip.bin", SOURCES[name])
    other = tmp_path / "other.mp4"
    make_still_clip(write_picture(tmp_path / "still.png"), part, other, FORM)
    # when it is brought to the house format
    target = tmp_path / "house.mp4"
    facts = make_house_clip(source, part, target, FORM)
    # then it lasts as long as the part, on the grid of 8 frames
    assert facts.seconds == pytest.approx(probe_audio(part).seconds)
    assert facts.frames == 56
    # and holds exactly the packets of that length, in even steps
    picture, sound = packets(target, "video"), packets(target, "audio")
    assert len(picture) == 56
    assert len(sound) == 56 * 15 // 8
    assert {after - before for before, after in pairwise(sorted(pts for _, pts, _ in picture))} == {512}
    assert {after - before for before, after in pairwise(dts for dts, _, _ in sound)} == {1024}
    # and can be entered near both ends, and joined with the other
    assert idr_frames(target) == [0, 12, 56 - 12]
    assert headers(target) == headers(other)
    # and decodes, whole, to the size of the format
    assert decoded_luma(target).shape == (56, FORM.height, FORM.width)


@pytest.mark.parametrize(
    ("preset", "search"),
    [("veryfast", b"analyse=0x3:0x3 me=dia"), ("faster", b"analyse=0x3:0x113 me=hex")],
)
def test_only_our_own_preset_searches_less_for_motion(tmp_path: Path, part: Path, preset: str, search: bytes) -> None:
    # given a preset
    source = write_video(tmp_path / "clip.mp4", Video(2.2, speech(2.2)))
    # when
    make_house_clip(source, part, tmp_path / "house.mp4", FORM, EncoderSettings(preset=preset))
    # then x264 notes in the clip that it searched so
    assert search in (tmp_path / "house.mp4").read_bytes()


@pytest.mark.parametrize("suffix", ["mp3", "wav", "m4a", "flac", "ogg"])
def test_the_sound_is_the_recording_in_time_and_ends_in_silence(tmp_path: Path, suffix: str) -> None:
    # given a recording that sounds up to its end, on the grid by chance
    voice = speech(1.92)
    recording = write_sound(tmp_path / f"line.{suffix}", voice)
    source = write_video(tmp_path / "clip.mp4", Video(2.2))
    # when
    facts = make_house_clip(source, recording, tmp_path / "house.mp4", FORM)
    # then there is one more step of the grid, to hold the silent tail
    assert facts.frames == 56
    # and the sound keeps time within a millisecond
    sound = decoded_sound(tmp_path / "house.mp4", RATE)
    assert abs(delay_samples(sound, voice)) <= RATE // 1000
    assert np.abs(sound[-941:]).max() < 2e-4


def test_quiet_and_loud_recordings_come_out_alike_without_clipping(tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.mp4", Video(3.2))
    for name, level in (("quiet", 0.05), ("loud", 1.6)):
        # given one recording far too quiet, and one that peaks near full scale
        recording = write_sound(tmp_path / f"{name}.wav", speech(3) * level)
        # when
        make_house_clip(source, recording, tmp_path / f"{name}.mp4", FORM)
        # then both are near -16 LUFS, and the encoded peaks stay under -1.5 dBFS
        facts = probe_audio(tmp_path / f"{name}.mp4")
        assert facts.loudness_lufs == pytest.approx(-16, abs=1)
        assert facts.peak_dbfs < -1.5


def test_the_picture_is_upright_whole_and_not_stretched(tmp_path: Path, part: Path) -> None:
    # given a clip that a phone filmed on its side: 320x180, to be shown as 180x320, its edges white
    source = turned(write_video(tmp_path / "clip.mp4", Video(2.2, colour=(255, 255, 255))))
    # when it is fitted to 320x180
    make_house_clip(source, part, tmp_path / "house.mp4", FORM)
    # then it is 102 pixels wide (180 * 180 / 320, even) and 180 high, before a darkened copy of itself
    frame = decoded_luma(tmp_path / "house.mp4")[20]
    bright = np.flatnonzero(frame[90] > 200)
    assert (bright[0], bright[-1]) == (pytest.approx(109, abs=2), pytest.approx(210, abs=2))
    assert frame[2, 160] > 200
    assert frame[177, 160] > 200
    assert 90 < frame[90, 20] < 130


def test_a_turned_clip_is_turned_the_right_way(tmp_path: Path, part: Path) -> None:
    # given a clip to be shown turned clockwise, brighter towards its right
    source = turned(write_video(tmp_path / "clip.mp4", Video(2.2)))
    # when
    make_house_clip(source, part, tmp_path / "house.mp4", HouseFormat(180, 320))
    # then its right side is at the bottom
    frame = decoded_luma(tmp_path / "house.mp4")[20]
    assert frame[-20:, 20:-20].mean() > frame[:20, 20:-20].mean() + 20


def test_the_last_frame_is_held_and_the_clip_keeps_its_pace(tmp_path: Path, part: Path) -> None:
    # given a clip at 30 frames/s that flashes at 1.0 s and ends a third of a second before its recording
    source = write_video(tmp_path / "clip.mp4", Video(1.9, rate=30, flash=1.0))
    # when
    make_house_clip(source, part, tmp_path / "house.mp4", FORM)
    # then the flash is where it was, within a frame, and the end stands still
    frames = decoded_luma(tmp_path / "house.mp4")
    assert np.flatnonzero(frames.mean(axis=(1, 2)) > 220)[0] == pytest.approx(25, abs=1)
    assert np.abs(frames[-1] - frames[-4]).mean() < 1


@pytest.mark.parametrize(("late", "flash_frame"), [(0.0, 25), (0.03, 25), (0.12, 22)])
def test_lips_follow_the_recording_although_the_engine_was_late(
    tmp_path: Path, part: Path, late: float, flash_frame: int
) -> None:
    # given an engine whose sound, and with it the flash at 1.0 s, begins late
    source = write_video(tmp_path / "clip.mp4", Video(2.6, sound=speech(SECONDS), sound_late=late, flash=1.0))
    # when
    facts = make_house_clip(source, part, tmp_path / "house.mp4", FORM)
    # then the lag is seen and taken out of the picture
    assert facts.lag_seconds == pytest.approx(late, abs=0.002)
    frames = decoded_luma(tmp_path / "house.mp4")
    assert np.flatnonzero(frames.mean(axis=(1, 2)) > 220)[0] == pytest.approx(flash_frame, abs=1)


def test_lag_is_signed_and_unknown_between_different_sounds() -> None:
    voice = speech(3, rate=8000)
    assert lag_seconds(voice[800:], voice) == pytest.approx(-0.1)
    assert lag_seconds(np.concatenate([np.zeros(400, np.float32), voice]), voice) == pytest.approx(0.05)
    noise = np.random.default_rng(5).standard_normal(24_000).astype(np.float32)
    assert lag_seconds(noise, voice) is None
    assert lag_seconds(np.zeros(800, np.float32), voice) is None


def test_clips_that_do_not_fit_their_recording_are_refused_without_a_trace(tmp_path: Path, part: Path) -> None:
    short = write_video(tmp_path / "short.mp4", Video(1.6))
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    sound = write_sound(tmp_path / "sound.m4a", speech(2))
    before = set(tmp_path.iterdir())
    for path, reason in ((short, "too short: its picture lasts 1.6"), (text, "not a video"), (sound, "no video")):
        with pytest.raises(MediaRefused, match=reason):
            make_house_clip(path, part, tmp_path / "house.mp4", FORM)
    assert set(tmp_path.iterdir()) == before


def test_a_short_line_is_a_house_clip_too(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "yes.wav", speech(0.25))
    write_part(source, Cut(0, 0.25), tmp_path / "part.mp3")
    facts = make_house_clip(
        write_video(tmp_path / "clip.mp4", Video(0.4)), tmp_path / "part.mp3", tmp_path / "house.mp4", FORM
    )
    assert facts.frames == 8
    assert idr_frames(tmp_path / "house.mp4") == [0]
    assert len(packets(tmp_path / "house.mp4", "audio")) == 15


def test_the_push_in_is_smooth_and_steady(tmp_path: Path) -> None:
    # given a picture full of soft detail
    noise = np.random.default_rng(3).integers(0, 255, (45, 80), dtype=np.uint8)
    image = tmp_path / "still.png"
    Image.fromarray(noise).resize((640, 360), Image.Resampling.BICUBIC).save(image)
    # when two seconds of it are made
    frames = [np.asarray(f.to_ndarray(), dtype=float)[:180] for f in push_in_frames(image, FORM, 50)]
    # then every frame differs from the one before, and all by nearly as much
    steps = np.array([np.abs(after - before).mean() for before, after in pairwise(frames)])
    assert steps.min() > 0
    assert steps.std() / steps.mean() < 0.1


def test_a_still_of_almost_the_right_shape_fills_the_frame_and_others_are_shown_whole(tmp_path: Path) -> None:
    for width, height, share_seen in ((1392, 752, 1.0), (300, 300, 180 / 320)):
        # given a grey picture
        image = tmp_path / "still.png"
        Image.new("RGB", (width, height), (180, 180, 180)).save(image)
        # when, then it is as bright as it was where it is seen, and a darkened copy of it lies around, nowhere black
        first = next(iter(push_in_frames(image, FORM, 25)))
        row = np.asarray(first.to_ndarray(), dtype=np.int64)[90, :320]
        assert (row > 160).mean() == pytest.approx(share_seen, abs=0.02)
        assert row.min() > 80


def test_a_still_clip_has_the_sound_of_the_recording(tmp_path: Path, part: Path) -> None:
    facts = make_still_clip(write_picture(tmp_path / "still.png"), part, tmp_path / "still.mp4", FORM)
    assert facts.frames == 56
    voice: Samples = speech(SECONDS)
    assert abs(delay_samples(decoded_sound(tmp_path / "still.mp4", RATE), voice)) <= RATE // 1000


@pytest.mark.parametrize(
    ("aspect_ratio", "resolution", "size"),
    [
        ("16:9", "540p", (960, 540)),
        ("16:9", "1080p", (1920, 1080)),
        ("9:16", "720p", (720, 1280)),
        ("1:1", "720p", (720, 720)),
        ("4:3", "540p", (720, 540)),
        ("3:4", "1080p", (1080, 1440)),
    ],
)
def test_sizes(aspect_ratio: AspectRatio, resolution: Resolution, size: tuple[int, int]) -> None:
    form = house_format(aspect_ratio, resolution)
    assert (form.width, form.height) == size


def test_odd_sizes_are_no_house_format() -> None:
    with pytest.raises(ValueError, match="even numbers"):
        HouseFormat(321, 180)


def test_prefetching_keeps_order_passes_errors_on_and_ends_with_its_consumer() -> None:
    closed: list[bool] = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(100)
            raise MediaRefused("broke")
        finally:
            closed.append(True)

    # given a producer that fails after its last item: all items come, then the error
    failing = prefetched(numbers(), 4)
    assert [next(failing) for _ in range(100)] == list(range(100))
    with pytest.raises(MediaRefused, match="broke"):
        next(failing)
    assert closed == [True]
    # given a consumer that stops early: the producer is closed
    ahead = prefetched(numbers(), 4)
    assert next(ahead) == 0
    ahead.close()
    assert closed == [True, True]
