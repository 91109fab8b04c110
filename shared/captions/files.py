"""Caption files: SubRip and WebVTT."""

import re
from collections.abc import Sequence

from shared.captions.cues import Cue

_WEBVTT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_WORD_JOINER = "\u2060"
# What players of SubRip files take for a tag (<b>, </font>, {\an8}, {b}) or for a line of times.
_SUBRIP_MARKUP = re.compile(r"(?<=<)(?=[/A-Za-z])|(?<=\{)(?=[\\/A-Za-z])|(?<=-)(?=->)")


def subrip(cues: Sequence[Cue]) -> str:
    r"""Return cues as the text of an `.srt` file, to be written as UTF-8.

    SubRip has no escapes. So what would be taken for a tag (``<b>``, ``{\an8}``) or for a line of times (``-->``) is
    broken up by a word joiner (U+2060), which has no width.
    """
    blocks = []
    for number, cue in enumerate(cues, 1):
        rows = [_SUBRIP_MARKUP.sub(_WORD_JOINER, row) for row in cue.rows]
        blocks.append("\n".join([str(number), f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}", *rows, ""]))
    return "\n".join(blocks)


def webvtt(cues: Sequence[Cue]) -> str:
    """Return cues as the text of a `.vtt` file, to be written as UTF-8 (https://www.w3.org/TR/webvtt1/)."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        rows = [row.translate(_WEBVTT_ESCAPES) for row in cue.rows]
        blocks.append("\n".join([f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}", *rows, ""]))
    return "\n".join(blocks)


def _clock(seconds: float, separator: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}{separator}{milliseconds % 1000:03d}"
