"""An independent meter: what FFmpeg's ebur128 filter shows for a file."""

import math
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av


class Reading(NamedTuple):
    """Integrated loudness in LUFS and the true peak in dBTP."""

    loudness: float
    true_peak: float


def metered(path: Path) -> Reading:
    """Decode a sound file and read it off the filter, which has its own oversampling for true peaks."""
    resampler = av.AudioResampler("flt", "mono", 48_000)
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=48_000, format="flt", layout="mono", time_base=Fraction(1, 48_000))
    graph.link_nodes(source, graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink"))
    graph.configure()
    shown: dict[str, str] = {}
    with av.open(str(path)) as container:
        position = 0
        for frame in container.decode(audio=0):
            frame.pts = None
            for block in resampler.resample(frame):
                block.pts, block.time_base = position, Fraction(1, 48_000)
                position += block.samples
                graph.push(block)
                shown |= _metadata(graph)
    # The filter gives the peak as an amplitude.
    return Reading(float(shown["lavfi.r128.I"]), 20 * math.log10(float(shown["lavfi.r128.true_peaks_ch0"])))


def _metadata(graph: av.filter.Graph) -> dict[str, str]:
    shown: dict[str, str] = {}
    while True:
        try:
            shown |= dict(graph.pull().metadata)
        except (av.error.BlockingIOError, av.error.EOFError):
            return shown
