"""The models of the simulated Replicate and Hedra: sizes, prices, inputs, and signatures."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from local.hedra import models as hedra
from local.replicate import models as replicate
from local.replicate.callbacks import sign
from local.vendors.picture_sizes import clip_size, nano_banana_size

RATIOS = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]


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


def test_every_model_has_a_price_for_its_usual_inputs() -> None:
    for model in [*replicate.MODELS.values(), *hedra.MODELS.values()]:
        assert 0 < model.price.of_usual() < 1
        varies_by = model.price.varies_by
        if varies_by is not None:
            allowed = model.input_model.model_json_schema()["properties"][varies_by]["enum"]
            assert set(model.price.usd) == set(allowed)


def test_model_is_found_by_name_and_version_only() -> None:
    for model in replicate.MODELS:
        version = replicate.version_of(model)
        assert replicate.model_named(model) == model
        assert replicate.model_named(f"{model}:{version}") == model
        assert replicate.model_named(version) == model
        assert replicate.model_named(f"{model}:{version[:-1]}") is None
    assert replicate.model_named("") is None


def test_hedra_takes_nothing_unknown_and_replicate_ignores_it() -> None:
    picture = {"prompt": "x", "aspect_ratio": "1:1", "resolution": "1K"}
    hedra.NanoBananaInput.model_validate(picture)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        hedra.NanoBananaInput.model_validate({**picture, "speed": 1})
    assert replicate.MODELS["google/nano-banana-2"].unknown_inputs({"prompt": "x", "speed": 1}) == ("speed",)


@pytest.mark.parametrize("prompt", ["", " ", "\t\n", "\x1c"])
def test_blank_prompts_are_refused_by_hedra(prompt: str) -> None:
    with pytest.raises(ValidationError):
        hedra.NanoBananaInput.model_validate({"prompt": prompt, "aspect_ratio": "1:1", "resolution": "1K"})


def test_media_are_found_wherever_they_stand() -> None:
    file, asset = {"source": "url", "url": "u"}, {"source": "asset", "asset_id": "a"}
    inputs = hedra.HedraAvatarInput.model_validate(
        {"prompt": "x", "aspect_ratio": "1:1", "resolution": "720p", "start_image": file, "audio": [asset, file]}
    )
    found = [(field, media.address) for field, media in hedra.media_of(inputs)]
    assert found == [("start_image", "u"), ("audio[0]", "asset:a"), ("audio[1]", "u")]


@given(key=st.binary(min_size=1, max_size=64), body=st.text(max_size=100), timestamp=st.integers(0, 2**33))
def test_signature_is_that_of_the_specification(key: bytes, body: str, timestamp: int) -> None:
    secret = f"whsec_{base64.b64encode(key).decode()}"
    moment = datetime.fromtimestamp(timestamp, UTC)
    assert sign(secret, "msg_1", str(timestamp), body.encode()) == Webhook(secret).sign("msg_1", moment, body)
