"""The sound of a house clip: the recording, on the grid, at an even loudness."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.media.errors import MediaRefused
from shared.media.house_format import GRID_SAMPLES, GRID_SECONDS, SILENT_TAIL_SAMPLES, SOUND_RATE
from shared.media.loudness import SPEECH_LUFS, brought_to
from shared.media.pcm import Samples, decibels, faded, read_mono
from shared.media.reading import MAX_SOURCE_BYTES, require_format
from shared.media.sniffing import SOUND_FORMATS

# Leaves the AAC encoder 1 dB under a true peak of -1.5 dBTP.
_TRUE_PEAK_DBTP = -2.5
_FADE_SECONDS = 0.005
# A recording that is longer than the grid by less than this was rounded, not lengthened.
_ROUNDING_SAMPLES = 96
_SILENT_TAIL_DBFS = -50.0


@dataclass(frozen=True, slots=True)
class HouseSound:
    """Samples at 48 kHz, shape (n,), on the grid; `recording` is the same before gain, and `seconds` its own length."""

    samples: Samples
    recording: Samples
    seconds: float
    gain_db: float


def house_sound(path: Path, pause_seconds: float = 0.0) -> HouseSound:
    """Read a recording as the sound of a house clip.

    It is padded with silence to the grid, and then with a pause of whole steps of the grid, the nearest number to
    `pause_seconds`. A recording that sounds up to its end gets another step, so that the last 1024 samples are silent;
    one written by `write_part` has its silence already.
    """
    file_format = require_format(path, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES)
    recording = read_mono(path, file_format, SOUND_RATE)
    if not len(recording):
        raise MediaRefused("holds no sound that can be decoded")
    steps = -(-max(1, len(recording) - _ROUNDING_SAMPLES) // GRID_SAMPLES)
    audible_end = recording[steps * GRID_SAMPLES - SILENT_TAIL_SAMPLES :]
    if len(audible_end) and decibels(float(np.abs(audible_end).max())) > _SILENT_TAIL_DBFS:
        steps += 1
    length = steps * GRID_SAMPLES
    fitted = np.zeros(length, np.float32)
    heard = min(len(recording), length - SILENT_TAIL_SAMPLES)
    fitted[:heard] = faded(recording[:heard], _FADE_SECONDS, SOUND_RATE)
    samples, gain = brought_to(fitted, SOUND_RATE, SPEECH_LUFS, _TRUE_PEAK_DBTP)
    samples = np.pad(samples, (0, grid_steps(pause_seconds) * GRID_SAMPLES))
    samples[-SILENT_TAIL_SAMPLES:] = 0.0
    return HouseSound(samples, fitted, min(len(recording), length) / SOUND_RATE, gain)


def grid_steps(seconds: float) -> int:
    """Return the number of steps of the grid that is nearest to a length in seconds."""
    return round(seconds / GRID_SECONDS)
