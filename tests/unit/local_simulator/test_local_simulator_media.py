"""How large what models make is, and what inputs are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.input_files import _decode_data_uri
from local.simulator.media import audio_seconds, image_size
from local.simulator.picture_sizes import clip_size, nano_banana_size, size_in_shape
from tests.integration.local_simulator.harness import audio_file, image_file

SIDES = st.integers(16, 8000)
RATIOS = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]


@given(width=SIDES, height=SIDES, resolution=st.sampled_from(["480p", "540p", "720p", "1080p"]))
def test_picture_in_a_shape_is_even_and_as_high_as_asked_for(width: int, height: int, resolution: str) -> None:
    made = size_in_shape((width, height), resolution)
    assert min(made) == int(resolution.removesuffix("p"))
    assert made[0] % 2 == made[1] % 2 == 0
    # The proportions are kept to a pixel of the longer side.
    assert abs(max(made) - max(width, height) * min(made) / min(width, height)) <= 1


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("resolution", "scale"), [("512", 0.5), ("1K", 1), ("2K", 2), ("4K", 4)])
def test_pictures_have_the_shape_asked_for_and_about_a_megapixel_at_1k(
    ratio: str, resolution: str, scale: float
) -> None:
    width, height = nano_banana_size(ratio, resolution, (10, 10))
    across, down = (int(side) for side in ratio.split(":"))
    assert width / height == pytest.approx(across / down, rel=0.03)
    assert width * height == pytest.approx(scale**2 * 1024**2, rel=0.05)


def test_picture_without_a_ratio_follows_the_first_image() -> None:
    assert nano_banana_size("match_input_image", "1K", (1920, 1080)) == (1376, 768)
    assert nano_banana_size("adaptive", "1K", (700, 1300)) == (768, 1376)
    assert nano_banana_size("match_input_image", "1K", None) == (1024, 1024)


def test_clips_have_even_sides_and_the_lines_asked_for() -> None:
    assert clip_size("16:9", "720p") == (1280, 720)
    assert clip_size("9:16", "540p") == (540, 960)
    assert clip_size("21:9", "480p") == (1120, 480)


@pytest.mark.parametrize(
    ("uri", "content"),
    [
        ("data:image/png;base64,aGk=", b"hi"),
        ("data:,a%20b", b"a b"),
        ("data:;base64,***", None),
        ("data:image/png;base64", None),
    ],
)
def test_data_uris(uri: str, content: bytes | None) -> None:
    assert _decode_data_uri(uri) == content


@given(tenths=st.integers(1, 50))
def test_audio_is_measured_to_the_sample(tenths: int) -> None:
    assert audio_seconds(audio_file(tenths / 10)) == tenths / 10


def test_broken_media_are_recognised() -> None:
    assert image_size(image_file((30, 20))) == (30, 20)
    for broken in (b"", b"words", image_file()[:-40]):
        with pytest.raises(ValueError, match="not a readable image"):
            image_size(broken)
    for silent in (b"", b"words", image_file(), audio_file(0)):
        with pytest.raises(ValueError, match=r"not readable audio|no sound"):
            audio_seconds(silent)
