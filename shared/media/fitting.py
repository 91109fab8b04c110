"""Pictures brought to the house format: a clip's frames, and a slow push-in on a still."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from shared.media.clips import ClipLimits, is_on_its_side, video_stream
from shared.media.errors import MediaRefused
from shared.media.house_format import FRAME_RATE, HouseFormat
from shared.media.reading import decoded_frames, open_media
from shared.media.sniffing import FileFormat

_TURNS = {90: "transpose=cclock", -90: "transpose=clock", 180: "hflip,vflip", -180: "hflip,vflip"}
# FFmpeg's AVColorSpace. Video that does not say is taken for HD, as players do.
_COLOUR_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_FULL_RANGE = 2

_ZOOM_PER_SECOND = 0.008
_MAX_ZOOM = 0.10
_MOST_CROPPED = 0.10


def fitted_frames(
    clip: Path, file_format: FileFormat, form: HouseFormat, *, late: float, needed_seconds: float
) -> Iterator[av.VideoFrame]:
    """Decode a clip to frames of the house format: at its rate, upright, whole, centred on black.

    Parameters
    ----------
    clip, file_format
        The clip.
    form
        The size wanted.
    late
        How many seconds of the clip's time pass before the recording begins; the picture is moved forward by it.
    needed_seconds
        The least that the picture must last.

    Raises
    ------
    MediaRefused
        At the end, if the picture lasted less.
    """
    with open_media(clip, file_format) as container:
        stream = video_stream(container, ClipLimits().max_pixels)
        origin = Fraction(container.start_time or 0, av.time_base) + Fraction(late).limit_denominator(FRAME_RATE)
        graph: av.filter.Graph | None = None
        count = 0
        for frame in decoded_frames(container, stream):
            if graph is None:
                graph = _fitting_graph(stream, frame, form)
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(origin / frame.time_base)
            graph.vpush(frame)
            for fitted in _pulled(graph):
                count += 1
                yield fitted
        if graph is not None:
            graph.vpush(None)
            for fitted in _pulled(graph):
                count += 1
                yield fitted
    if count == 0 or count < needed_seconds * FRAME_RATE:
        raise MediaRefused(
            f"is too short: its picture lasts {count / FRAME_RATE:.2f} s, "
            f"and at least {needed_seconds:.2f} s are needed"
        )


def _fitting_graph(stream: av.VideoStream, first: av.VideoFrame, form: HouseFormat) -> av.filter.Graph:
    graph = av.filter.Graph()
    width, height = _fitted_size(stream, first, form)
    matrix = _COLOUR_MATRICES.get(first.colorspace, "bt709")
    levels = "pc" if first.color_range == _FULL_RANGE or first.format.name.startswith("yuvj") else "tv"
    colours = f"in_color_matrix={matrix}:out_color_matrix=bt709:in_range={levels}:out_range=tv"
    steps = [
        f"fps={FRAME_RATE}:start_time=0",
        *_TURNS.get(first.rotation, "").split(","),
        f"scale={width}:{height}:flags=bicubic:{colours}",
        "setsar=1",
        "format=yuv420p",
        f"pad={form.width}:{form.height}:-1:-1",
    ]
    filters = [graph.add(name, arguments or None) for name, _, arguments in (s.partition("=") for s in steps if s)]
    graph.link_nodes(graph.add_buffer(template=stream), *filters, graph.add("buffersink"))
    graph.configure()
    return graph


def _fitted_size(stream: av.VideoStream, first: av.VideoFrame, form: HouseFormat) -> tuple[int, int]:
    """Return the size, even, at which a clip just fits the house format, upright and with square pixels."""
    width, height = Fraction(first.width) * (stream.sample_aspect_ratio or 1), Fraction(first.height)
    if is_on_its_side(first):
        width, height = height, width
    scale = min(form.width / width, form.height / height)
    return max(2, even(width * scale)), max(2, even(height * scale))


def even(length: float | Fraction) -> int:
    """Return the even number nearest to a length: pictures with halved colour need even sides."""
    return 2 * round(length / 2)


def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def push_in_frames(image: Path, form: HouseFormat, count: int) -> Iterator[av.VideoFrame]:
    """Yield `count` frames of a slow push-in on a picture.

    Every frame is cut out at sub-pixel positions and resized, plane by plane: whole-pixel steps, as FFmpeg's zoompan
    makes them, are seen to jerk.
    """
    zoom = min(_MAX_ZOOM, _ZOOM_PER_SECOND * count / FRAME_RATE)
    # As large as the last frame needs, so that none is enlarged.
    canvas = HouseFormat(even(form.width * (1 + zoom)), even(form.height * (1 + zoom)))
    planes = _planes(_fitted_picture(image, canvas), canvas)
    for position in range(count):
        # From the whole canvas to the middle 1 / (1 + zoom) of it, at an even speed on the screen.
        share = (1 + zoom) ** (-position / max(1, count - 1))
        yield _assembled([_middle(plane, share, form, halved=index > 0) for index, plane in enumerate(planes)])


def _fitted_picture(path: Path, canvas: HouseFormat) -> Image.Image:
    """Return a picture that fills the canvas if at most a tenth of it is lost, else whole and centred on black."""
    with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    wanted, given = canvas.width / canvas.height, upright.width / upright.height
    size = (canvas.width, canvas.height)
    if min(wanted, given) / max(wanted, given) >= 1 - _MOST_CROPPED:
        return ImageOps.fit(upright, size, Image.Resampling.LANCZOS)
    return ImageOps.pad(upright, size, Image.Resampling.LANCZOS)


def _planes(picture: Image.Image, canvas: HouseFormat) -> list[Image.Image]:
    """Return the Y, U and V planes of a picture after ITU-R BT.709; U and V are half the size."""
    frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG"
    )
    rows = np.asarray(frame.to_ndarray(), dtype=np.uint8)
    chroma = rows[canvas.height :].reshape(2, canvas.height // 2, canvas.width // 2)
    return [Image.fromarray(plane) for plane in (rows[: canvas.height], *chroma)]


def _middle(plane: Image.Image, share: float, form: HouseFormat, *, halved: bool) -> NDArray[np.uint8]:
    """Return the middle of a plane, `share` of its width and height, resized to the plane of the house format."""
    size = (form.width // 2, form.height // 2) if halved else (form.width, form.height)
    left, top = plane.width * (1 - share) / 2, plane.height * (1 - share) / 2
    box = (left, top, plane.width - left, plane.height - top)
    return np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box=box))


def _assembled(planes: list[NDArray[np.uint8]]) -> av.VideoFrame:
    luma, *chroma = planes
    rows = np.concatenate([luma, np.concatenate([plane.ravel() for plane in chroma]).reshape(-1, luma.shape[1])])
    return av.VideoFrame.from_ndarray(rows, format="yuv420p")
