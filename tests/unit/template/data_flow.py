"""The plot's data flow: a walk over every route with the shape of the data in place of the data.

A shape is a dictionary of fields, a list with the shape of its items, or the Python type of a value. What functions
take and give has the shape of their models, so that a field that is renamed there, or misspelt here, is found.
"""

import enum
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from tests.unit.template.plot_rules import ASK, State

Shape = dict[str, Any] | list[Any] | type

_CONTEXT: Shape = {"Execution": {"Name": str, "Id": str}, "Task": {"Token": str}}
_FAILURE: Shape = {"Error": str, "Cause": str}
_COMPARED = {"StringEquals": str, "StringMatches": str, "BooleanEquals": bool}


class FlowBroken(Exception):
    """The plot reads what is not there, or hands over what is not wanted."""


@dataclass(frozen=True)
class Function:
    """What a function takes and gives."""

    request: type[BaseModel]
    answer: Shape


def shape_of(annotation: Any) -> Shape:
    """Return the shape of a pydantic model, or of a field's annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: shape_of(entry.annotation) for name, entry in annotation.model_fields.items()}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return [shape_of(arguments[0])]
    if origin in {Union, types.UnionType}:
        return shape_of(next(argument for argument in arguments if argument is not type(None)))
    return annotation if isinstance(annotation, type) else object


@dataclass
class Walk:
    """A walk over a definition.

    Parameters
    ----------
    functions
        By the placeholder that stands for the function's ARN.
    messages
        The models of what is sent to queues, by the placeholder that stands for the queue's URL.
    """

    functions: Mapping[str, Function]
    messages: Mapping[str, type[BaseModel]]
    problems: list[str] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def machine(self, machine: Mapping[str, Any], given: Shape, context: Shape = _CONTEXT) -> None:
        self._visit(machine["StartAt"], machine["States"], given, context)

    def _visit(self, name: str, states: Mapping[str, State], given: Shape, context: Shape) -> None:
        if (name, repr(given)) in self._seen:
            return
        self._seen.add((name, repr(given)))
        state = states[name]
        try:
            result = self._result(state, given, context)
            after = _put(given, state.get("ResultPath", "$"), result)
        except FlowBroken as broken:
            self.problems.append(f"{name}: {broken}")
            return
        for choice in state.get("Choices", ()):
            self._visit(choice["Next"], states, given, context)
        for catcher in state.get("Catch", ()):
            self._visit(catcher["Next"], states, _put(given, catcher.get("ResultPath", "$"), _FAILURE), context)
        following = state.get("Next") or state.get("Default")
        if following:
            self._visit(following, states, given if state["Type"] == "Choice" else after, context)

    def _result(self, state: State, given: Shape, context: Shape) -> Shape:
        match state["Type"]:
            case "Task":
                result = self._task(state, _filled(state["Parameters"], given, context))
                selector = state.get("ResultSelector")
                return _filled(selector, result, context) if selector else result
            case "Map":
                return self._map(state, given, context)
            case "Choice":
                for choice in state["Choices"]:
                    _compare(choice, given)
            case "Pass" if "Parameters" in state:
                return _filled(state["Parameters"], given, context)
            case "Pass" if "Result" in state:
                return _filled(state["Result"], given, context)
            case "Fail":
                _require_texts(state, given)
        return given

    def _map(self, state: State, given: Shape, context: Shape) -> Shape:
        items = _read(state["ItemsPath"], given)
        if not isinstance(items, list):
            raise FlowBroken(f"{state['ItemsPath']} is no list")
        item_context = {**_fields(context), "Map": {"Item": {"Value": items[0], "Index": int}}}
        item = _filled(state["ItemSelector"], given, item_context)
        self.machine(state["ItemProcessor"], item, item_context)
        return [object]

    def _task(self, state: State, parameters: Shape) -> Shape:
        handed = _fields(parameters)
        if state["Resource"] == ASK:
            _require(handed["MessageBody"], self.messages[state["Parameters"]["QueueUrl"]])
            return object
        function = self.functions[state["Parameters"]["FunctionName"]]
        _require(handed["Payload"], function.request)
        return {"Payload": function.answer}


def _require(handed: Shape, model: type[BaseModel]) -> None:
    fields = _fields(handed)
    for name in fields.keys() - model.model_fields.keys():
        raise FlowBroken(f"{model.__name__} has no field {name}")
    for name, entry in model.model_fields.items():
        if name not in fields:
            if entry.is_required():
                raise FlowBroken(f"{model.__name__} needs {name}")
            continue
        wanted, got = shape_of(entry.annotation), fields[name]
        if isinstance(wanted, dict) and isinstance(got, dict):
            inner = next(kind for kind in (entry.annotation, *get_args(entry.annotation)) if _is_model(kind))
            _require(got, inner)
        elif isinstance(wanted, type) and not (isinstance(got, type) and _fits(got, wanted)):
            raise FlowBroken(f"{model.__name__}.{name} is {wanted}, and gets {got}")


def _fits(got: type, wanted: type) -> bool:
    constant = getattr(got, "value", None)
    if issubclass(wanted, enum.Enum) and isinstance(constant, str):
        return constant in {member.value for member in wanted}
    return issubclass(got, wanted)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _require_texts(state: State, given: Shape) -> None:
    for key in ("ErrorPath", "CausePath"):
        if key in state and _read(state[key], given) is not str:
            raise FlowBroken(f"{state[key]} is no text")


def _compare(choice: Mapping[str, Any], given: Shape) -> None:
    found = _read(choice["Variable"], given)
    operator = next(name for name in _COMPARED if name in choice)
    if not (isinstance(found, type) and issubclass(found, _COMPARED[operator])):
        raise FlowBroken(f"{choice['Variable']} is compared by {operator} and is {found}")
    if operator == "StringEquals" and issubclass(found, enum.Enum) and choice[operator] not in list(found):
        raise FlowBroken(f"{choice['Variable']} is never {choice[operator]!r}: {found.__name__} has no such value")


def _filled(template: Any, given: Shape, context: Shape) -> Shape:
    if isinstance(template, dict):
        return {
            key.removesuffix(".$"): _evaluated(value, given, context)
            if key.endswith(".$")
            else _filled(value, given, context)
            for key, value in template.items()
        }
    return type("Constant", (str,), {"value": template}) if isinstance(template, str) else type(template)


def _evaluated(expression: str, given: Shape, context: Shape) -> Shape:
    if expression.startswith("$$"):
        return _read(expression[1:], context)
    if expression.startswith("$"):
        return _read(expression, given)
    name, _, arguments = expression.removesuffix(")").partition("(")
    values = [_read(part.strip(), given) if part.strip().startswith("$") else int for part in arguments.split(",")]
    match name, values:
        case "States.ArrayGetItem", [[item], position] if position is int:
            return item if isinstance(item, dict | list | type) else object
        case "States.MathAdd", [first, second] if first is int and second is int:
            return int
    raise FlowBroken(f"{expression} cannot be computed from {values}")


def _read(path: str, given: Shape) -> Shape:
    found = given
    for name in path.split(".")[1:]:
        if not isinstance(found, dict) or name not in found:
            raise FlowBroken(f"nothing has put anything at {path}")
        found = found[name]
    return found


def _put(given: Shape, path: str | None, value: Shape) -> Shape:
    if path is None:
        return given
    if path == "$":
        return value
    return {**_fields(given), path.removeprefix("$."): value}


def _fields(shape: Shape) -> dict[str, Any]:
    if not isinstance(shape, dict):
        raise FlowBroken(f"{shape} has no fields")
    return shape
