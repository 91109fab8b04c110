"""Whatever video comes, it is upright, in its colours, at its pace and never stretched; or it is refused."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st

from shared.media.audio import Cut, write_part
from shared.media.errors import MediaRefused
from shared.media.fitting import placement
from shared.media.house import HouseFormat, Position, make_card_clip, make_house_clip, make_still_clip
from shared.media.overlays import Overlay
from tests.unit.media.media_samples import (
    RATE,
    Samples,
    Video,
    decoded_luma,
    decoded_sound,
    delay_samples,
    speech,
    write_picture,
    write_sound,
    write_video,
)

FORM = HouseFormat(320, 180)
SECONDS = 2.0


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """The MP3 of two seconds of speech, as it is sent to an engine."""
    source = write_sound(tmp_path / "line.wav", speech(SECONDS))
    write_part(source, Cut(0, SECONDS), tmp_path / "part.mp3")
    return tmp_path / "part.mp3"


@dataclass(frozen=True)
class Disc:
    """2.2 s of a bright disc on grey; `shape` is its half width and half height in pixels."""

    size: tuple[int, int] = (320, 180)
    shape: tuple[float, float] = (45, 45)
    colours: str = "yuv420p"
    codec: str = "libx264"
    pixel: Fraction = Fraction(1)
    full_range: bool = False
    transfer: str = "bt709"


def write_disc(path: Path, wanted: Disc) -> Path:
    width, height = wanted.size
    down, across = np.mgrid[0:height, 0:width]
    inside = ((across - width / 2) / wanted.shape[0]) ** 2 + ((down - height / 2) / wanted.shape[1]) ** 2 < 1
    picture = np.where(inside[..., None], 220, 60).astype(np.uint8).repeat(3, axis=-1)
    shown = av.VideoFrame.from_ndarray(picture, "rgb24")
    levels = "JPEG" if wanted.full_range else "MPEG"
    options = {"preset": "ultrafast"}
    if wanted.codec == "libx265":
        options["x265-params"] = f"log-level=none:transfer={wanted.transfer}"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(wanted.codec, rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, wanted.colours
        stream.codec_context.sample_aspect_ratio = wanted.pixel
        if wanted.full_range:
            stream.codec_context.color_range = 2
        for number in range(55):
            frame = shown.reformat(
                format=wanted.colours, dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range=levels
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def disc(path: Path) -> tuple[float, float, float]:
    """Return the width and the height of the disc in a house clip, and how bright it is."""
    frame = decoded_luma(path)[20]
    bright = frame > 140
    return float(bright.any(axis=0).sum()), float(bright.any(axis=1).sum()), float(frame[90, 160])


# A disc of 220 of 255 is 16 + 220 * 219 / 255 = 205 in limited range.
DISCS = {
    "the same size": Disc(),
    "odd sides": Disc(size=(321, 181), colours="yuv444p"),
    "nearly the same shape: filled": Disc(size=(320, 192)),
    "HEVC in 10 bits": Disc(size=(640, 360), shape=(90, 90), colours="yuv420p10le", codec="libx265"),
    "full range": Disc(full_range=True),
    "anamorphic: pixels 4:3": Disc(size=(240, 180), shape=(45 * 3 / 4, 45), pixel=Fraction(4, 3)),
    "anamorphic and 4:2:2": Disc(size=(360, 180), shape=(45 * 9 / 8, 45), pixel=Fraction(8, 9), colours="yuv422p"),
}


@pytest.mark.parametrize("name", DISCS)
def test_a_disc_stays_round_and_as_bright(tmp_path: Path, part: Path, name: str) -> None:
    # given a clip of a disc that is 90 pixels wide and high where it is shown on 320x180
    source = write_disc(tmp_path / "clip.mp4", DISCS[name])
    # when
    make_house_clip(source, part, tmp_path / "house.mp4", FORM)
    # then
    width, height, brightness = disc(tmp_path / "house.mp4")
    assert width == pytest.approx(90, abs=2.1)
    assert height == pytest.approx(90, abs=2.1)
    assert brightness == pytest.approx(205, abs=3)


def test_video_in_high_dynamic_range_is_refused(tmp_path: Path, part: Path) -> None:
    hdr = Disc(colours="yuv420p10le", codec="libx265", transfer="smpte2084")
    source = write_disc(tmp_path / "clip.mp4", hdr)
    with pytest.raises(MediaRefused, match=r"is HDR video \(PQ\).* export it in standard dynamic range"):
        make_house_clip(source, part, tmp_path / "house.mp4", FORM)


@pytest.mark.parametrize("rate", [10, 24, 25, 30, 48, 50, 60])
@pytest.mark.parametrize("uneven", [False, True])
def test_every_rate_keeps_its_pace(tmp_path: Path, part: Path, rate: int, uneven: bool) -> None:
    # given a clip that flashes at 1.0 s, perhaps with every third frame left out
    source = write_video(tmp_path / "clip.mp4", Video(2.2, rate=rate, flash=1.0, uneven=uneven))
    # when
    make_house_clip(source, part, tmp_path / "house.mp4", FORM)
    # then the flash is seen at 1.0 s, within a frame of the source or of the house format
    brightness = decoded_luma(tmp_path / "house.mp4").mean(axis=(1, 2))
    assert np.flatnonzero(brightness > 220)[0] == pytest.approx(25, abs=max(1.0, 2 * 25 / rate))


@pytest.mark.parametrize("layout", ["stereo", "5.1"])
def test_a_recording_in_several_channels_is_mixed_in_time(tmp_path: Path, layout: str) -> None:
    # given a recording whose channels all hold the voice
    voice = speech(SECONDS)
    recording = write_sound(tmp_path / "line.flac", voice, layout=layout)
    clip = write_video(tmp_path / "clip.mp4", Video(2.2))
    # when
    make_house_clip(clip, recording, tmp_path / "house.mp4", FORM)
    # then
    sound = decoded_sound(tmp_path / "house.mp4", RATE)
    assert abs(delay_samples(sound, voice)) <= RATE // 1000


lengths = st.integers(16, 4000)


@given(width=lengths, height=lengths, wide=st.integers(8, 960), high=st.integers(8, 960),
       x=st.floats(0, 1), y=st.floats(0, 1), placed=st.booleans())  # fmt: skip
def test_pictures_are_placed_whole_or_cropped_and_never_stretched(
    width: int, height: int, wide: int, high: int, x: float, y: float, placed: bool
) -> None:
    # given any picture and any form
    form = HouseFormat(2 * wide, 2 * high)
    # when
    result = placement(Fraction(width), Fraction(height), form, Position(x, y) if placed else None)
    # then it keeps its shape, but for the rounding to even sides
    across, down = result.size
    scale = max(across / width, down / height)
    assert abs(across - width * scale) <= max(2, 2 * scale * width / down)
    assert abs(down - height * scale) <= max(2, 2 * scale * height / across)
    # and either fills the form, from a place inside of it, or lies within it and touches two of its sides
    if result.fills:
        assert across >= form.width
        assert down >= form.height
        assert 0 <= result.left <= across - form.width
        assert 0 <= result.top <= down - form.height
    else:
        assert not placed
        assert across <= form.width
        assert down <= form.height
        assert across >= form.width - 1 or down >= form.height - 1
    # and at most a tenth is cropped if nobody said what to look at
    if not placed and result.fills:
        assert form.width * form.height >= 0.9 * across * down - 2 * (across + down)


def test_the_crop_follows_the_position_up_to_the_edge() -> None:
    wide = Fraction(1280), Fraction(720)
    tall = HouseFormat(406, 720)
    assert placement(*wide, tall, Position(0.25, 0.5)).left in (116, 118)  # 320 - 203, even
    assert placement(*wide, tall, Position(0.0, 0.5)).left == 0
    assert placement(*wide, tall, Position(1.0, 0.5)).left == 1280 - 406


def test_a_pause_holds_the_picture_in_silence(tmp_path: Path, part: Path) -> None:
    # given a clip, and a pause of 0.7 s after its line
    source = write_video(tmp_path / "clip.mp4", Video(2.2, sound=speech(SECONDS)))
    plain = make_house_clip(source, part, tmp_path / "plain.mp4", FORM)
    # when
    facts = make_house_clip(source, part, tmp_path / "house.mp4", FORM, pause_seconds=0.7)
    # then it is two steps of 0.32 s longer, in which nothing moves and nothing sounds
    assert facts.frames == plain.frames + 16
    assert facts.gain_db == plain.gain_db
    frames = decoded_luma(tmp_path / "house.mp4")
    assert np.abs(frames[-1] - frames[plain.frames]).mean() < 1
    sound: Samples = decoded_sound(tmp_path / "house.mp4", 48_000)
    assert np.abs(sound[plain.frames * 1920 :]).max() < 2e-4
    # and a still has one as well
    image = write_picture(tmp_path / "still.png")
    assert make_still_clip(image, part, tmp_path / "still.mp4", FORM, pause_seconds=0.32).frames == plain.frames + 8


def test_overlays_come_and_go_also_on_a_held_frame(tmp_path: Path, part: Path) -> None:
    # given a clip that ends at 1.8 s, and a white square from 2.0 to 2.2 s
    source = write_video(tmp_path / "clip.mp4", Video(1.8))
    square = Overlay(np.full((40, 40, 4), 255, np.uint8), left=20, top=20, start=2.0, end=2.2)
    # when
    make_house_clip(source, part, tmp_path / "house.mp4", FORM, overlays=[square])
    # then it is seen in those frames and in no others
    corner = decoded_luma(tmp_path / "house.mp4")[:, 25:55, 25:55].mean(axis=(1, 2))
    assert np.flatnonzero(corner > 200).tolist() == list(range(50, 55))


def test_a_card_is_silent_and_stands_still(tmp_path: Path) -> None:
    # given a picture of the house format's size
    card = write_picture(tmp_path / "card.png")
    # when a card of 2 s is made of it
    facts = make_card_clip(card, 2.0, tmp_path / "card.mp4", FORM)
    # then it lasts six steps of 0.32 s, shows the picture all the time, and nothing is heard
    assert facts.seconds == pytest.approx(1.92)
    frames = decoded_luma(tmp_path / "card.mp4")
    assert np.abs(frames - frames[0]).mean(axis=(1, 2)).max() < 1.5
    assert frames[0].std() > 20
    assert np.abs(decoded_sound(tmp_path / "card.mp4", 48_000)).max() < 1e-4
