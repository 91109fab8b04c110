"""Find a request of ours among those that a provider lists."""

from collections.abc import Mapping
from typing import Any


def matches(sent: Mapping[str, Any], listed: Mapping[str, Any]) -> bool:
    """Tell whether a listed input is the one that was sent: all of it is there, and defaults may have been added."""
    return all(name in listed and _equal(value, listed[name]) for name, value in sent.items())


def _equal(sent: object, listed: object) -> bool:
    match sent, listed:
        case Mapping(), Mapping():
            return matches(sent, listed)
        case [*sent_items], [*listed_items]:
            return len(sent_items) == len(listed_items) and all(map(_equal, sent_items, listed_items))
        case bool(), _:
            return sent is listed  # in JSON, unlike in Python, true is not 1
        case _:
            return not isinstance(listed, bool) and sent == listed
