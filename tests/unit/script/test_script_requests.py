"""What a script asks of the models."""

from typing import Any

import pytest

from shared.fal.models.kontext import KontextOptions
from shared.script.models import Script
from shared.script.options import merged
from shared.script.requests import (
    background_request,
    composite_request,
    fabric_request,
    hedra_request,
    kling_request,
    portrait_request,
)
from tests.unit.script.script_examples import FULL, MINIMAL, Location, changed, parsed


def bodies(script_values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return bodies_of(parsed(script_values))


def bodies_of(script: Script) -> dict[str, dict[str, Any]]:
    """Return the body of every request that the first line leads to."""
    scene = script.scenes[0]
    line = scene.lines[0]
    character = script.character(line.character)
    return {
        "portrait": portrait_request(script, character, style_references=character.style_references).body(),
        "background": background_request(script, scene).body(),
        "composite": composite_request(script, scene, line, portrait="p", background="b").body(),
        "hedra": hedra_request(script, scene, line, image="c", audio="a").body(),
        "fabric": fabric_request(script, image="c", audio="a").body(),
        "kling": kling_request(image="c", audio="a").body(),
    }


def test_a_minimal_script_is_sent_with_its_style_size_and_speed() -> None:
    sent = bodies(MINIMAL)

    assert "portrait of young tech entrepreneur" in sent["portrait"].pop("prompt")
    assert "cartoon" in sent["portrait"].pop("negative_prompt")
    assert sent["portrait"] == {
        "image_size": "landscape_16_9",
        "rendering_speed": "BALANCED",
        "style": "REALISTIC",
        "expand_prompt": False,
        "num_images": 1,
        "sync_mode": False,
    }
    assert "modern office" in sent["background"]["prompt"]
    assert "at the window" in sent["composite"]["prompt"]
    assert sent["composite"]["image_urls"] == ["p", "b"]
    assert sent["composite"]["aspect_ratio"] == "16:9"
    assert sent["hedra"] == {"image_url": "c", "audio_url": "a", "aspect_ratio": "16:9", "resolution": "720p"}
    assert sent["fabric"] == {"image_url": "c", "audio_url": "a", "resolution": "720p"}
    assert sent["kling"] == {"image_url": "c", "audio_url": "a"}


def test_a_full_script_is_sent_with_its_own_options() -> None:
    sent = bodies(FULL)

    assert sent["portrait"]["image_size"] == {"width": 1024, "height": 768}
    assert sent["portrait"]["image_urls"] == ["refs/a.png", "refs/b.webp"]
    assert sent["portrait"]["rendering_speed"] == "QUALITY"
    assert "image_urls" not in sent["background"]
    assert sent["composite"]["aspect_ratio"] == "9:16"
    assert sent["composite"]["guidance_scale"] == 3.5
    assert sent["composite"]["seed"] == 1
    assert sent["hedra"]["resolution"] == "1080p"
    assert sent["hedra"]["seed"] == 1


def test_a_script_that_was_stored_asks_for_the_same() -> None:
    # given a script with inputs on several levels, stored with every default written out, and read again
    script = parsed(FULL)
    stored = Script.model_validate_json(script.model_dump_json())
    # then it leads to the same requests, and so to the same addresses
    assert bodies_of(stored) == bodies_of(script)


def test_style_codes_take_the_place_of_the_styles_type() -> None:
    sent = bodies(changed(MINIMAL, ("models",), {"ideogram": {"style_codes": ["0F0F0F0F"]}}))
    assert sent["portrait"]["style_codes"] == ["0F0F0F0F"]
    assert "style" not in sent["portrait"]


@pytest.mark.parametrize(("resolution", "sent"), [("540p", "480p"), ("720p", "720p"), ("1080p", "720p")])
def test_fabric_gets_the_nearest_resolution_that_it_makes(resolution: str, sent: str) -> None:
    assert bodies(changed(MINIMAL, ("resolution",), resolution))["fabric"]["resolution"] == sent


@pytest.mark.parametrize(
    ("location", "value", "changes"),
    [
        (("title",), "Another", set()),
        (("captions",), {"burn_in": True}, set()),
        (("music",), "theme.mp3", set()),
        (("scenes", 0, "number"), 9, set()),
        (("scenes", 0, "lines", 0, "text"), "Said.", set()),
        (("scenes", 0, "lines", 0, "position"), "on the sofa", {"composite"}),
        (("scenes", 0, "environment"), "a beach", {"background", "composite"}),
        (("characters", 0, "prompt"), "old man", {"portrait", "composite"}),
        (("rendering_speed",), "TURBO", {"portrait", "background"}),
        (("style",), "anime", {"portrait", "background", "composite"}),
        (("aspect_ratio",), "9:16", {"portrait", "background", "composite", "hedra"}),
        (("resolution",), "540p", {"hedra", "fabric"}),
        (("prompt_endings",), {"composite": "x"}, {"composite"}),
    ],
)
def test_a_change_reaches_the_requests_that_it_is_about(location: Location, value: Any, changes: set[str]) -> None:
    before, after = bodies(MINIMAL), bodies(changed(MINIMAL, location, value))
    assert {kind for kind in before if before[kind] != after[kind]} == changes


def test_the_nearest_level_holds_input_by_input() -> None:
    # given inputs on the script, a scene and a line
    script = KontextOptions(seed=1, guidance_scale=2, output_format="png")
    scene = KontextOptions(seed=2, guidance_scale=3)
    line = KontextOptions(seed=3)
    # then each is the nearest level's
    assert merged(script, scene, line) == KontextOptions(seed=3, guidance_scale=3, output_format="png")
    assert merged(script, KontextOptions()) == script


def test_every_level_of_a_line_counts() -> None:
    script = MINIMAL
    for seed, location in enumerate(
        [("models",), ("characters", 0, "models"), ("scenes", 0, "models"), ("scenes", 0, "lines", 0, "models")],
        start=1,
    ):
        # when a nearer level sets the seed as well
        script = changed(script, location, {"kontext": {"seed": seed}, "hedra": {"seed": seed}})
        # then that one is sent
        assert bodies(script)["composite"]["seed"] == seed
        assert bodies(script)["hedra"]["seed"] == seed
