"""Where something stands in a JSON document, and what stands there."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import EllipsisType
from typing import NoReturn

from pydantic import JsonValue

JsonPath = tuple[str | int | EllipsisType, ...]
"""Names of fields and places in lists, from the outside in; an ellipsis stands for every item of a list."""


def read_json(text: bytes) -> JsonValue:
    """Return a document; None for one that cannot be read, as for one that is null: neither says anything.

    Standard: RFC 8259, which knows no NaN and no infinity.
    """
    try:
        document: JsonValue = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return document


def values_at(document: object, path: JsonPath) -> Iterator[object]:
    """Give what stands at a path, which are several things where it goes through every item of a list."""
    if not path:
        yield document
        return
    step, rest = path[0], path[1:]
    if isinstance(step, EllipsisType):
        for item in document if isinstance(document, list) else ():
            yield from values_at(item, rest)
    elif isinstance(step, int):
        if isinstance(document, list) and 0 <= step < len(document):
            yield from values_at(document[step], rest)
    elif isinstance(document, Mapping) and step in document:
        yield from values_at(document[step], rest)


def value_at(document: object, path: JsonPath) -> object:
    """Return the first thing that stands at a path; None when there is none."""
    return next(values_at(document, path), None)


def text_at(document: object, path: JsonPath) -> str | None:
    """Return the text at a path; None when there is none, or none in it."""
    value = value_at(document, path)
    return value if isinstance(value, str) and value else None


def seconds_at(document: object, path: JsonPath) -> float | None:
    """Return the length of time at a path, in seconds."""
    value = value_at(document, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def time_at(document: object, path: JsonPath) -> float | None:
    """Return the point in time at a path, in seconds since 1970-01-01T00:00Z; one without a zone is in UTC.

    Standard: RFC 3339.
    """
    try:
        time = datetime.fromisoformat(text_at(document, path) or "")
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def time_text(seconds: float) -> str:
    """Return a point in time as RFC 3339 has it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
