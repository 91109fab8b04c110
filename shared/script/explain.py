"""What pydantic found wrong with a script, in plain English."""

import re
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.script.consistency import ContradictoryScript
from shared.script.models import Script
from shared.script.problems import ScriptProblem, did_you_mean, path_of, plain, quoted

_MAX_CHOICES_SHOWN = 10

# By pydantic's kinds of errors: https://pydantic.dev/docs/validation/latest/errors/validation_errors/
_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a field that is known here",
    "string_type": "must be text, found {found}",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than the {max_length} characters that are allowed",
    "bool_type": "must be true or false, found {found}",
    "int_type": "must be a whole number, found {found}",
    "int_from_float": "must be a whole number, found {found}",
    "float_type": "must be a number, found {found}",
    "decimal_type": "must be a number, found {found}",
    "decimal_parsing": "must be a number, found {found}",
    "decimal_max_places": "must have at most {decimal_places} digits after the point, found {found}",
    "greater_than": "must be more than {gt:g}, found {found}",
    "greater_than_equal": "must be at least {ge:g}, found {found}",
    "less_than": "must be less than {lt:g}, found {found}",
    "less_than_equal": "must be at most {le:g}, found {found}",
    "enum": "must be {expected}, found {found}",
    "literal_error": "must be {expected}, found {found}",
    "tuple_type": "must be a list (lines that begin with '- '), found {found}",
    "too_short": "must have at least one entry",
    "too_long": "has more entries than the {max_length} that are allowed",
    "model_type": "must be a group of fields, found {found}",
    "model_attributes_type": "must be a group of fields, found {found}",
    "value_error": "{error}",
}


def problems_of(error: ValidationError, root: type[BaseModel] = Script) -> Iterator[ScriptProblem]:
    """Yield everything that pydantic found wrong with a `Script`, or a document of another model, without lines."""
    for details in error.errors(include_url=False):
        context = details.get("ctx", {})
        if isinstance(context.get("error"), ContradictoryScript):
            yield from context["error"].problems
            continue
        if details["type"] == "too_short" and details["input"]:
            continue  # there are entries, and each one's own error is reported: pydantic counts the right ones only
        if details["type"] == "default_factory_not_called":
            continue  # a default that depends on other fields, one of which is wrong and reported
        location, siblings = _located(details, root)
        yield ScriptProblem(path_of(location), _message(details), _hint(details, siblings))


def _located(details: ErrorDetails, root: type[BaseModel]) -> tuple[list[str | int], list[str]]:
    """Return a field's location, without pydantic's names for the members of unions, and the fields known beside it."""
    model: type[BaseModel] | None = root
    siblings: list[str] = []
    location: list[str | int] = []
    for part in details["loc"]:
        if isinstance(part, int):
            location.append(part)
        elif model is not None and part in (fields := _fields_of(model)):
            siblings = list(fields)
            location.append(part)
            model = _model_in(fields[part].annotation)
    if details["type"] == "extra_forbidden":
        siblings = list(_fields_of(model)) if model else []
        location.append(details["loc"][-1])
    return location, siblings


def _fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return a model's fields by the names under which they are written."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)


def _message(details: ErrorDetails) -> str:
    found, context = quoted(details["input"]), details.get("ctx", {})
    if len(_choices(details)) > _MAX_CHOICES_SHOWN:
        return f"is none of the {len(_choices(details))} values that are allowed, found {found}"
    message = _MESSAGES.get(details["type"])
    return plain(message.format(found=found, **context) if message else details["msg"])


def _choices(details: ErrorDetails) -> list[str]:
    expected = details.get("ctx", {}).get("expected", "") if details["type"] in {"enum", "literal_error"} else ""
    return re.findall(r"'([^']*)'", expected)


def _hint(details: ErrorDetails, siblings: list[str]) -> str:
    found, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return did_you_mean(str(details["loc"][-1]), siblings) or f"known are {', '.join(siblings)}"
        case "string_type" if isinstance(found, bool | int | float):
            return f'in quotes it is text: "{quoted(found)}"'
        case "enum" | "literal_error" if len(_choices(details)) > _MAX_CHOICES_SHOWN:
            return did_you_mean(str(found), _choices(details))
        case "value_error":
            return str(getattr(context["error"], "hint", ""))
    return ""
