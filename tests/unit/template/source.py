"""Where the template and the state machine lie, and a fresh copy of each to look at, or to spoil."""

import copy
import functools
import json
from pathlib import Path
from typing import Any

from local.aws.template import Template, read_template

ROOT = Path(__file__).parents[3]
DEFINITION = ROOT / "statemachine" / "episode.asl.json"


def template() -> Template:
    return copy.deepcopy(_read())


@functools.cache
def _read() -> Template:
    return read_template(ROOT / "template.yaml")


def definition() -> dict[str, Any]:
    loaded = json.loads(DEFINITION.read_text())
    assert isinstance(loaded, dict)
    return loaded


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def functions(template: Template) -> dict[str, dict[str, Any]]:
    return of_type(template, "AWS::Serverless::Function")
