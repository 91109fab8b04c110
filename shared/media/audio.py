"""Recordings as they come in: what they are, where they may be cut, and the parts that are sent to an engine."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from shared.media.clipping import ClippingMeter
from shared.media.cuts import PAUSE_RATE, Cut, choose_cuts
from shared.media.deadline import Deadline
from shared.media.errors import MediaRefused
from shared.media.loudness import LoudnessMeter
from shared.media.parts import PartFacts, longest_recording, write_part_mp3
from shared.media.pcm import decibels, expand, mono_blocks, read_mono, sound_stream
from shared.media.reading import (
    MAX_SOURCE_BYTES,
    codec_name,
    decoded_frames,
    leading_tag_bytes,
    open_media,
    read_head,
    require_format,
)
from shared.media.sniffing import (
    MP3,
    SOUND_FORMATS,
    WAV,
    FileFormat,
    counts_its_frames,
    missing_wav_bytes,
)

__all__ = [
    "AudioFacts",
    "AudioLimits",
    "Cut",
    "PartFacts",
    "expand_recording",
    "plan_cuts",
    "probe_audio",
    "write_part",
]

_SILENCE_DBFS = -60.0
_SHORTEST_SECONDS = 0.2
_SECONDS_SLACK = 0.05


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """What a recording may ask of the machine."""

    max_bytes: int = MAX_SOURCE_BYTES
    max_seconds: float = 3600.0
    deadline_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What a recording is, measured by decoding all of it.

    `peak_dbfs` and `loudness_lufs` (EBU R 128) are those of the mono mix, which is what is used. `clipped_share` is the
    share, 0 to 1, of the audible samples of the worst channel that were cut off at the top.
    """

    format: str
    codec: str
    sample_rate: int
    channels: int
    seconds: float
    peak_dbfs: float
    loudness_lufs: float
    clipped_share: float = 0.0


def probe_audio(path: Path, *, limits: AudioLimits = AudioLimits()) -> AudioFacts:
    """Decode a recording from end to end and say what it is.

    Raises
    ------
    MediaRefused
        If it is no sound file, damaged, cut off, silent, too short, too long or too slow to decode.
    """
    file_format = require_format(path, SOUND_FORMATS, "sound file", limits.max_bytes)
    deadline = Deadline.after(limits.deadline_seconds)
    with open_media(path, file_format) as container:
        stream = sound_stream(container)
        declared = container.duration / 1e6 if container.duration else None
        if file_format == MP3 and not counts_its_frames(read_head(path, leading_tag_bytes(path))):
            declared = None
        if declared is not None and declared > limits.max_seconds:
            raise MediaRefused(_too_long(declared, limits))
        meter, clipping = LoudnessMeter(stream.rate), ClippingMeter()
        samples, peak = 0, 0.0
        for block in mono_blocks(_metered(decoded_frames(container, stream, deadline), clipping), stream.rate):
            samples += len(block)
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            meter.add(block)
            if samples > limits.max_seconds * stream.rate:
                raise MediaRefused(_too_long(samples / stream.rate, limits))
        facts = AudioFacts(
            format=file_format.name,
            codec=codec_name(stream),
            sample_rate=stream.rate,
            channels=stream.codec_context.layout.nb_channels,
            seconds=samples / stream.rate,
            peak_dbfs=decibels(peak),
            loudness_lufs=meter.integrated_lufs,
            clipped_share=clipping.clipped_share,
        )
    _require_whole(path, file_format, facts.seconds, declared)
    if facts.seconds < _SHORTEST_SECONDS:
        raise MediaRefused(
            f"is too short to speak to: {facts.seconds:.3f} s, and at least {_SHORTEST_SECONDS} s is needed"
        )
    if facts.peak_dbfs < _SILENCE_DBFS:
        raise MediaRefused(f"holds no sound: every sample is below {_SILENCE_DBFS:.0f} dBFS; export it again")
    return facts


def plan_cuts(
    path: Path, *, start: float | None = None, end: float | None = None, max_seconds: float = 30.0
) -> list[Cut]:
    """Divide a recording, or the piece of it from `start` to `end`, into cuts whose written parts fit an engine.

    Parameters
    ----------
    path
        A recording that `probe_audio` accepts.
    start, end
        The piece to use, in seconds of the recording; by default all of it.
    max_seconds
        The longest part that the engine takes, including the silence that `write_part` adds.

    Returns
    -------
    list of Cut
        They follow each other without gap or overlap. The inner ends lie in pauses where there are any near enough.

    Raises
    ------
    MediaRefused
        If the piece lies outside the recording, is too short, or would have a silent part.
    """
    file_format = require_format(path, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES)
    first = start or 0.0
    samples = read_mono(path, file_format, PAUSE_RATE, start=first, end=end)
    last = first + len(samples) / PAUSE_RATE
    if end is not None:
        if end > last + _SECONDS_SLACK:
            raise MediaRefused(f"ends at {last:.2f} s, before the line's end at {end:.2f} s")
        last = min(end, last)
    if last - first < _SHORTEST_SECONDS:
        raise MediaRefused(
            f"has only {max(0.0, last - first):.2f} s from {first:.2f} s on; "
            f"a line needs at least {_SHORTEST_SECONDS} s"
        )
    cuts = choose_cuts(samples, first, last, longest_recording(max_seconds))
    for cut in cuts:
        heard = samples[round((cut.start - first) * PAUSE_RATE) : round((cut.end - first) * PAUSE_RATE)]
        if decibels(float(np.abs(heard).max(initial=0.0))) < _SILENCE_DBFS:
            raise MediaRefused(
                f"holds no sound from {cut.start:.2f} s to {cut.end:.2f} s: every sample there is below "
                f"{_SILENCE_DBFS:.0f} dBFS; check the line's start and end, or cut the silence off"
            )
    return cuts


def expand_recording(source: Path, target: Path) -> None:
    """Write a recording as uncompressed WAV, from which many pieces can be cut without decoding it for each.

    Its samples are the same. It takes 4 bytes for each.

    Raises
    ------
    MediaRefused
        If the recording cannot be read.
    """
    expand(source, require_format(source, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES), target)


def write_part(source: Path, cut: Cut, target: Path) -> PartFacts:
    """Write a cut of a recording as the MP3 that is sent to an engine.

    It is 44.1 kHz, mono, 128 kbit/s, at -16 LUFS by one gain for all of it, and ends in silence: as much as the house
    format needs, so that the engine animates the pause itself. The same input gives the same bytes.

    Raises
    ------
    MediaRefused
        If the source cannot be read, or ends before the cut begins.
    """
    file_format = require_format(source, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES)
    return write_part_mp3(source, file_format, cut, target)


def _metered(frames: Iterator[av.AudioFrame], meter: ClippingMeter) -> Iterator[av.AudioFrame]:
    for frame in frames:
        yield frame
        # Only now: whoever took the frame has refused it if it does not go with those before it.
        meter.add(frame)


def _require_whole(path: Path, file_format: FileFormat, seconds: float, declared: float | None) -> None:
    """Refuse a recording whose end is missing: it would be paid for and spoken only in part."""
    if declared is not None and abs(seconds - declared) > max(0.5, 0.02 * declared):
        raise MediaRefused(
            f"is damaged or was cut off: it says that it lasts {declared:.1f} s, but {seconds:.1f} s can be decoded; "
            "upload it again"
        )
    missing = missing_wav_bytes(read_head(path), path.stat().st_size) if file_format == WAV else 0
    if missing > 0.02 * path.stat().st_size:
        raise MediaRefused(f"was cut off: {missing} bytes are missing at its end; upload it again")


def _too_long(seconds: float, limits: AudioLimits) -> str:
    return f"is too long: {seconds:.0f} s or more, and at most {limits.max_seconds:.0f} s are accepted"
