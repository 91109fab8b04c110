"""What models accept, what they cost, and how large their pictures are."""

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from local.fal.errors import validation_error
from local.fal.generation import ENDPOINTS
from local.fal.input_files import _decode_data_uri
from local.fal.media import audio_seconds, image_size
from local.fal.model_inputs import ImageSize, KontextMultiInput, StylePreset
from local.fal.picture_sizes import hedra_size, ideogram_size, kontext_size, size_in_shape
from local.fal.prices import PRICES
from tests.integration.local_fal.harness import audio_file, image_file

SIDES = st.integers(16, 8000)


def test_ideogram_has_62_style_presets() -> None:
    assert len(set(get_args(StylePreset))) == 62


def test_every_endpoint_has_a_price_and_every_price_an_endpoint() -> None:
    assert PRICES.keys() == ENDPOINTS.keys()


@pytest.mark.parametrize(
    ("endpoint_id", "inputs", "usd"),
    [
        ("fal-ai/ideogram/v3", {"rendering_speed": "QUALITY"}, "0.09"),
        ("fal-ai/flux-pro/kontext/max/multi", {}, "0.08"),
        ("veed/fabric-1.0", {"resolution": "480p"}, "0.08"),
    ],
)
def test_price_depends_on_the_inputs(endpoint_id: str, inputs: dict[str, JsonValue], usd: str) -> None:
    assert PRICES[endpoint_id].of(inputs) == Decimal(usd)


def test_validation_error_is_in_the_shape_of_fal() -> None:
    with pytest.raises(ValidationError) as caught:
        KontextMultiInput.model_validate({"prompt": "x", "image_urls": ["u"], "aspect_ratio": "16_9"})
    error = validation_error(caught.value)
    assert error.status_code == 422
    assert error.error_type is None
    assert error.body == {
        "detail": [
            {
                "loc": ["body", "aspect_ratio"],
                "msg": ("Input should be '21:9', '16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16' or '9:21'"),
                "type": "one_of",
                "url": "https://docs.fal.ai/errors#one_of",
                "input": "16_9",
                "ctx": {"expected": "'21:9', '16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16' or '9:21'"},
            }
        ]
    }


@given(width=SIDES, height=SIDES, resolution=st.sampled_from(["480p", "540p", "720p", "1080p"]))
def test_picture_in_a_shape_is_even_and_as_high_as_asked_for(width: int, height: int, resolution: str) -> None:
    made = size_in_shape((width, height), resolution)
    assert min(made) == int(resolution.removesuffix("p"))
    assert made[0] % 2 == made[1] % 2 == 0
    # The proportions are kept to a pixel of the longer side.
    assert abs(max(made) - max(width, height) * min(made) / min(width, height)) <= 1


@given(width=SIDES, height=SIDES)
def test_kontext_turns_with_its_first_image(width: int, height: int) -> None:
    upright = kontext_size(None, (width, height))
    assert kontext_size(None, (height, width)) == (upright[1], upright[0])
    assert (upright[0] >= upright[1]) or width < height


def test_named_sizes() -> None:
    assert ideogram_size("landscape_16_9") == (1024, 576)
    assert ideogram_size(ImageSize(width=640, height=480)) == (640, 480)
    assert kontext_size("21:9", (1, 1)) == (1568, 672)
    assert hedra_size("4:3", "720p", (1, 1)) == (960, 720)
    assert hedra_size(None, "1080p", (1300, 2400)) == (1080, 1920)


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
