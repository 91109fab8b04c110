import os
import sys
from typing import Any

PYDANTIC_WAS_THERE = "pydantic" in sys.modules


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    print("finishing with", event["answer"]["greeting"])  # noqa: T201  (for the log)
    return {"greeting": event["answer"]["greeting"], "extra": os.environ.get("EXTRA"), "forked": PYDANTIC_WAS_THERE}
