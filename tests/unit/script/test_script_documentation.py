"""The documentation and the schema say what the parser does."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.fal.models.ideogram import MAX_STYLE_REFERENCE_BYTES
from shared.media.clips import ClipLimits
from shared.media.images import ImageLimits
from shared.script import limits
from shared.script.edit import Edit, EndCard, TitleCard
from shared.script.json_document import read_json
from shared.script.models import Caps, CaptionSettings, Character, Line, Scene, Script
from shared.script.parse import parse_script
from shared.script.paths import RESERVED_STEMS, SUFFIXES
from shared.script.schema import script_schema, script_schema_text
from shared.script.yaml_document import read_yaml
from shared.styles.presets import PRESETS
from tests.unit.script.script_examples import FULL, MINIMAL, changed

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = re.findall(r"^```(yaml|json)\n(.*?)^```$", (DOCS / "script.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_schema_that_is_checked_in_is_current() -> None:
    assert (DOCS / "script.schema.json").read_text() == script_schema_text()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(("suffix", "text"), EXAMPLES)
def test_every_example_is_a_script_by_parser_and_schema(suffix: str, text: str) -> None:
    assert parse_script(text.encode(), file_name=f"script.{suffix}")
    read = read_json if suffix == "json" else read_yaml
    jsonschema.validate(read(text).value, script_schema())


@pytest.mark.parametrize("script", [MINIMAL, FULL])
def test_the_schema_accepts_what_the_parser_accepts(script: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(script_schema())
    jsonschema.validate(script, script_schema())


@pytest.mark.parametrize(
    ("location", "value"),
    [
        (("titel",), "x"),
        (("style",), "noirr"),
        (("aspect_ratio",), "2:1"),
        (("characters", 0, "take"), 0),
        (("models", "kontext", "num_images"), 2),
        (("models", "ideogram", "image_size"), "huge"),
        (("caps", "usd"), "25"),
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(location: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed(FULL, location, value), script_schema())


def test_the_reference_gives_every_limit() -> None:
    # given the tables of limits
    section = (DOCS / "script.md").read_text().partition("## Limits\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE))
    megabytes, minutes = 1_000_000, 60
    expected = {
        "size": f"{limits.MAX_SCRIPT_BYTES:,} bytes",
        "nesting": f"{limits.MAX_DEPTH} levels",
        "values": f"{limits.MAX_VALUES:,}",
        "values and characters, with every YAML alias written out": f"{limits.MAX_EXPANDED:,}",
        "title": f"{limits.MAX_TITLE} characters",
        "name of a character": f"{limits.MAX_NAME} characters",
        "prompt": f"{limits.MAX_PROMPT:,} characters",
        "text of a line": f"{limits.MAX_TEXT:,} characters",
        "path": f"{limits.MAX_PATH} characters, {limits.MAX_PATH_BYTES} bytes",
        "characters": f"{limits.MAX_CHARACTERS}",
        "style references of a character": f"{limits.MAX_STYLE_REFERENCES}",
        "scenes": f"{limits.MAX_SCENES}",
        "lines": f"{limits.MAX_LINES}",
        "objects, named by the script or not": f"{limits.MAX_OBJECTS:,}",
        "sound file": f"{limits.MAX_SOUND_BYTES // megabytes} MB, {limits.MAX_SOUND_SECONDS // minutes} minutes",
        "picture": f"{limits.MAX_IMAGE_BYTES // megabytes} MB, {ImageLimits().max_pixels // megabytes} million pixels",
        "style references of a character, together": f"{MAX_STYLE_REFERENCE_BYTES // megabytes} MB",
        "video": (
            f"{limits.MAX_VIDEO_BYTES // megabytes} MB, {limits.MAX_VIDEO_SECONDS // minutes} minutes, "
            f"{ClipLimits().max_pixels / megabytes:.1f} million pixels"
        ),
        "own font": f"{limits.MAX_FONT_BYTES // megabytes} MB",
        "all files that the script names": f"{limits.MAX_EPISODE_BYTES // megabytes:,} MB",
        "all sounds and videos that it names": f"{limits.MAX_MEDIA_SECONDS // minutes} minutes",
        "all lines, which is the episode": f"{limits.MAX_EPISODE_SECONDS // minutes} minutes",
    }
    # then each is what the code holds to, and none is left out
    assert {name: figure.removesuffix(" (1 MiB)") for name, figure in rows.items() if name in expected} == expected
    named = {name for name in vars(limits) if name.startswith("MAX_")}
    assert len(named) + len({"MAX_STYLE_REFERENCE_BYTES"}) == len(expected) + len({"path", "sound file", "video"})


def test_the_reference_names_every_field_preset_suffix_and_reserved_name() -> None:
    words = set(re.findall(r"[\w.]+", (DOCS / "script.md").read_text()))
    models = (Script, Character, Scene, Line, Caps, CaptionSettings, Edit, TitleCard, EndCard)
    fields = {name for model in models for name in model.model_fields}
    suffixes = {suffix for kind in SUFFIXES.values() for suffix in kind}
    reserved = {word for stem in RESERVED_STEMS for word in stem.split("-")}
    assert fields | set(PRESETS) | suffixes | reserved <= words
