"""What a script may say, and what it is told when it says something else."""

from decimal import Decimal
from typing import Any

import pytest

from shared.fal.models.ideogram import PixelSize, RenderingSpeed
from shared.providers.engines import Engine
from shared.script.models import Resolution, ReviewMode, Script
from shared.styles.aspect_ratio import AspectRatio
from shared.styles.presets import PRESETS
from tests.unit.script.script_examples import FULL, MINIMAL, Location, changed, parsed, problems

LINE: Location = ("scenes", 0, "lines", 0)


def test_a_minimal_script_gets_the_documented_defaults() -> None:
    # given a title, one character, one scene, one line
    # when it is parsed
    script = parsed(MINIMAL)

    # then everything else is filled in
    assert script.style == PRESETS["cinematic"]
    assert script.aspect_ratio is AspectRatio.LANDSCAPE_16_9
    assert script.rendering_speed is RenderingSpeed.BALANCED
    assert script.resolution is Resolution.P720
    assert script.engines == (Engine.HEDRA, Engine.STILL)
    assert script.review is ReviewMode.NONE
    assert script.caps.usd is None
    assert not script.captions.burn_in
    line = script.scenes[0].lines[0]
    assert (line.start, line.end, line.text, line.clip, line.take) == (None, None, None, None, 1)


def test_a_full_script_keeps_what_it_says() -> None:
    script = parsed(FULL)

    assert script.style.style_name == "noir"
    assert script.aspect_ratio is AspectRatio.PORTRAIT_9_16
    assert script.engines == (Engine.HEDRA, Engine.FABRIC, Engine.KLING, Engine.STILL)
    assert script.models.ideogram.image_size == PixelSize(width=1024, height=768)
    assert script.prompt_endings.background == ""
    assert script.caps.usd == Decimal("25.5")
    assert script.character("Mara Quill").take == 2
    assert [scene.number for scene in script.scenes] == [1, 7]


def test_a_script_survives_being_stored() -> None:
    script = parsed(FULL)
    assert Script.model_validate_json(script.model_dump_json()) == script


@pytest.mark.parametrize("spelling", ["16:9", "16_9"])
def test_both_spellings_of_an_aspect_ratio_are_one(spelling: str) -> None:
    assert parsed(changed(MINIMAL, ("aspect_ratio",), spelling)).aspect_ratio.value == "16:9"


def test_the_style_decides_what_the_script_leaves_open() -> None:
    # given a style in full with a speed and an aspect ratio
    style = {"style_name": "mine", "style_prompt": "ink", "rendering_speed": "TURBO", "aspect_ratio": "1_1"}
    script = changed(MINIMAL, ("style",), style)

    # when the script says nothing, the style holds; when it does, the script holds
    assert parsed(script).rendering_speed is RenderingSpeed.TURBO
    assert parsed(script).aspect_ratio is AspectRatio.SQUARE_1_1
    assert parsed(changed(script, ("aspect_ratio",), "4:3")).aspect_ratio is AspectRatio.LANDSCAPE_4_3


def test_empty_fields_count_as_not_given() -> None:
    script = changed(changed(MINIMAL, ("style",), None), (*LINE, "text"), None)
    assert parsed(script) == parsed(MINIMAL)
    assert problems(changed(MINIMAL, ("title",), None)) == {"title": ("is missing", "")}


def test_an_accent_is_one_letter_however_it_was_typed() -> None:
    # given a name declared with a composed accent and used with a combining one
    script = changed(changed(MINIMAL, ("characters", 0, "name"), "Jos\u00e9"), (*LINE, "character"), "Jose\u0301")
    # then it is one character
    assert parsed(script).scenes[0].lines[0].character == "Jos\u00e9"


@pytest.mark.parametrize(
    ("location", "value", "path", "message", "hint"),
    [
        (
            (*LINE, "character"), "Alx Chen", "scenes[0].lines[0].character",
            "'Alx Chen' is not among the characters (Alex Chen)", "did you mean 'Alex Chen'?",
        ),
        (("titel",), "x", "titel", "is not a field that is known here", "did you mean 'title'?"),
        ((*LINE, "audioo"), "x", "scenes[0].lines[0].audioo", "is not a field", "did you mean 'audio'?"),
        (
            ("models", "kontext", "guidance"), 3, "models.kontext.guidance",
            "is not a field", "did you mean 'guidance_scale'?",
        ),
        (("caps", "euro"), 3, "caps.euro", "is not a field", "known are usd, images, clip_seconds"),
        (("title",), 1984, "title", "must be text, found 1984", 'in quotes it is text: "1984"'),
        (("title",), "  ", "title", "must not be empty", ""),
        (("title",), ["a"], "title", "must be text, found a list", ""),
        (("style",), "noirr", "style", "there is no style named 'noirr'; the presets are cinematic, ", "'noir'"),
        (("style",), {"style_name": "x"}, "style.style_prompt", "is missing", ""),
        (("aspect_ratio",), "2:1", "aspect_ratio", "must be '16:9', '9:16', '1:1', '4:3' or '3:4', found '2:1'", ""),
        (("resolution",), 720, "resolution", "must be '540p', '720p' or '1080p', found 720", ""),
        (("rendering_speed",), "FAST", "rendering_speed", "must be 'TURBO', 'BALANCED' or 'QUALITY'", ""),
        (("language",), "English", "language", "must be a language tag such as 'en'", ""),
        (("review",), "all", "review", "must be 'none' or 'storyboard'", ""),
        (("captions", "burn_in"), "yes", "captions.burn_in", "must be true or false, found 'yes'", ""),
        (("caps", "usd"), -1, "caps.usd", "must be at least 0, found -1", ""),
        (("caps", "usd"), 1.234, "caps.usd", "must have at most 2 digits after the point", ""),
        (("engines",), ["still", "hedra"], "engines", "names engines after 'still'", ""),
        (("engines",), ["hedra", "hedra"], "engines", "names an engine twice", ""),
        (("engines",), [], "engines", "must have at least one entry", ""),
        (("engines",), "hedra", "engines", "must be a list", ""),
        (("engines",), ["hydra"], "engines[0]", "must be 'hedra', 'fabric', 'kling' or 'still', found 'hydra'", ""),
        (("characters",), [], "characters", "must have at least one entry", ""),
        (("scenes",), [], "scenes", "must have at least one entry", ""),
        (("scenes", 0, "lines"), [], "scenes[0].lines", "must have at least one entry", ""),
        (("scenes", 0, "number"), "1", "scenes[0].number", "must be a whole number, found '1'", ""),
        (("scenes", 0, "number"), True, "scenes[0].number", "must be a whole number, found true", ""),
        (("scenes", 0, "environment"), "x" * 2001, "scenes[0].environment", "is longer than the 2000 characters", ""),
        ((*LINE, "text"), "x" * 5001, "scenes[0].lines[0].text", "is longer than the 5000 characters", ""),
        ((*LINE, "end"), 0, "scenes[0].lines[0]", "ends at 0 s, which is not after its start at 0 s", ""),
        ((*LINE, "start"), -0.1, "scenes[0].lines[0].start", "must be at least 0, found -0.1", ""),
        ((*LINE, "take"), 0, "scenes[0].lines[0].take", "must be at least 1, found 0", ""),
        ((*LINE, "take"), 1.5, "scenes[0].lines[0].take", "must be a whole number, found 1.5", ""),
        (
            ("characters", 0, "style_references"), ["a.png"] * 4, "characters[0].style_references",
            "has more entries than the 3 that are allowed", "",
        ),
        (("characters", 0), "Alex", "characters[0]", "must be a group of fields, found 'Alex'", ""),
        (
            ("models", "ideogram", "num_images"), 4, "models.ideogram.num_images",
            "only one image can be used, and each one is paid for; for another variant raise the `take`", "",
        ),
        (("models", "kontext", "sync_mode"), True, "models.kontext.sync_mode", "sync_mode must be false", ""),
        (("models", "kontext", "guidance_scale"), 21, "models.kontext.guidance_scale", "must be at most 20", ""),
        (("models", "kontext", "prompt"), "x", "models.kontext.prompt", "is not a field", "did you mean"),
        (
            ("models", "ideogram", "image_size"), {"width": 0, "height": 9}, "models.ideogram.image_size.width",
            "must be at least 1, found 0", "",
        ),
        (
            ("models", "ideogram", "style_preset"), "WATERCOLOUR", "models.ideogram.style_preset",
            "is none of the 62 values that are allowed, found 'WATERCOLOUR'", "did you mean 'WATERCOLOR'?",
        ),
        ((*LINE, "models", "ideogram"), {}, "scenes[0].lines[0].models.ideogram", "is not a field", "kontext, hedra"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_explained(location: Location, value: Any, path: str, message: str, hint: str) -> None:
    # given a script with one wrong value
    found = problems(changed(MINIMAL, location, value))

    # then its path is named, with what is wrong and what would be right
    assert path in found
    assert message in found[path][0]
    assert hint in found[path][1]
    assert bool(hint) == bool(found[path][1])


def test_an_entry_with_an_error_is_not_reported_as_an_empty_list() -> None:
    assert list(problems(changed(MINIMAL, (*LINE, "take"), 0))) == ["scenes[0].lines[0].take"]


def test_names_and_numbers_are_given_once() -> None:
    # given two characters whose names differ in case only, and two scenes of one number
    script = changed(FULL, ("characters", 1, "name"), "alex chen")
    script = changed(script, ("scenes", 1, "number"), 1)

    # then both are told apart from what they repeat, beside the lines that have lost their character
    found = problems(script)
    assert "is the name of characters[0] already" in found["characters[1].name"][0]
    assert "is the number of scenes[0] already" in found["scenes[1].number"][0]
    assert "is not among the characters" in found["scenes[1].lines[0].character"][0]


def test_four_hundred_lines_are_the_limit() -> None:
    line = MINIMAL["scenes"][0]["lines"][0]
    assert problems(changed(MINIMAL, ("scenes", 0, "lines"), [line] * 400)) == {}
    assert problems(changed(MINIMAL, ("scenes", 0, "lines"), [line] * 401)) == {
        "scenes": ("have 401 lines together; an episode has at most 400", "make two episodes")
    }


def test_forty_characters_and_two_hundred_scenes_are_the_limit() -> None:
    characters = [{"name": f"{index}", "prompt": "x"} for index in range(41)]
    scenes = [{**MINIMAL["scenes"][0], "number": index} for index in range(201)]
    assert "the 40 that are allowed" in problems(changed(MINIMAL, ("characters",), characters))["characters"][0]
    assert "the 200 that are allowed" in problems(changed(MINIMAL, ("scenes",), scenes))["scenes"][0]
    assert problems(changed(MINIMAL, ("scenes",), scenes[:200])) == {}


@pytest.mark.parametrize("group", ["characters", "scenes"])
def test_inputs_that_exclude_each_other_across_levels_are_refused(group: str) -> None:
    # given style codes on one level, and a style on the script's
    script = changed(MINIMAL, (group, 0, "models"), {"ideogram": {"style_codes": ["0F0F0F0F"]}})
    assert problems(script) == {}

    # when the script's level sets the other one
    found = problems(changed(script, ("models",), {"ideogram": {"style": "REALISTIC"}}))

    # then it is told where the two meet
    assert "exclude each other" in found[f"{group}[0].models.ideogram"][0]


def test_style_codes_exclude_style_references() -> None:
    script = changed(FULL, ("models", "ideogram"), {"style_codes": ["0F0F0F0F"]})
    assert list(problems(script)) == ["characters[0].style_references"]
