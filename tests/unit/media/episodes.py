"""Episodes for the tests: house clips with a flash and a beep at one moment, and what a meter says of the result."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from shared.media.house import HouseFormat, make_house_clip
from tests.unit.media.media_samples import RATE, Samples, Video, decoded_sound, tone, write_sound, write_video

SMALL = HouseFormat(160, 90)


@dataclass(frozen=True)
class MadeClip:
    """A house clip, its length in frames, and where in it the flash and the beep are, in seconds."""

    path: Path
    frames: int
    mark: float


def beep(seconds: float, at: float) -> Samples:
    """Return silence with a beep of 0.2 s."""
    sound = tone(seconds, 0.0)
    burst = tone(0.2, 0.5)
    begin = round(at * RATE)
    sound[begin : begin + len(burst)] = burst
    return sound


def marked_clip(
    folder: Path,
    name: str,
    seconds: float,
    at: float,
    *,
    form: HouseFormat = SMALL,
    late: float = 0.0,
    pause: float = 0.0,
) -> MadeClip:
    """Write a house clip that flashes and beeps at the same time, by an engine whose sound and picture are late."""
    size = (form.width, form.height)
    recording = beep(seconds, at)
    own_sound = recording if late else None
    video = Video(seconds + late + 0.2, size=size, flash=at + late, sound=own_sound, sound_late=late)
    source = write_video(folder / f"{name}.src.mp4", video)
    write_sound(folder / f"{name}.wav", recording)
    target = folder / f"{name}.mp4"
    facts = make_house_clip(source, folder / f"{name}.wav", target, form, pause_seconds=pause)
    return MadeClip(target, facts.frames, at)


def onsets(active: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.flatnonzero(active[1:] & ~active[:-1]) + 1


def beep_times(path: Path) -> NDArray[np.float64]:
    """Return when beeps begin, in seconds, to 2 ms."""
    sound = decoded_sound(path, 48_000)
    loud = np.abs(sound[: len(sound) // 96 * 96]).reshape(-1, 96).max(axis=1) > 0.05
    times = onsets(loud) * 96 / 48_000
    return times[np.insert(np.diff(times) > 0.25, 0, True)]


def mean_lumas(path: Path) -> NDArray[np.float64]:
    """Return the mean luma of every frame, of a decode that does not forgive any error."""
    means = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for frame in container.decode(stream):
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            means.append(rows[: plane.height, : plane.width].mean())
    return np.array(means)


def flash_times(path: Path) -> NDArray[np.float64]:
    """Return when flashes begin, in seconds."""
    return (onsets(np.append(False, mean_lumas(path) > 220)) - 1) / 25


def packet_times(path: Path, kind: str) -> list[tuple[int, int]]:
    """Return decoding and presentation times of a track's packets, in ticks."""
    with av.open(str(path)) as container:
        streams = getattr(container.streams, kind)
        return [(p.dts, p.pts) for p in container.demux(streams[0]) if p.dts is not None and p.pts is not None]


def assert_gapless(path: Path) -> None:
    """Assert that picture and sound follow in even steps, in the order of decoding and in that of presentation."""
    for kind, step in (("video", 512), ("audio", 1024)):
        times = packet_times(path, kind)
        assert {after - before for (before, _), (after, _) in pairwise(times)} == {step}
        shown = sorted(pts for _, pts in times)
        assert {after - before for before, after in pairwise(shown)} == {step}


@dataclass(frozen=True)
class Loudness:
    integrated: float
    true_peak: float


def loudness(path: Path) -> Loudness:
    """Measure a file as it is, in LUFS and dBTP, with FFmpeg's meter after EBU R 128."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        meter = graph.add("ebur128", "metadata=1:peak=true")
        graph.link_nodes(graph.add_abuffer(template=stream), meter, graph.add("abuffersink"))
        graph.configure()
        integrated, peaks = -70.0, [0.0]
        for frame in [*container.decode(stream), None]:
            graph.push(frame)
            while True:
                try:
                    metadata = graph.pull().metadata
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
                integrated = float(metadata.get("lavfi.r128.I", integrated))
                peaks += [float(value) for key, value in metadata.items() if "true_peaks_ch" in key]
    return Loudness(integrated, float(20 * np.log10(max(peaks) + 1e-9)))
