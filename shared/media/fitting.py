"""Pictures brought to the size, rate and colours of the house format, never stretched.

What loses a tenth of itself at most, or has a place to look at, fills the frame and is cropped around that place. The
rest is shown whole, before a blurred and darkened copy of itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.filter.context import FilterContext
from PIL import Image, ImageOps

from shared.media.clips import ClipLimits, is_on_its_side, video_stream
from shared.media.errors import MediaRefused
from shared.media.house_format import FRAME_RATE, HouseFormat
from shared.media.motion import CENTRE, Position
from shared.media.reading import decoded_frames, open_media
from shared.media.sniffing import FileFormat

_UPSIDE_DOWN = ("hflip", "vflip")
_TURNS = {90: ("transpose=cclock",), -90: ("transpose=clock",), 180: _UPSIDE_DOWN, -180: _UPSIDE_DOWN}
# FFmpeg's AVColorSpace, AVColorRange and AVColorTransferCharacteristic, which are those of ITU-T H.273. Video that does
# not say is taken for HD, as players do.
_COLOUR_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_FULL_RANGE = 2
_PQ = 16

_MOST_CROPPED = Fraction(1, 10)
# A speaker's mouth belongs below the middle of the frame: the eyes are then above it.
_MOUTH_HEIGHT = 0.6
_BACKDROP_SCALE = 8
_BACKDROP_BLUR = "sigma=5:steps=2"
# Down to 45 % of the brightness and 80 % of the colour, in limited range.
_BACKDROP_DARKENED = "y=(val-16)*0.45+16:u=(val-128)*0.8+128:v=(val-128)*0.8+128"

_DECODED_QUICKLY = 1280 * 720
"""Pixels of a picture up to which one thread decodes faster than all others encode; more would take time from these."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placement:
    """How a picture is laid into the house format: scaled to `size`, and cropped from `left`, `top` on where it fills.

    Where it does not fill, it is centred.
    """

    size: Size
    fills: bool
    left: int = 0
    top: int = 0


def placement(width: Fraction, height: Fraction, form: HouseFormat, position: Position | None = None) -> Placement:
    """Return how to lay a picture into the house format.

    Parameters
    ----------
    width, height
        Of the upright picture, in square pixels.
    form
        The size wanted.
    position
        A speaker's mouth, to crop around as nearly as the picture's edges allow; the picture then fills the frame
        however much of it is lost.
    """
    across, down = form.width / width, form.height / height
    kept = min(across, down) / max(across, down)
    if position is None and kept < 1 - _MOST_CROPPED:
        scale = min(across, down)
        return Placement((max(2, even(width * scale)), max(2, even(height * scale))), fills=False)
    scale = max(across, down)
    size = (max(form.width, even(width * scale)), max(form.height, even(height * scale)))
    x, y = position or CENTRE
    height_share = _MOUTH_HEIGHT if position else CENTRE.y
    return Placement(
        size,
        fills=True,
        left=even(min(max(x * size[0] - form.width / 2, 0), size[0] - form.width)),
        top=even(min(max(y * size[1] - height_share * form.height, 0), size[1] - form.height)),
    )


def even(length: float | Fraction) -> int:
    """Return the even number nearest to a length: pictures with halved colour need even sides."""
    return 2 * round(length / 2)


def fitted_frames(
    clip: Path,
    file_format: FileFormat,
    form: HouseFormat,
    *,
    late: float,
    needed_seconds: float,
    position: Position | None = None,
) -> Iterator[av.VideoFrame]:
    """Decode a clip to frames of the house format.

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
    position
        The place to crop around; by default, the picture is cropped by a tenth at most.

    Raises
    ------
    MediaRefused
        At the end, if the picture lasted less; or if its brightness is coded for screens of high dynamic range.
    """
    with open_media(clip, file_format) as container:
        stream = video_stream(container, ClipLimits().max_pixels)
        if stream.codec_context.width * stream.codec_context.height <= _DECODED_QUICKLY:
            stream.codec_context.thread_count = 1
        origin = Fraction(container.start_time or 0, av.time_base) + Fraction(late).limit_denominator(FRAME_RATE)
        graph: av.filter.Graph | None = None
        count = 0
        for frame in decoded_frames(container, stream):
            if graph is None:
                graph = _clip_graph(stream, frame, form, position)
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


def fitted_picture(path: Path, form: HouseFormat, position: Position | None = None) -> av.VideoFrame:
    """Return a PNG, JPEG or WebP picture as a frame of the house format."""
    with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    frame = av.VideoFrame.from_ndarray(np.asarray(upright), format="rgb24")
    frame.pts, frame.time_base = 0, Fraction(1, FRAME_RATE)
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    placed = placement(Fraction(frame.width), Fraction(frame.height), form, position)
    _finish(graph, source, placed, form, "flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709")
    graph.vpush(frame)
    graph.vpush(None)
    return next(_pulled(graph))


def _clip_graph(
    stream: av.VideoStream, first: av.VideoFrame, form: HouseFormat, position: Position | None
) -> av.filter.Graph:
    if first.color_trc == _PQ:
        raise MediaRefused(
            "is HDR video (PQ), whose brightness would come out wrong; export it in standard dynamic range (SDR)"
        )
    width, height = Fraction(first.width) * (stream.sample_aspect_ratio or 1), Fraction(first.height)
    if is_on_its_side(first):
        width, height = height, width
    matrix = _COLOUR_MATRICES.get(first.colorspace, "bt709")
    levels = "pc" if first.color_range == _FULL_RANGE or first.format.name.startswith("yuvj") else "tv"
    graph = av.filter.Graph()
    last = _linked(graph, graph.add_buffer(template=stream), f"fps={FRAME_RATE}:start_time=0")
    for turn in _TURNS.get(first.rotation, ()):
        last = _linked(graph, last, turn)
    colours = f"flags=bicubic:in_color_matrix={matrix}:out_color_matrix=bt709:in_range={levels}"
    _finish(graph, last, placement(width, height, form, position), form, colours)
    return graph


def _finish(graph: av.filter.Graph, last: FilterContext, placed: Placement, form: HouseFormat, scaling: str) -> None:
    """Add what scales and places the picture, and the end of the graph."""
    width, height = placed.size
    for step in (f"scale={width}:{height}:{scaling}:out_range=tv", "format=yuv420p", "setsar=1"):
        last = _linked(graph, last, step)
    if placed.fills:
        if placed.size != (form.width, form.height):
            last = _linked(graph, last, f"crop={form.width}:{form.height}:{placed.left}:{placed.top}")
    else:
        last = _before_backdrop(graph, last, form)
    _linked(graph, last, "buffersink")
    graph.configure()


def _before_backdrop(graph: av.filter.Graph, picture: FilterContext, form: HouseFormat) -> FilterContext:
    """Lay a picture over a copy of itself that fills the frame, small, blurred and darkened, and enlarged again."""
    both = _linked(graph, picture, "split")
    width, height = even(form.width / _BACKDROP_SCALE), even(form.height / _BACKDROP_SCALE)
    last = both
    for step in (
        f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=area",
        f"crop={width}:{height}",
        f"gblur={_BACKDROP_BLUR}",
        f"lutyuv={_BACKDROP_DARKENED}",
        f"scale={form.width}:{form.height}:flags=bicubic",
        "setsar=1",
    ):
        last = _linked(graph, last, step)
    laid = graph.add("overlay", "(W-w)/2:(H-h)/2:shortest=1")
    last.link_to(laid, 0, 0)
    both.link_to(laid, 1, 1)
    return laid


def _linked(graph: av.filter.Graph, last: FilterContext, step: str) -> FilterContext:
    name, _, arguments = step.partition("=")
    added = graph.add(name, arguments or None)
    last.link_to(added)
    return added


def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
