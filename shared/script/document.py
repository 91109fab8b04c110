"""A script's file as plain values: text, numbers, lists, groups of fields. What they mean is not looked at here."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from pydantic import JsonValue

from shared.script.limits import MAX_DEPTH, MAX_SCRIPT_BYTES, MAX_VALUES
from shared.script.problems import ScriptProblem, path_of

# Control characters other than tab and line breaks, and halves of surrogate pairs: no model or player can use them.
_UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class UnreadableDocument(Exception):
    """A file cannot be read as YAML or JSON, or holds what neither a person nor a script would mean."""

    def __init__(self, problem: ScriptProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a file.

    Attributes
    ----------
    value
        Text, numbers, true, false, null, and lists and groups of these.
    lines
        The line, from 1, of each field by its path; empty if the format does not tell.
    """

    value: JsonValue
    lines: Mapping[str, int]

    def line_of(self, path: str) -> int | None:
        """Return the line of a field, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path)


def decoded(data: bytes) -> str:
    """Return the text of a file.

    Raises
    ------
    UnreadableDocument
        The file is empty, too large, not UTF-8, or has characters that no text has.
    """
    if len(data) > MAX_SCRIPT_BYTES:
        raise UnreadableDocument(too_large(len(data)))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableDocument(ScriptProblem("", "the file is encoded as UTF-16", "save it as UTF-8"))
    if b"\0" in data:
        message = "the file has bytes of zero, as UTF-16 and files that are no text have"
        raise UnreadableDocument(ScriptProblem("", message, "save it as UTF-8"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = ScriptProblem("", "has a character that is not encoded as UTF-8", "save the file as UTF-8", line)
        raise UnreadableDocument(problem) from error
    if unusable := _UNUSABLE.search(text):
        line = text.count("\n", 0, unusable.start()) + 1
        message = f"has the control character U+{ord(unusable[0]):04X}"
        raise UnreadableDocument(ScriptProblem("", message, "delete it", line))
    if not text.strip():
        raise UnreadableDocument(ScriptProblem("", "the file is empty"))
    return text


def checked(document: Document) -> Document:
    """Return a document without its empty fields, which count as not given.

    Raises
    ------
    UnreadableDocument
        It is nested too deeply or has too many values, a number that is not finite, or characters that no text has.
    """
    try:
        return Document(_checked_value(document.value, (), count(1)), document.lines)
    except UnreadableDocument as error:
        path = error.problem.path
        raise UnreadableDocument(replace(error.problem, line=document.line_of(path) if path else None)) from error


def too_large(size: int) -> ScriptProblem:
    """Say of a file of `size` bytes that it is larger than a script may be."""
    return ScriptProblem("", f"the file has {size:,} bytes; a script has at most {MAX_SCRIPT_BYTES:,}")


def too_many_values() -> UnreadableDocument:
    """Return the refusal of a file with too many values."""
    return UnreadableDocument(ScriptProblem("", f"the file has more than {MAX_VALUES:,} values"))


def too_deep(location: tuple[str | int, ...]) -> UnreadableDocument:
    """Return the refusal of a value that is nested too deeply."""
    return UnreadableDocument(ScriptProblem(path_of(location), f"is nested more than {MAX_DEPTH} levels deep"))


def _checked_value(value: JsonValue, location: tuple[str | int, ...], counter: Iterator[int]) -> JsonValue:
    if len(location) > MAX_DEPTH:
        raise too_deep(location)
    if next(counter) > MAX_VALUES:
        raise too_many_values()
    match value:
        case dict():
            _refuse_unusable("".join(value), location)
            given = ((key, item) for key, item in value.items() if item is not None)
            return {key: _checked_value(item, (*location, key), counter) for key, item in given}
        case list():
            return [_checked_value(item, (*location, index), counter) for index, item in enumerate(value)]
        case float() if not math.isfinite(value):
            raise UnreadableDocument(ScriptProblem(path_of(location), "must be a finite number"))
        case str():
            _refuse_unusable(value, location)
    return value


def _refuse_unusable(text: str, location: tuple[str | int, ...]) -> None:
    if unusable := _UNUSABLE.search(text):
        message = f"has the control character U+{ord(unusable[0]):04X}"
        raise UnreadableDocument(ScriptProblem(path_of(location), message, "delete it"))
