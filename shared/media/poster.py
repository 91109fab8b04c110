"""A picture that stands for an episode before it plays."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path

import av
import numpy as np
from PIL import Image

from shared.media.errors import MediaRefused
from shared.media.output import replacing
from shared.media.prefetch import prefetched
from shared.media.reading import open_media
from shared.media.sniffing import MP4

_PLACES = 9
_QUALITY = 90
_DARKEST_MEAN, _BRIGHTEST_MEAN = 40.0, 210.0
"""Of the luma of a picture that can be seen well; 16 is black and 235 white."""
_LEAST_SHARE = 1 / 16
"""Of the luma's range that the picture has to use: what has less is a plain ground."""
_COMPARED_WIDTH = 480
_FRAMES_AHEAD = 2


def write_poster(video: Path, target: Path, times: Sequence[float] = ()) -> None:
    """Write the sharpest frame of a few as a JPEG; one that is dark, glaring or plain only if all are.

    Parameters
    ----------
    video
        A finished episode.
    target
        The JPEG to write.
    times
        Where to look, in seconds: for example the middles of its parts, away from cards and dissolves. The last key
        frame before each is judged; of more than nine, nine that are spread evenly. By default, nine places over the
        whole video.

    Raises
    ------
    MediaRefused
        If the video holds no frame that can be decoded.
    """
    best: tuple[tuple[bool, float], av.VideoFrame] | None = None
    with closing(prefetched(_key_frames(video, _some_of(times)), _FRAMES_AHEAD)) as frames:
        for frame in frames:
            merit = _merit(frame)
            if best is None or merit > best[0]:
                best = merit, frame
    if best is None:
        raise MediaRefused("holds no frame of video that can be decoded")
    with replacing(target) as partial:
        picture = Image.fromarray(np.asarray(best[1].to_ndarray(format="rgb24"), dtype=np.uint8))
        picture.save(partial, format="JPEG", quality=_QUALITY, optimize=True, progressive=True)


def _key_frames(video: Path, times: Sequence[float]) -> Iterator[av.VideoFrame]:
    """Yield the last key frame before each of some times; by default, those of nine places over the whole video."""
    with open_media(video, MP4) as container:
        if not container.streams.video:
            raise MediaRefused("holds no video")
        stream = container.streams.video[0]
        length = (container.duration or 0) / av.time_base
        for time in times or [length * place / _PLACES for place in range(_PLACES)]:
            container.seek(round(time * av.time_base))
            for packet in islice(container.demux(stream), 1):
                # Without more packets, or the end, the decoder would wait for frames that may be shown before this one.
                yield from islice(chain(packet.decode(), stream.decode(None)), 1)


def _some_of(times: Sequence[float]) -> list[float]:
    count = min(len(times), _PLACES)
    return [times[(2 * place + 1) * len(times) // (2 * count)] for place in range(count)]


def _merit(frame: av.VideoFrame) -> tuple[bool, float]:
    """Return whether a frame can be seen well, and how sharp it is: the variance of its Laplacian.

    See Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000.
    """
    height = max(1, round(frame.height * _COMPARED_WIDTH / frame.width))
    small = frame.reformat(_COMPARED_WIDTH, height, "gray", interpolation="AREA")
    luma = np.asarray(small.to_ndarray(), dtype=np.float64)
    inner = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inner
    dark, bright = np.percentile(luma, (5, 95))
    is_seen_well = _DARKEST_MEAN < luma.mean() < _BRIGHTEST_MEAN and (bright - dark) > 255 * _LEAST_SHARE
    return bool(is_seen_well), float(laplacian.var())
