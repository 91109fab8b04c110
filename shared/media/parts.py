"""Parts: pieces of a recording as MP3, at one loudness, padded with silence to the grid of the house format."""

import math
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from shared.media.cuts import Cut
from shared.media.errors import MediaRefused
from shared.media.house_format import GRID_SECONDS, SILENT_TAIL_SAMPLES, SOUND_RATE
from shared.media.loudness import SPEECH_LUFS, brought_to
from shared.media.output import replacing
from shared.media.pcm import faded, read_mono, to_frame
from shared.media.sniffing import FileFormat

_RATE = 44_100
_BIT_RATE = 128_000
_MP3_FRAME = 1152
# The encoder scales what it is given by this (LAME's --scale, which it sets itself at constant bit rates).
_ENCODER_SCALE = 0.95
# Leaves the encoder 0.5 dB under a true peak of -1.5 dBTP.
_TRUE_PEAK_DBTP = -2.0
_FADE_SECONDS = 0.005
_GRID = int(GRID_SECONDS * _RATE)
# One MP3 frame more than the house format asks for: so far the codec smears the end of the sound into the silence.
_TAIL = math.ceil(SILENT_TAIL_SAMPLES * _RATE / SOUND_RATE) + _MP3_FRAME


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A written part: its length, which is a multiple of 0.32 s, and that of the recording in it."""

    seconds: float
    recording_seconds: float


def longest_recording(max_seconds: float) -> float:
    """Return the longest cut, in seconds, whose part is no longer than `max_seconds` with its silence."""
    longest = math.floor(max_seconds * _RATE / _GRID + 1e-9) * _GRID - _TAIL
    if longest < _RATE:
        raise ValueError(f"parts of at most {max_seconds} s leave no room for a line")
    return longest / _RATE


def write_part_mp3(source: Path, file_format: FileFormat, cut: Cut, target: Path) -> PartFacts:
    """Write a cut as a padded MP3 at -16 LUFS; see `shared.media.audio.write_part`."""
    recording = faded(read_mono(source, file_format, _RATE, start=cut.start, end=cut.end), _FADE_SECONDS, _RATE)
    if not len(recording):
        raise MediaRefused(f"ends before {cut.start:.2f} s, where a part should begin")
    speech, _ = brought_to(recording, _RATE, SPEECH_LUFS, _TRUE_PEAK_DBTP)
    length = math.ceil((len(recording) + _TAIL) / _GRID) * _GRID
    padded = np.pad(speech / np.float32(_ENCODER_SCALE), (0, length - len(recording)))
    # No tags: they would carry the version of the library into the bytes.
    options = {"id3v2_version": "0", "fflags": "+bitexact"}
    with replacing(target) as partial, av.open(str(partial), "w", format="mp3", options=options) as container:
        stream = container.add_stream("libmp3lame", rate=_RATE, layout="mono")
        stream.bit_rate = _BIT_RATE
        stream.codec_context.format = "fltp"
        for position in range(0, length, _MP3_FRAME):
            container.mux(stream.encode(to_frame(padded[position : position + _MP3_FRAME], _RATE, position)))
        container.mux(stream.encode(None))
    return PartFacts(seconds=length / _RATE, recording_seconds=len(recording) / _RATE)
