"""The JSON that is sent to each model, and what is refused before it is sent."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from shared.fal.models.fabric import FabricRequest
from shared.fal.models.hedra import HedraRequest
from shared.fal.models.ideogram import (
    ColorPalette,
    ColorPaletteMember,
    IdeogramRequest,
    PixelSize,
    RenderingSpeed,
    RgbColor,
    StylePreset,
    StyleType,
)
from shared.fal.models.kling import KlingRequest
from shared.fal.models.kontext import KontextRequest

IMAGE, VOICE = "https://example.com/a.png", "https://example.com/a.mp3"


def test_the_least_that_ideogram_is_sent() -> None:
    assert IdeogramRequest(prompt=" a portrait of a cat ").body() == {
        "num_images": 1,
        "sync_mode": False,
        "prompt": "a portrait of a cat",
    }


def test_ideograms_body_is_plain_json_in_a_stable_order() -> None:
    # given a request with everything that goes together
    request = IdeogramRequest(
        prompt="x",
        image_urls=(IMAGE,),
        image_size=PixelSize(width=1280, height=720),
        rendering_speed=RenderingSpeed.TURBO,
        style=StyleType.REALISTIC,
        style_preset="80S_ILLUSTRATION",
        color_palette=ColorPalette(members=(ColorPaletteMember(rgb=RgbColor(r=1, g=2, b=3)),)),
        expand_prompt=False,
        negative_prompt="y",
        seed=0,
    )
    # then its body has every input, without the ones that are not set
    body = request.body()
    assert body == {
        "image_size": {"width": 1280, "height": 720},
        "rendering_speed": "TURBO",
        "style": "REALISTIC",
        "style_preset": "80S_ILLUSTRATION",
        "color_palette": {"members": [{"rgb": {"r": 1, "g": 2, "b": 3}}]},
        "expand_prompt": False,
        "negative_prompt": "y",
        "seed": 0,
        "num_images": 1,
        "sync_mode": False,
        "prompt": "x",
        "image_urls": [IMAGE],
    }
    assert list(IdeogramRequest.model_validate(dict(reversed(body.items()))).body()) == list(body)


def test_there_are_62_style_presets() -> None:
    assert len(set(get_args(StylePreset))) == 62


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"style": "AUTO", "style_codes": ["0123abCD"]}, "style_codes cannot be used together with style:"),
        (
            {"image_urls": [IMAGE], "style_codes": ["0123abCD"]},
            "style_codes cannot be used together with style references",
        ),
        ({"style_codes": ["0123abCG"]}, "must be 8 hexadecimal digits"),
        ({"style_codes": []}, "at least 1 item"),
        ({"style_preset": "WATERCOLOUR"}, "WATERCOLOR"),
        ({"color_palette": {}}, "either a `name` or a list of `members`"),
        (
            {"color_palette": {"name": "EMBER", "members": [{"rgb": {"r": 0, "g": 0, "b": 0}}]}},
            "either a `name` or a list of `members`",
        ),
        ({"color_palette": {"members": [{"rgb": {"r": 256, "g": 0, "b": 0}}]}}, "less than or equal to 255"),
        ({"image_size": "landscape_21_9"}, "landscape_16_9"),
        ({"image_size": {"width": 100}}, "Field required"),
        ({"rendering_speed": "FAST"}, "TURBO"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"seed": 2**31}, "less than or equal to 2147483647"),
        (
            {"num_images": 2},
            "only one image can be used, and each one is paid for; for another variant raise the `take`",
        ),
        ({"num_images": 0}, "num_images must be 1"),
        ({"sync_mode": True}, "sync_mode must be false"),
        ({"aspect_ratio": "16:9"}, "Extra inputs are not permitted"),
        ({"prompt": "  "}, "at least 1 character"),
    ],
)
def test_ideogram_refuses(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        IdeogramRequest.model_validate({"prompt": "x"} | inputs)
    assert message in str(caught.value)


def test_kontexts_body() -> None:
    request = KontextRequest(prompt="x", image_urls=(IMAGE, IMAGE), guidance_scale=3.5, aspect_ratio="16:9")
    assert request.body() == {
        "aspect_ratio": "16:9",
        "guidance_scale": 3.5,
        "num_images": 1,
        "sync_mode": False,
        "prompt": "x",
        "image_urls": [IMAGE, IMAGE],
    }


@pytest.mark.parametrize("ratio", ["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"])
def test_kontext_takes_its_aspect_ratios(ratio: str) -> None:
    body = KontextRequest.model_validate({"prompt": "x", "image_urls": [IMAGE], "aspect_ratio": ratio}).body()
    assert body["aspect_ratio"] == ratio


@pytest.mark.parametrize(
    "inputs",
    [
        {"aspect_ratio": "16_9"},
        {"aspect_ratio": "landscape_16_9"},
        {"guidance_scale": 0.9},
        {"guidance_scale": 20.1},
        {"num_images": 4},
        {"safety_tolerance": "7"},
        {"safety_tolerance": 2},
        {"output_format": "webp"},
        {"image_urls": []},
        {"image_url": IMAGE},
    ],
)
def test_kontext_refuses(inputs: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KontextRequest.model_validate({"prompt": "x", "image_urls": [IMAGE]} | inputs)


def test_the_bodies_of_talking_engines() -> None:
    files = {"image_url": IMAGE, "audio_url": VOICE}
    assert HedraRequest.model_validate(files).body() == files
    assert HedraRequest.model_validate(files | {"aspect_ratio": "9:16", "resolution": "540p", "seed": 3}).body() == (
        {"aspect_ratio": "9:16", "resolution": "540p", "seed": 3} | files
    )
    assert FabricRequest.model_validate(files | {"resolution": "480p"}).body() == files | {"resolution": "480p"}
    assert KlingRequest.model_validate(files | {"prompt": "calm"}).body() == files | {"prompt": "calm"}


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (HedraRequest, {"resolution": "480p"}),
        (HedraRequest, {"aspect_ratio": "21:9"}),
        (HedraRequest, {"audio_url": ""}),
        (FabricRequest, {}),
        (FabricRequest, {"resolution": "1080p"}),
        (KlingRequest, {"aspect_ratio": "16:9"}),
    ],
)
def test_talking_engines_refuse(model: type[HedraRequest], inputs: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate({"image_url": IMAGE, "audio_url": VOICE} | inputs)
