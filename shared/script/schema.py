"""The script's format as JSON Schema, for editors: `python -m shared.script.schema > docs/script.schema.json`."""

import json
import sys
from typing import Any

from shared.script.models import Script


def script_schema() -> dict[str, Any]:
    """Return the script's format as JSON Schema, draft 2020-12."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Script.model_json_schema()}


def script_schema_text() -> str:
    """Return the schema as it is checked in."""
    return json.dumps(script_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(script_schema_text())
