"""The documentation and the schema say what the parser does."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

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


def test_the_reference_names_every_field_preset_suffix_and_reserved_name() -> None:
    words = set(re.findall(r"[\w.]+", (DOCS / "script.md").read_text()))
    fields = {name for model in (Script, Character, Scene, Line, Caps, CaptionSettings) for name in model.model_fields}
    suffixes = {suffix for kind in SUFFIXES.values() for suffix in kind}
    assert fields | set(PRESETS) | suffixes | RESERVED_STEMS <= words
