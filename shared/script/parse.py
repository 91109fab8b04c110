"""Reads a script from the bytes of its file."""

import json
from dataclasses import replace
from pathlib import PurePosixPath

from pydantic import ValidationError

from shared.script.document import Document, UnreadableDocument, checked, decoded
from shared.script.explain import problems_of
from shared.script.json_document import read_json
from shared.script.models import Script
from shared.script.problems import ScriptInvalid, ScriptProblem, quoted
from shared.script.yaml_document import read_yaml

_READERS = {".yaml": read_yaml, ".yml": read_yaml, ".json": read_json}


def parse_script(data: bytes, *, file_name: str) -> Script:
    """Read and check a script.

    Parameters
    ----------
    data
        The file as it is stored.
    file_name
        Its name, which tells the format: `script.yaml`, `script.yml` or `script.json`.

    Raises
    ------
    ScriptInvalid
        With everything that is wrong, as far as it can be told at once.
    """
    return check_script(read_script_document(data, file_name=file_name), file_name=file_name)


def read_script_document(data: bytes, *, file_name: str) -> Document:
    """Return the values of a script's file, of which nothing is checked but that it can be read.

    Raises
    ------
    ScriptInvalid
        It is neither YAML nor JSON, or holds what no script does.
    """
    try:
        return _read(data, file_name)
    except UnreadableDocument as error:
        raise ScriptInvalid(file_name, [error.problem]) from error


def check_script(document: Document, *, file_name: str) -> Script:
    """Return the script that a document holds; raises `ScriptInvalid` with everything that is wrong."""
    try:
        return Script.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        problems = (replace(problem, line=document.line_of(problem.path)) for problem in problems_of(error))
        raise ScriptInvalid(file_name, problems) from error


def _read(data: bytes, file_name: str) -> Document:
    read = _READERS.get(PurePosixPath(file_name).suffix.lower())
    if read is None:
        raise UnreadableDocument(ScriptProblem("", "is not a script's name", "name it script.yaml or script.json"))
    document = checked(read(decoded(data)))
    if not isinstance(document.value, dict):
        message = f"must begin with fields such as 'title: …', found {quoted(document.value)}"
        raise UnreadableDocument(ScriptProblem("", message))
    return document
