"""A script's JSON as plain values, by RFC 8259: no NaN, no key twice."""

import json
from collections import Counter
from typing import NoReturn

from pydantic import JsonValue

from shared.script.document import Document, UnreadableDocument, too_deep
from shared.script.problems import ScriptProblem, quoted

_MAX_DIGITS = 18


def read_json(text: str) -> Document:
    """Return the values of a JSON text.

    Raises
    ------
    UnreadableDocument
        It is not JSON, or a key stands twice in one object.
    """
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant, parse_int=_number)
    except json.JSONDecodeError as error:
        problem = ScriptProblem("", f"cannot be read as JSON: {error.msg} at column {error.colno}", line=error.lineno)
        raise UnreadableDocument(problem) from error
    except RecursionError as error:
        raise too_deep(()) from error
    return Document(value, lines={})


def _without_repeats(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        repeated, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise UnreadableDocument(ScriptProblem("", f"has the field {quoted(repeated)} twice in the same place"))
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableDocument(ScriptProblem("", f"has {name}, which is not a number", "write a finite number"))


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)
