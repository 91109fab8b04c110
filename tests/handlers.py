"""The functions of the template, and what a fresh interpreter needs to import one."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.aws.template import Template, read_template

ROOT = Path(__file__).parents[1]
TEMPLATE = read_template(ROOT / "template.yaml")
FUNCTIONS = {
    name: resource
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def code_folder(function: str) -> Path:
    """Return the folder of a function's code."""
    return ROOT / str(FUNCTIONS[function]["Properties"]["CodeUri"])


def environment_of(function: str) -> dict[str, str]:
    """Return variables by which a function can be imported, and that lead nowhere."""
    own = FUNCTIONS[function]["Properties"].get("Environment", {}).get("Variables", {})
    variables = {**TEMPLATE["Globals"]["Function"]["Environment"]["Variables"], **own}
    return {
        **{name: _stand_in(value, TEMPLATE) for name, value in variables.items()},
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "FAL_KEY": "none",
    }


def _stand_in(value: Any, template: Template) -> str:
    parameter = template["Parameters"].get(value.get("Ref")) if isinstance(value, dict) else None
    return str(parameter["Default"]) if parameter else "1"


def run_fresh(command: Sequence[str], environment: Mapping[str, str]) -> Any:
    """Run a command of a new interpreter, with this environment only; return what it says, as JSON."""
    ended = subprocess.run(
        command, env={"PATH": os.defpath, **environment}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
