"""The events as JSON Schema: ``python -m shared.workflow.event_schemas > docs/events.schema.json``."""

import json
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.aws.event_bus import SOURCE
from shared.workflow.events import EVENTS


def event_schemas() -> dict[str, Any]:
    """Return one schema, draft 2020-12, of which each event on the bus is an instance, as EventBridge delivers it."""
    references, definitions = models_json_schema(
        [(event, "serialization") for event in EVENTS], ref_template="#/$defs/{model}"
    )
    for definition in definitions["$defs"].values():
        if definition.get("additionalProperties") is False:
            del definition["additionalProperties"]  # fields may be added, and no consumer is to break of it
    envelopes = [
        {
            "title": event.detail_type,
            "type": "object",
            "required": ["source", "detail-type", "detail"],
            "properties": {
                "source": {"const": SOURCE},
                "detail-type": {"const": event.detail_type},
                "detail": references[event, "serialization"],
            },
        }
        for event in EVENTS
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What Showrunner tells on the event bus",
        "oneOf": envelopes,
        **definitions,
    }


def event_schemas_text() -> str:
    """Return the schema as it is checked in."""
    return json.dumps(event_schemas(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(event_schemas_text())
