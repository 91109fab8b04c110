"""Readers of caption files, as strict as the formats are, and made from their descriptions alone."""

import re
from html import unescape

_TIMES = r"(\d\d):([0-5]\d):([0-5]\d){0}(\d\d\d) --> (\d\d):([0-5]\d):([0-5]\d){0}(\d\d\d)"


def read_subrip(text: str) -> list[tuple[int, int, list[str]]]:
    """Return the cues as milliseconds and rows."""
    cues = []
    for number, block in enumerate(text.removesuffix("\n").split("\n\n"), 1):
        first, times, *rows = block.split("\n")
        assert first == str(number)
        cues.append((*_milliseconds(times, ","), rows))
    return cues


def read_webvtt(text: str) -> list[tuple[int, int, list[str]]]:
    """Return the cues as milliseconds and rows."""
    header, *blocks = text.removesuffix("\n").split("\n\n")
    assert header == "WEBVTT"
    cues = []
    for block in blocks:
        times, *rows = block.split("\n")
        assert not any("-->" in row or "<" in row for row in rows)
        cues.append((*_milliseconds(times, "."), [unescape(row) for row in rows]))
    return cues


def _milliseconds(times: str, separator: str) -> tuple[int, int]:
    match = re.fullmatch(_TIMES.format(re.escape(separator)), times)
    assert match is not None, times
    clock = [int(group) for group in match.groups()]
    start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (clock[:4], clock[4:]))
    return start, end
