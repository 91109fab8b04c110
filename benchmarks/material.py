"""What the benchmarks work on: talking clips as an engine sends them, and house clips that the product made of them."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from benchmarks.grain import add_grain
from local.fal_media.studio import draw_background, draw_composite, draw_portrait, film_talking_head
from shared.media.audio import Cut, write_part
from shared.media.dissolve import write_dissolve
from shared.media.house import HouseFormat, make_house_clip
from shared.media.mp4.reading import read_movie
from shared.media.pcm import Samples, read_mono, to_frame
from shared.media.reading import MAX_SOURCE_BYTES, require_format
from shared.media.sniffing import SOUND_FORMATS

RECORDINGS = Path(__file__).parents[1] / "events" / "sample-episode" / "audio"
FORM = HouseFormat(1280, 720)
CLIP_SECONDS = 7.68
CLIPS = 40
"""Five minutes; longer episodes repeat them."""

_RATE = 44_100
_SPEECH_SECONDS = 7.4
_MUSIC_SECONDS = 60
_PEOPLE = ("young woman, red curly hair, yellow raincoat", "old man, white beard, navy sweater", "woman, teal coat")
_PLACES = ("lighthouse on a rocky coast at dusk", "round kitchen, warm lamp light", "harbour at dawn, fishing boats")


@dataclass(frozen=True, slots=True)
class Line:
    """The files of one line: what is said, the clip as an engine sends it, the house clip, and its dissolved head."""

    recording: Path
    clip: Path
    house: Path
    head: Path

    @property
    def frames(self) -> int:
        """The length of the house clip."""
        picture = read_movie(self.house).track(b"vide")
        return 0 if picture is None else len(picture.samples)


def lines_in(folder: Path) -> list[Line]:
    """Return the lines whose clips `make_lines` made in a folder."""
    names = [folder / f"{number:02d}" for number in range(CLIPS)]
    endings = (".mp3", ".clip.mp4", ".mp4", ".head.mp4")
    return [Line(*(name.with_suffix(ending) for ending in endings)) for name in names]


def make_lines(folder: Path) -> list[Line]:
    """Make the clips of five minutes, or take those that an earlier run left in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = lines_in(folder)
    for number, line in enumerate(lines):
        if not line.house.exists():
            print(f"making clip {number + 1} of {CLIPS}", flush=True)
            _make_line(number, line, folder)
    for before, line in zip(lines[-1:] + lines[:-1], lines, strict=True):
        if not line.head.exists():
            write_dissolve(before.house, line.house, line.head, FORM)
    return lines


def _make_line(number: int, line: Line, folder: Path) -> None:
    speech = folder / "speech.wav"
    if not speech.exists():
        _write_wav(speech, _all_speech())
    start = number * _SPEECH_SECONDS % (_seconds(speech) - _SPEECH_SECONDS)
    write_part(speech, Cut(start, start + _SPEECH_SECONDS), line.recording)
    size = (FORM.width, FORM.height)
    person = draw_portrait(_PEOPLE[number % 3], seed=number, size=(720, 720))
    place = draw_background(_PLACES[number // 3 % 3], seed=number, size=size)
    composite = draw_composite([person, place], "standing", seed=number, size=size, output_format="png")
    drawn = folder / "drawn.mp4"
    drawn.write_bytes(film_talking_head(composite, line.recording.read_bytes(), size=size, seed=number))
    add_grain(drawn, line.clip, seed=number)
    make_house_clip(line.clip, line.recording, line.house, FORM)


def make_music(target: Path) -> Path:
    """Write a minute of a slow chord."""
    times = np.arange(_MUSIC_SECONDS * _RATE) / _RATE
    notes = [np.sin(2 * np.pi * pitch * times) * (1 + np.sin(times * pace)) for pitch, pace in ((220, 1.9), (277, 1.3))]
    _write_wav(target, (np.sum(notes, axis=0) / 5).astype(np.float32))
    return target


def _all_speech() -> Samples:
    recordings = sorted(RECORDINGS.iterdir())
    formats = [require_format(path, SOUND_FORMATS, "sound file", MAX_SOURCE_BYTES) for path in recordings]
    return np.concatenate([read_mono(path, form, _RATE) for path, form in zip(recordings, formats, strict=True)])


def _write_wav(target: Path, samples: Samples) -> None:
    with av.open(str(target), "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=_RATE, layout="mono")
        resampler = av.AudioResampler("flt", "mono", _RATE)
        for frame in resampler.resample(to_frame(samples, _RATE, 0)):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base
