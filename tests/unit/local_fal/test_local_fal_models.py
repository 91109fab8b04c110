"""What models accept, what they cost, and how large their pictures are."""

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from local.fal.generation import ENDPOINTS
from local.fal.model_inputs import ImageSize, KontextMultiInput, StylePreset
from local.fal.picture_sizes import hedra_size, ideogram_size, kontext_size
from local.fal.prices import PRICES
from local.simulator.errors import validation_error

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
