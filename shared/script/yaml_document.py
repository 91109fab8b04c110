"""A script's YAML as plain values, with the scalars of YAML 1.2's core schema.

PyYAML's own constructors follow YAML 1.1, which reads `16:9` as 969, `no` as false, `010` as 8 and `2026-11-22` as a
date. Here only what is plainly a number, true, false or null is one, and everything else is the text that stands there.
Source: https://yaml.org/spec/1.2.2/#103-core-schema (octal and hexadecimal numbers, infinity and NaN stay text).
"""

import re
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import JsonValue

from shared.script.document import Document, UnreadableDocument, too_deep, too_many_values
from shared.script.limits import MAX_DEPTH, MAX_EXPANDED, MAX_VALUES
from shared.script.problems import ScriptProblem, path_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

# libyaml's parser where PyYAML was built with it: the same events, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Location = tuple[str | int, ...]


def read_yaml(text: str) -> Document:
    """Return the values of a YAML text, and the lines where they stand.

    Raises
    ------
    UnreadableDocument
        It is not YAML, or uses what a script has no need of: several documents, tags, merge keys, keys that are not
        text, a key twice, or aliases that repeat each other without end.
    """
    try:
        return _Reader(text).document()
    except yaml.MarkedYAMLError as error:
        raise UnreadableDocument(_syntax_problem(error, text)) from error
    except yaml.YAMLError as error:
        raise UnreadableDocument(ScriptProblem("", f"cannot be read as YAML: {error}")) from error


class _Reader:
    """Builds values from the parser's events, so that every bound holds before anything is built."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._lines: dict[str, int] = {}
        self._anchored: dict[str, tuple[JsonValue, int]] = {}
        self._size = 0
        self._values = 0

    def document(self) -> Document:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Document(None, {})
        value = self._value(next(self._events), ())
        next(self._events)  # the document's end
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise _refusal((), "holds more than one document", "delete everything from the second '---' on", following)
        return Document(value, self._lines)

    def _value(self, event: yaml.Event, location: Location) -> JsonValue:
        if len(location) > MAX_DEPTH:
            raise too_deep(location)
        self._values += 1
        if self._values > MAX_VALUES:
            raise too_many_values()
        self._lines.setdefault(path_of(location), _line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._repeated(event, location)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise TypeError(f"the YAML parser gave {event} where a value begins")
        if event.tag is not None:
            raise _refusal(location, f"has the tag {quoted(event.tag)}", "leave the tag out: a script has none", event)
        size_before = self._size
        value = self._built(event, location)
        if event.anchor is not None:
            self._anchored[event.anchor] = value, self._size - size_before
        return value

    def _built(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, location: Location) -> JsonValue:
        if isinstance(event, yaml.ScalarEvent):
            self._grow(1 + len(event.value), location, event)
            return _plain(event.value) if event.implicit[0] else str(event.value)
        self._grow(1, location, event)
        return self._list(location) if isinstance(event, yaml.SequenceStartEvent) else self._fields(location)

    def _list(self, location: Location) -> list[JsonValue]:
        items: list[JsonValue] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*location, len(items))))
        return items

    def _fields(self, location: Location) -> dict[str, JsonValue]:
        fields: dict[str, JsonValue] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                raise _refusal(location, "has a key that is not a plain word", "write fields as 'name: value'", event)
            key = str(event.value)
            if key == "<<":
                raise _refusal(location, "merges fields with '<<'", "write the fields out", event)
            if key in fields:
                raise _refusal((*location, key), "stands twice in the same place", "delete one of the two", event)
            self._grow(1 + len(key), location, event)
            self._lines.setdefault(path_of((*location, key)), _line(event))
            fields[key] = self._value(next(self._events), (*location, key))
        return fields

    def _repeated(self, event: yaml.AliasEvent, location: Location) -> JsonValue:
        if event.anchor not in self._anchored:
            raise _refusal(
                location,
                f"repeats {quoted(event.anchor)}, which is nowhere above",
                "mark the value with '&' first",
                event,
            )
        value, size = self._anchored[event.anchor]
        self._grow(size, location, event)
        return value

    def _grow(self, size: int, location: Location, event: yaml.Event) -> None:
        self._size += size
        if self._size > MAX_EXPANDED:
            raise _refusal(location, "is too much once every alias is written out", "use fewer aliases", event)


def _plain(text: str) -> JsonValue:
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _refusal(location: Location, message: str, hint: str, event: yaml.Event) -> UnreadableDocument:
    return UnreadableDocument(ScriptProblem(path_of(location), message, hint, _line(event)))


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> ScriptProblem:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return ScriptProblem("", f"cannot be read as YAML: {error.problem}")
    message = f"cannot be read as YAML at column {mark.column + 1}: {error.problem}"
    return ScriptProblem("", message, _syntax_hint(text, mark.line, mark.column), mark.line + 1)


def _syntax_hint(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    rest = lines[line][column:] if line < len(lines) else ""
    if rest.startswith("\t"):
        return "indent with spaces: YAML does not allow tabs"
    if rest.startswith((":", "@", "`", "%", "*", "&", "!", "|", ">")):
        return f"put text that has '{rest[0]}' in it into quotes"
    return "see whether the lines above are indented alike and all quotes are closed"
