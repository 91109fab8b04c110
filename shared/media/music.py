"""Music under a finished episode: the picture, captions and chapters are copied, and the sound is mixed anew."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import av
import numpy as np

from shared.media.ducking import VolumeCurve, ducked_volume, speech_spans
from shared.media.house_format import AAC_PACKET, SAMPLES_PER_FRAME, SOUND_RATE
from shared.media.loudness import SPEECH_LUFS, LoudnessMeter, limiting_gains, true_peaks
from shared.media.mp4.new_sound import with_new_sound
from shared.media.music_bed import measure_music, music_bed
from shared.media.pcm import Samples, mono_blocks, to_frame
from shared.media.prefetch import prefetched
from shared.media.reading import decoded_frames, open_media
from shared.media.sniffing import MP4

_BIT_RATE = 160_000
_BLOCK = 48 * AAC_PACKET
_LIMITER_CONTEXT = 4800
_BLOCKS_AHEAD = 4
# Leaves the AAC encoder 1 dB under a true peak of -1.5 dBTP.
_TRUE_PEAK_DBTP = -2.5
# Of a voice in the middle, each loudspeaker gets so much that both together are as loud as one was alone.
_MIDDLE: Final = np.float32(np.sqrt(0.5))
# Between samples, sound goes at most about 3 dB over them: a full tone of a quarter of the rate does.
_MOST_BETWEEN_SAMPLES = float(np.sqrt(2))


def lay_music_under(video: Path, music: Path, target: Path) -> None:
    """Write an episode again, in stereo, with music under its speech, at -16 LUFS and at most -1.5 dBTP.

    The music is repeated if it is shorter than the episode, fades in and out at the episode's ends, and is quieter
    wherever somebody speaks. Nothing is kept in memory but a few seconds.

    Parameters
    ----------
    video
        An episode that `join_house_clips` wrote.
    music
        A sound file.
    target
        The MP4 to write.

    Raises
    ------
    MediaRefused
        If the music cannot be read, is silent or shorter than 2 s.
    """
    facts = measure_music(music)
    with open_media(video, MP4) as episode:
        length = episode.streams.video[0].frames * SAMPLES_PER_FRAME
    sources = _Sources(video, music, facts.seconds, length)
    volume = ducked_volume(speech_spans(sources.speech(), SOUND_RATE), facts.loudness_lufs)
    gain = _missing_gain(sources.mixed(volume))
    levelled = (block * gain for block in sources.mixed(volume))
    sound = target.with_name(f".{target.name}.sound")
    try:
        with closing(prefetched(_limited(levelled, float(10 ** (_TRUE_PEAK_DBTP / 20))), _BLOCKS_AHEAD)) as blocks:
            _encode(blocks, sound)
        with_new_sound(video, sound, target)
    finally:
        sound.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Sources:
    """What is mixed: an episode's speech, and music of `music_seconds`; both for `length` samples."""

    video: Path
    music: Path
    music_seconds: float
    length: int

    def speech(self) -> Iterator[Samples]:
        """Yield the episode's sound in blocks of shape (n,), as long as its picture."""
        missing = self.length
        with open_media(self.video, MP4) as episode:
            for block in mono_blocks(decoded_frames(episode, episode.streams.audio[0]), SOUND_RATE):
                yield block[:missing]
                missing -= len(block[:missing])
        yield np.zeros(missing, np.float32)

    def mixed(self, volume: VolumeCurve) -> Iterator[Samples]:
        """Yield speech in the middle and music around it, in blocks of shape (2, n)."""
        bed = music_bed(self.music, self.music_seconds, self.length)
        position = 0
        for speech, music in zip(_even_blocks(self.speech()), _even_blocks(bed), strict=True):
            yield _MIDDLE * speech + volume.amplitudes(position, music.shape[1], SOUND_RATE) * music
            position += music.shape[1]


def _missing_gain(blocks: Iterable[Samples]) -> np.float32:
    """Return the factor that brings stereo sound to the loudness of an episode."""
    meter = LoudnessMeter(SOUND_RATE, "stereo")
    for block in blocks:
        meter.add(block)
    return np.float32(10 ** ((SPEECH_LUFS - meter.integrated_lufs) / 20))


def _even_blocks(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """Yield samples anew in blocks of one length; the last one may be shorter."""
    waiting: list[Samples] = []
    length = 0
    for block in blocks:
        waiting.append(block)
        length += block.shape[-1]
        if length >= _BLOCK:
            samples = np.concatenate(waiting, axis=-1)
            whole = length // _BLOCK * _BLOCK
            for start in range(0, whole, _BLOCK):
                yield samples[..., start : start + _BLOCK]
            waiting, length = [samples[..., whole:]], length - whole
    if length:
        yield np.concatenate(waiting, axis=-1)


def _limited(blocks: Iterator[Samples], ceiling: float) -> Iterator[Samples]:
    """Yield blocks whose true peaks stay under `ceiling`; both channels get the same gain, so that nothing moves."""
    before, current = np.zeros((2, _LIMITER_CONTEXT), np.float32), next(blocks)
    for following in chain(blocks, (np.zeros((2, _LIMITER_CONTEXT), np.float32),)):
        window = np.concatenate([before, current, following[:, :_LIMITER_CONTEXT]], axis=1)
        inner = slice(_LIMITER_CONTEXT, _LIMITER_CONTEXT + current.shape[1])
        if np.abs(window).max() * _MOST_BETWEEN_SAMPLES > ceiling:
            peaks = np.maximum(true_peaks(window[0]), true_peaks(window[1]))
            current = current * limiting_gains(peaks, ceiling, SOUND_RATE)[inner]
        yield current
        before = window[:, inner][:, -_LIMITER_CONTEXT:]
        current = following


def _encode(blocks: Iterable[Samples], target: Path) -> None:
    """Write blocks as AAC."""
    with av.open(str(target), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=SOUND_RATE, layout="stereo", options={"aac_coder": "fast"})
        stream.bit_rate = _BIT_RATE
        position = 0
        for block in blocks:
            for start in range(0, block.shape[1], AAC_PACKET):
                samples = block[:, start : start + AAC_PACKET]
                container.mux(stream.encode(to_frame(samples, SOUND_RATE, position)))
                position += samples.shape[1]
        container.mux(stream.encode(None))
