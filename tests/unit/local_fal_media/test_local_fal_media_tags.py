import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from local.fal_media.tags import Mouth, Tag, draw_tag, prompt_fingerprint, read_mark, read_tag
from tests.unit.local_fal_media.fal_media_samples import filmed, letterboxed, recompressed

FINGERPRINTS = st.integers(0, 2**32 - 1)
TAGS = st.builds(Tag, st.sampled_from(("portrait", "background", "composite")), FINGERPRINTS, FINGERPRINTS)
SIZES = st.sampled_from(((1280, 720), (720, 1280), (1024, 1024), (1344, 768), (832, 1216)))


def scene(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """A picture with bright and dark places, and black ones at its edges."""
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    pixels[-3:] = 0
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


@given(tag=TAGS, size=SIZES)
@settings(deadline=None, max_examples=40)
def test_a_tag_is_read_from_the_picture_and_from_its_jpeg(tag: Tag, size: tuple[int, int]) -> None:
    # given
    picture = scene(size)
    # when
    draw_tag(picture, tag)
    # then
    assert read_tag(picture) == tag
    assert read_tag(recompressed(picture, 75)) == tag


@given(tag=TAGS, size=SIZES, house=st.sampled_from(((1280, 720), (720, 1280), (960, 540), (540, 960))))
@settings(deadline=None, max_examples=20)
def test_a_tag_survives_jpeg_then_house_format_then_film(
    tag: Tag, size: tuple[int, int], house: tuple[int, int]
) -> None:
    # given
    picture = scene(size)
    draw_tag(picture, tag)
    # when
    house_picture = filmed(letterboxed(recompressed(picture, 75), house), crf=30)
    # then
    assert read_tag(house_picture) == tag


@given(
    tag=TAGS,
    mouth=st.builds(Mouth, st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 0.24)),
)
@settings(deadline=None, max_examples=40)
def test_the_mouth_is_read_back_within_a_pixel_or_two(tag: Tag, mouth: Mouth) -> None:
    # given
    picture = scene((1280, 720))
    # when
    draw_tag(picture, tag, mouth)
    mark = read_mark(recompressed(picture, 75))
    # then
    assert mark is not None
    assert mark[0] == tag
    assert mark[1] is not None
    assert mark[1].x == pytest.approx(mouth.x, abs=1 / 1000)
    assert mark[1].y == pytest.approx(mouth.y, abs=1 / 1000)
    assert mark[1].half_width == pytest.approx(mouth.half_width, abs=1 / 1000)


@given(seed=st.integers(0, 1000), size=SIZES)
@settings(deadline=None, max_examples=15)
def test_a_picture_without_a_strip_has_no_tag(seed: int, size: tuple[int, int]) -> None:
    assert read_tag(scene(size, seed)) is None


def test_a_damaged_strip_is_not_read_as_another_tag() -> None:
    # given
    picture = scene((1280, 720))
    draw_tag(picture, Tag("portrait", 123, 0))
    assert read_tag(picture) is not None
    # when
    picture.paste((244, 236, 220), (600, 0, 680, 20))
    # then
    assert read_tag(picture) is None


def test_tags_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bits"):
        draw_tag(scene((320, 180)), Tag("portrait", 1 << 32, 0))
    with pytest.raises(ValueError, match="within the picture"):
        draw_tag(scene((320, 180)), Tag("portrait", 1, 0), Mouth(1.2, 0.5, 0.1))


def test_fingerprints_are_crc32_of_the_prompt() -> None:
    # the check value of CRC-32/ISO-HDLC
    assert prompt_fingerprint("123456789") == 0xCBF43926
