"""Pictures laid over video: blended plane by plane, inside their box only, so that all around stays as it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.floating]

_OPAQUE = 255
# ITU-R BT.709, 3: red, green and blue in the luminance; and 8-bit limited range, 16 to 235 and 16 to 240.
_RED, _BLUE = 0.2126, 0.0722
_LUMA_WEIGHTS = np.array([_RED, 1 - _RED - _BLUE, _BLUE]) * 219 / 255
_CHROMA_WEIGHTS = (
    np.array([[-_RED, _RED + _BLUE - 1, 1 - _BLUE], [1 - _RED, _RED + _BLUE - 1, -_BLUE]])
    / np.array([[2 * (1 - _BLUE)], [2 * (1 - _RED)]])
    * (224 / 255)
)
_BLACK, _GREY = 16.0, 128.0


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A picture over a video for some time.

    Attributes
    ----------
    picture
        RGBA with straight alpha, shape (height, width, 4).
    left, top
        Where its upper left corner lies in the video, in pixels. What lies outside of the video is not seen.
    start, end
        When it is seen, in seconds of the video.
    fade_in, fade_out
        How long it takes to appear from `start` on, and to vanish until `end`, in seconds.
    """

    picture: Picture
    left: int
    top: int
    start: float
    end: float
    fade_in: float = 0.0
    fade_out: float = 0.0

    def opacity(self, seconds: float) -> float:
        """Return how visible it is at a time, from 0 to 1."""
        if not self.start <= seconds < self.end:
            return 0.0
        appeared = (seconds - self.start) / self.fade_in if self.fade_in else 1.0
        left = (self.end - seconds) / self.fade_out if self.fade_out else 1.0
        return min(1.0, appeared, left)


def overlaid(frames: Iterator[av.VideoFrame], overlays: Sequence[Overlay], frame_rate: int) -> Iterator[av.VideoFrame]:
    """Yield frames with the overlays blended in, later ones over earlier ones.

    Parameters
    ----------
    frames
        In yuv420p, BT.709, limited range. They are not changed: a frame that is touched is copied, so the same one may
        be given many times, to hold it.
    overlays
        Their times count from the first frame.
    frame_rate
        Frames per second.
    """
    layers = [_Layer(overlay) for overlay in overlays]
    for position, frame in enumerate(frames):
        # A frame stands for the time until the next one: it is judged by its middle.
        seconds = (position + 0.5) / frame_rate
        visible = [(layer, round(_OPAQUE * layer.overlay.opacity(seconds))) for layer in layers]
        visible = [(layer, opacity) for layer, opacity in visible if opacity]
        if visible:
            if frame.format.name != "yuv420p":
                raise ValueError(f"overlays are blended into yuv420p, not into {frame.format.name}")
            rows = np.asarray(frame.to_ndarray(), dtype=np.uint8)
            planes = _planes(rows, frame)
            for layer, opacity in visible:
                layer.blend_into(planes, opacity)
            touched = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            touched.pts = frame.pts
            touched.colorspace, touched.color_range = frame.colorspace, frame.color_range
            if frame.time_base is not None:
                touched.time_base = frame.time_base
            yield touched
        else:
            yield frame


class _Layer:
    """An overlay, ready to be blended into frames of one size."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._opaque: list[tuple[Floats, Floats]] = []
        self._opacity = -1
        self._prepared: list[tuple[NDArray[np.uint16], NDArray[np.uint16]]] = []

    def blend_into(self, planes: Sequence[Picture], opacity: int) -> None:
        """Blend it into the Y, U and V planes of a frame; `opacity` is of 255."""
        height, width = planes[0].shape
        self._opaque = self._opaque or _premultiplied(self.overlay, width, height)
        if opacity != self._opacity:
            share = opacity / _OPAQUE
            self._opacity = opacity
            self._prepared = [
                (_whole(colour * share), _OPAQUE - _whole(alpha * share)) for colour, alpha in self._opaque
            ]
        left, top = _even_corner(self.overlay)
        for plane, (colour, transparency), halved in zip(planes, self._prepared, (1, 2, 2), strict=True):
            down, across = top // halved, left // halved
            box = plane[down : down + colour.shape[0], across : across + colour.shape[1]]
            # At most 255 * 255 + 128 + 254: sixteen bits hold it. The shifts divide by 255, exactly rounded.
            blended = box * transparency
            blended += colour
            blended += 128
            blended += blended >> 8
            box[:] = blended >> 8


def _even_corner(overlay: Overlay) -> tuple[int, int]:
    """Return the corner of the smallest box around an overlay whose colour planes have whole pixels."""
    return max(0, overlay.left) // 2 * 2, max(0, overlay.top) // 2 * 2


def _premultiplied(overlay: Overlay, width: int, height: int) -> list[tuple[Floats, Floats]]:
    """Return, for Y, U and V, the colour times the opacity, and the opacity, of 255 both, of what is seen."""
    left, top = _even_corner(overlay)
    rows = slice(max(0, -overlay.top), max(0, height - overlay.top))
    columns = slice(max(0, -overlay.left), max(0, width - overlay.left))
    seen = overlay.picture[rows, columns]
    if not seen.size:
        return [(np.zeros((0, 0), np.float32),) * 2] * 3
    before = max(0, overlay.top) - top, max(0, overlay.left) - left
    after = -(before[0] + seen.shape[0]) % 2, -(before[1] + seen.shape[1]) % 2
    padded = np.pad(seen, ((before[0], after[0]), (before[1], after[1]), (0, 0))).astype(np.float32)
    alpha = padded[..., 3]
    colour = padded[..., :3] * alpha[..., np.newaxis]
    # A pixel of the colour planes is the mean of four, each of which counts as much as it is opaque.
    halved_alpha, halved_colour = _halved(alpha), _halved(colour)
    luma = colour @ _LUMA_WEIGHTS + _BLACK * alpha
    chroma = halved_colour @ _CHROMA_WEIGHTS.T + _GREY * halved_alpha[..., np.newaxis]
    return [(luma, alpha), (chroma[..., 0], halved_alpha), (chroma[..., 1], halved_alpha)]


def _halved(plane: Floats) -> Floats:
    rows, columns = plane.shape[:2]
    return np.asarray(plane.reshape(rows // 2, 2, columns // 2, 2, *plane.shape[2:]).mean(axis=(1, 3)))


def _whole(plane: Floats) -> NDArray[np.uint16]:
    return np.rint(plane).astype(np.uint16)


def _planes(rows: Picture, frame: av.VideoFrame) -> list[Picture]:
    """Return the Y, U and V planes as views of the rows that PyAV makes of a yuv420p frame."""
    chroma = rows[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    return [rows[: frame.height], *chroma]
