"""Where a recording pauses, for captions."""

from pathlib import Path

from shared.media.cuts import PAUSE_RATE, Cut, pauses_of
from shared.media.pcm import read_mono
from shared.media.reading import MAX_SOURCE_BYTES, require_format
from shared.media.sniffing import SOUND_FORMATS


def speech_pauses(source: Path, cut: Cut) -> list[tuple[float, float]]:
    """Return where a cut of a recording pauses for 150 ms or more.

    Returns
    -------
    list of (float, float)
        Starts and ends in seconds of the cut, in order.

    Raises
    ------
    MediaRefused
        If the recording cannot be read.
    """
    file_format = require_format(source, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES)
    return pauses_of(read_mono(source, file_format, PAUSE_RATE, start=cut.start, end=cut.end))
