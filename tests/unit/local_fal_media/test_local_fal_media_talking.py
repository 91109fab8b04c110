import io
import math

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from local.fal_media.studio import draw_background, draw_composite, draw_portrait, film_talking_head
from local.fal_media.tags import read_mark, read_tag
from local.fal_media.talking import plan_looks
from local.fal_media.voice import decode_mono, mouth_openness
from tests.unit.local_fal_media.fal_media_samples import RATE, filmed, frames, letterboxed, sound_file, syllables

SIZE = (640, 360)


@pytest.fixture(scope="module")
def composite() -> bytes:
    inputs = [draw_portrait("young woman", seed=1, size=SIZE), draw_background("library", seed=1, size=SIZE)]
    return draw_composite(inputs, "", seed=1, size=SIZE, output_format="jpeg")


def length(video: bytes, kind: str) -> float:
    with av.open(io.BytesIO(video)) as container:
        stream = container.streams.video[0] if kind == "video" else container.streams.audio[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        return float(stream.duration * stream.time_base)


@pytest.mark.parametrize("seconds", [0.03, 1.0, 2.49, 3.217])
def test_a_clip_is_as_long_as_its_audio(composite: bytes, seconds: float) -> None:
    # when
    clip = film_talking_head(composite, sound_file(syllables(seconds)), size=SIZE, seed=1)
    # then
    assert len(frames(clip)) == math.ceil(int(seconds * RATE) * 25 / RATE)
    assert length(clip, "video") == pytest.approx(seconds, abs=0.04)
    assert length(clip, "audio") == pytest.approx(seconds, abs=0.04)


@pytest.mark.parametrize(
    ("codec", "container_format"),
    [("libmp3lame", "mp3"), ("pcm_s16le", "wav"), ("aac", "ipod"), ("flac", "flac"), ("libopus", "ogg")],
)
def test_every_kind_of_recording_is_spoken(composite: bytes, codec: str, container_format: str) -> None:
    # given
    spoken = syllables(1.6)
    # when
    clip = film_talking_head(composite, sound_file(spoken, codec, container_format), size=SIZE, seed=1)
    # then: the clip's own sound is the recording's (loudness in steps of 0.1 s)
    heard = decode_mono(clip)
    steps = [np.sqrt((sound[: 15 * 4410].reshape(-1, 4410) ** 2).mean(1)) for sound in (spoken, heard)]
    assert np.corrcoef(steps)[0, 1] > 0.97


def test_the_mouth_follows_the_loudness(composite: bytes) -> None:
    # given
    samples = syllables(6.4)
    clip = film_talking_head(composite, sound_file(samples), size=SIZE, seed=1)
    mark = read_mark(Image.open(io.BytesIO(composite)).convert("RGB"))
    assert mark is not None
    mouth = mark[1]
    assert mouth is not None
    # when: how much a frame's mouth differs from the first closed one
    x, y, half = mouth.x * SIZE[0], mouth.y * SIZE[1], mouth.half_width * SIZE[0]
    box = (round(x - half), round(y - half / 2), round(x + half), round(y + 1.5 * half))
    mouths = [np.asarray(frame.crop(box), float) for frame in frames(clip)]
    loudness = np.sqrt((samples[: len(mouths) * 1764].reshape(-1, 1764) ** 2).mean(1))
    closed = mouths[int(loudness.argmin())]
    opened = np.array([np.abs(picture - closed).mean() for picture in mouths])
    # then
    assert np.corrcoef(opened, loudness)[0, 1] > 0.8
    assert opened.max() > 15


def test_every_frame_of_a_clip_carries_its_pictures_tag(composite: bytes) -> None:
    # given
    tag = read_tag(Image.open(io.BytesIO(composite)).convert("RGB"))
    # when, then
    for size in (SIZE, (360, 640), (1280, 720)):
        clip = film_talking_head(composite, sound_file(syllables(1.0)), size=size, seed=1)
        pictures = frames(clip)
        assert {picture.size for picture in pictures} == {size}
        assert {read_tag(picture) for picture in pictures} == {tag}
        assert read_tag(filmed(letterboxed(pictures[7], (1280, 720)), crf=28)) == tag


def test_a_photo_stirs_with_the_voice() -> None:
    # given
    noise = np.random.default_rng(5).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    photo = io.BytesIO()
    Image.fromarray(noise).resize((500, 700), Image.Resampling.BICUBIC).save(photo, "JPEG")
    samples = np.concatenate([np.zeros(RATE, np.float32), syllables(1.0)])
    # when
    pictures = frames(film_talking_head(photo.getvalue(), sound_file(samples), size=SIZE, seed=1))
    changes = [np.abs(np.asarray(picture, float) - np.asarray(pictures[0], float)).mean() for picture in pictures]
    # then: still in silence, without any flicker, and moving in speech
    assert max(changes[:24]) == 0
    assert max(changes[25:]) > 2


def test_the_same_request_gives_the_same_clip(composite: bytes) -> None:
    audio = sound_file(syllables(1.2))
    first, again = (film_talking_head(composite, audio, size=SIZE, seed=3) for _ in range(2))
    assert first == again


def test_unreadable_inputs_are_refused(composite: bytes) -> None:
    audio = sound_file(syllables(0.5))
    with pytest.raises(ValueError, match="picture"):
        film_talking_head(b"\x00" * 100, audio, size=SIZE, seed=1)
    for broken in (b"", b"no sound", audio[:20]):
        with pytest.raises(ValueError, match=r"sound|readable"):
            film_talking_head(composite, broken, size=SIZE, seed=1)
    with pytest.raises(ValueError, match="even"):
        film_talking_head(composite, audio, size=(641, 360), seed=1)


@given(arrays(np.float32, st.integers(0, 6000), elements=st.floats(-1, 1, width=32)))
@settings(deadline=None, max_examples=50)
def test_openness_is_bounded_and_has_a_value_for_every_frame(samples: NDArray[np.float32]) -> None:
    openness = mouth_openness(samples)
    assert len(openness) == max(1, math.ceil(len(samples) / 1764))
    assert openness.min() >= 0
    assert openness.max() <= 1


@given(st.integers(1, 2000), st.integers(0, 2**63))
@settings(deadline=None, max_examples=50)
def test_a_face_blinks_now_and_then_but_a_photo_does_not(count: int, seed: int) -> None:
    # when
    looks = plan_looks(np.linspace(0, 1, count), seed=seed, has_face=True)
    # then
    shut = [index for index, look in enumerate(looks) if look.lids == 2]
    assert bool(shut) == (count > 75) or 20 <= count <= 75
    assert len(shut) <= count / 25 + 2
    assert {look.mouth for look in looks} <= set(range(6))
    assert all(look.lids == look.head == 0 for look in plan_looks(np.ones(count), seed=seed, has_face=False))
