"""The sound of a house clip: the recording, on the grid, at an even loudness."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.media.errors import MediaRefused
from shared.media.house_format import GRID_SAMPLES, SILENT_TAIL_SAMPLES, SOUND_RATE
from shared.media.pcm import LOUDNESS_FLOOR_LUFS, LoudnessMeter, Samples, amplified, decibels, faded, read_mono
from shared.media.reading import MAX_SOURCE_BYTES, require_format
from shared.media.sniffing import SOUND_FORMATS

# Measured on finished episodes: clips made at -15.6 give an episode of -16 LUFS, since pauses count differently there.
_TARGET_LUFS = -15.6
_MAX_GAIN_DB = 30.0
# Leaves the AAC encoder 1 dB and more under a true peak of -1.5 dBFS.
_CEILING = 0.75
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


def house_sound(path: Path) -> HouseSound:
    """Read a recording as the sound of a house clip.

    It is padded with silence to the grid. A recording that sounds up to its end gets another step of the grid, so that
    the last 1024 samples are silent; one written by `write_part` has its silence already.
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
    gain = _gain(fitted)
    samples = amplified(fitted, gain, _CEILING, SOUND_RATE)
    samples[-SILENT_TAIL_SAMPLES:] = 0.0
    return HouseSound(samples, fitted, min(len(recording), length) / SOUND_RATE, gain)


def _gain(samples: Samples) -> float:
    """Return the static gain in dB that brings samples to the target; none for what is too short to be measured."""
    meter = LoudnessMeter(SOUND_RATE)
    meter.add(samples)
    if meter.integrated_lufs <= LOUDNESS_FLOOR_LUFS:
        return 0.0
    return float(np.clip(_TARGET_LUFS - meter.integrated_lufs, -_MAX_GAIN_DB, _MAX_GAIN_DB))
