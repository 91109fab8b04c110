"""Lists in pages."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import TypeVar

_USUAL = 20
_MOST = 100
_Item = TypeVar("_Item")


class PageUnknown(ValueError):
    """There is no such page."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def page_of(items: Sequence[_Item], query: Mapping[str, str]) -> tuple[Sequence[_Item], str | None]:
    """Return a page of a list, and the cursor of the next; None after the last.

    Parameters
    ----------
    query
        The request's: ``limit``, from 1 to 100, and ``cursor``.

    Raises
    ------
    PageUnknown
        If one of them cannot be read.
    """
    limit = query.get("limit", str(_USUAL))
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
        raise PageUnknown("limit", f"Input should be between 1 and {_MOST}")
    try:
        begin = int(base64.urlsafe_b64decode(query.get("cursor", _cursor(0))))
    except (ValueError, binascii.Error) as error:
        raise PageUnknown("cursor", "Input should be a cursor of a previous page") from error
    end = begin + int(limit)
    return items[begin:end], _cursor(end) if end < len(items) else None


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()
