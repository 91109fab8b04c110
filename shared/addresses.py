"""Addresses: where an asset lies is what it is made of, so that the same thing is never bought twice."""

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Address = str
"""40 lower-case hexadecimal digits."""

_DIGITS = 40


def address_of(recipe: int, kind: str, /, **ingredients: object) -> Address:
    """Return the address of an asset that is made of `ingredients`.

    Parameters
    ----------
    recipe
        The version of the way it is made; a new version makes new addresses.
    kind
        What it is: ``portrait``, ``clip``, ``part``, ...
    ingredients
        JSON values: provider, endpoint, parameters as sent, take, and the addresses of the inputs.
        How an input file is handed over (its URL) is no ingredient.

    Notes
    -----
    The text that is hashed is JSON with sorted keys, no white space and UTF-8, as in
    RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785) for the values that occur here.
    """
    text = json.dumps(
        {"recipe": recipe, "kind": kind, "ingredients": ingredients},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def address_of_file(path: "Path") -> Address:
    """Return the address of an uploaded file, as `address_of_content` does, without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]


def address_of_content(data: bytes) -> Address:
    """Return the address of an uploaded file: the hash of its bytes."""
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
