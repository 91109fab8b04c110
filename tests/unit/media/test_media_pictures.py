import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter

from shared.media.clips import ClipLimits, probe_clip
from shared.media.errors import MediaRefused
from shared.media.house import make_card_clip, make_house_clip
from shared.media.house_format import VIDEO_TIMESCALE, HouseFormat
from shared.media.images import ImageFacts, ImageLimits, probe_image
from shared.media.join import Segment, join_house_clips
from shared.media.poster import write_poster
from tests.unit.media.media_samples import Video, first_half, portrait, speech, turned, write_sound, write_video


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_pictures_are_decoded_and_measured(image_format: str) -> None:
    data = encoded(Image.fromarray(portrait(320, 180)), image_format)
    assert probe_image(data) == ImageFacts(image_format, 320, 180)


def test_the_size_of_a_photo_is_the_one_seen() -> None:
    # given a photo that the camera marked as turned by a quarter
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.fromarray(portrait(320, 180)), "JPEG", exif=exif)
    # when, then
    assert probe_image(data) == ImageFacts("JPEG", 180, 320)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"not a picture at all", "it looks like text"),
        (b"GIF89a" + bytes(200), "it looks like a GIF picture"),
        (encoded(Image.new("RGB", (100, 100)), "TIFF"), "is not a picture that can be read"),
        (encoded(Image.new("RGB", (20, 200)), "PNG"), "is too small: 20 x 200"),
        (encoded(Image.fromarray(portrait(320, 180)), "PNG")[:900], "is a damaged picture"),
        (encoded(Image.fromarray(portrait(320, 180)), "JPEG")[:2000], "is a damaged picture"),
        (encoded(Image.new("1", (7000, 7000)), "PNG"), "too many pixels: 7000 x 7000"),
        (encoded(Image.new("1", (20000, 20000)), "PNG"), "too many pixels"),
        (
            encoded(Image.new("L", (90, 90)), "PNG", save_all=True, append_images=[Image.new("L", (90, 90), 9)]),
            "animated",
        ),
    ],
)
def test_other_pictures_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(MediaRefused, match=reason):
        probe_image(data)


def test_a_picture_over_the_limit_of_bytes_is_refused() -> None:
    data = encoded(Image.fromarray(portrait(320, 180)), "PNG")
    with pytest.raises(MediaRefused, match="too large"):
        probe_image(data, limits=ImageLimits(max_bytes=len(data) - 1))


@pytest.mark.parametrize(
    ("video", "codec"),
    [
        (Video(1.2, rate=30), "h264"),
        (
            Video(1.2, rate=24, codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}),
            "hevc",
        ),
        (
            Video(
                1.2, size=(96, 64), codec="libvpx", container="webm", options={"deadline": "realtime", "cpu-used": "8"}
            ),
            "vp8",
        ),
    ],
)
def test_clips_are_decoded_and_measured(tmp_path: Path, video: Video, codec: str) -> None:
    facts = probe_clip(write_video(tmp_path / "clip", video))
    assert (facts.width, facts.height, facts.codec, facts.has_audio) == (*video.size, codec, False)
    assert facts.fps == pytest.approx(video.rate, abs=0.1)
    assert facts.seconds == pytest.approx(1.2, abs=0.05)


def test_a_turned_clip_is_measured_upright_and_its_sound_is_noticed(tmp_path: Path) -> None:
    facts = probe_clip(turned(write_video(tmp_path / "clip.mp4", Video(0.6, sound=speech(0.6)))))
    assert (facts.width, facts.height, facts.has_audio) == (180, 320, True)


def test_clips_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    sound = write_sound(tmp_path / "sound.m4a", speech(1))
    whole = write_video(tmp_path / "whole.mp4", Video(1))
    cut = first_half(write_video(tmp_path / "cut.mp4", Video(1)))
    cut_webm = first_half(
        write_video(
            tmp_path / "cut.webm",
            Video(2, size=(96, 64), codec="libvpx", container="webm", options={"deadline": "realtime"}),
        )
    )
    for path, limits, reason in (
        (text, ClipLimits(), "is not a video that can be read .* it looks like text"),
        (sound, ClipLimits(), "holds no video"),
        (cut, ClipLimits(), "damaged or incomplete"),
        (cut_webm, ClipLimits(), "cut off"),
        (whole, ClipLimits(max_pixels=320 * 179), "320 x 180 pixels"),
        (whole, ClipLimits(max_seconds=0.5), "is too long: 1 s"),
        (whole, ClipLimits(deadline_seconds=0), "could not be read"),
    ):
        with pytest.raises(MediaRefused, match=reason):
            probe_clip(path, limits=limits)


def test_the_poster_is_a_frame_that_is_not_black(tmp_path: Path) -> None:
    # given a video that starts and ends in black
    path = tmp_path / "video.mp4"
    pictures = [Video(1, colour=(0, 0, 0)), Video(1), Video(1, colour=(0, 0, 0))]
    recording = write_sound(tmp_path / "line.wav", speech(0.9))
    clips, frames = [], 0
    for number, video in enumerate(pictures):
        source = write_video(tmp_path / f"source{number}.mp4", video)
        clips.append(tmp_path / f"house{number}.mp4")
        frames += make_house_clip(source, recording, clips[-1], HouseFormat(320, 180)).frames
    join_house_clips(map(Segment, clips), path, frames=frames, title="Poster")
    # when
    write_poster(path, tmp_path / "poster.jpg")
    # then it is the picture in between, in its colours
    facts = probe_image((tmp_path / "poster.jpg").read_bytes())
    assert facts == ImageFacts("JPEG", 320, 180)
    with Image.open(tmp_path / "poster.jpg") as poster:
        difference = np.abs(np.asarray(poster, dtype=float) - portrait(320, 180))
    assert difference.mean() < 4


def test_the_poster_is_the_sharpest_of_the_places_that_are_asked_for(tmp_path: Path) -> None:
    # given a blurred part, a sharp one, and a bright card with fine letters, which is sharper than both
    path = episode_of_pictures(tmp_path)
    # when places in the two parts are asked for
    write_poster(path, tmp_path / "poster.jpg", times=[0.9, 1.9])
    # then it is the sharp part
    with Image.open(tmp_path / "poster.jpg") as poster:
        difference = np.abs(np.asarray(poster, dtype=float) - portrait(320, 180))
    assert difference.mean() < 4


def test_places_after_the_end_are_no_reason_to_have_no_poster(tmp_path: Path) -> None:
    write_poster(episode_of_pictures(tmp_path), tmp_path / "poster.jpg", times=[99.0])
    assert probe_image((tmp_path / "poster.jpg").read_bytes()) == ImageFacts("JPEG", 320, 180)


def test_a_poster_takes_no_longer_for_many_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given an episode of four hundred parts, in three cards
    looked_at: list[float] = []

    def merit(frame: av.VideoFrame) -> tuple[bool, float]:
        assert frame.pts is not None
        looked_at.append(frame.pts / VIDEO_TIMESCALE)
        return True, 0.0

    monkeypatch.setattr("shared.media.poster._merit", merit)
    middles = [2.88 * (part + 0.5) / 400 for part in range(400)]
    write_poster(episode_of_pictures(tmp_path), tmp_path / "poster.jpg", times=middles)
    # then nine places are looked at, from all over it
    assert len(looked_at) == 9
    assert {int(time / 0.96) for time in looked_at} == {0, 1, 2}


def episode_of_pictures(folder: Path) -> Path:
    """Write an episode of three cards of 0.96 s: a blurred portrait, the portrait, and stripes."""
    sharp = Image.fromarray(portrait(320, 180))
    stripes = Image.fromarray(np.tile(np.array([[[20] * 3, [235] * 3]], np.uint8), (180, 160, 1)))
    clips = []
    for number, picture in enumerate([sharp.filter(ImageFilter.GaussianBlur(8)), sharp, stripes]):
        picture.save(folder / f"{number}.png")
        clips.append(folder / f"{number}.mp4")
        make_card_clip(folder / f"{number}.png", 0.96, clips[-1], HouseFormat(320, 180))
    join_house_clips(map(Segment, clips), folder / "cards.mp4", frames=72, title="Cards")
    return folder / "cards.mp4"
