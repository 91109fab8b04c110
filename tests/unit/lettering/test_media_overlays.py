import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.media.overlays import Overlay, overlaid

Array = NDArray[np.uint8]
WIDTH, HEIGHT = 64, 48


def video_frame(rgb: Array) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", src_color_range="JPEG", dst_color_range="MPEG")


def converted(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows of a yuv420p frame, not rounded, after ITU-R BT.709, 3."""
    red, green, blue = np.moveaxis(rgb / 255, -1, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    halved = [
        ((colour - luma) / reach).reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
        for colour, reach in ((blue, 1.8556), (red, 1.5748))
    ]
    return np.concatenate([16 + 219 * luma, *(128 + 224 * plane.reshape(-1, WIDTH) for plane in halved)])


def rows_of(frame: av.VideoFrame) -> Array:
    return np.asarray(frame.to_ndarray(), dtype=np.uint8)


def noise(seed: int = 0) -> av.VideoFrame:
    rows = np.random.default_rng(seed).integers(16, 236, (HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
    frame.pts = 7
    return frame


def rgba(width: int, height: int, colour: tuple[int, int, int], alpha: int) -> Array:
    return np.broadcast_to(np.array([*colour, alpha], np.uint8), (height, width, 4)).copy()


def one(frame: av.VideoFrame, *overlays: Overlay) -> Array:
    (result,) = overlaid(iter([frame]), overlays, 25)
    return rows_of(result)


@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    below=st.tuples(*[st.integers(0, 255)] * 3),
    alpha=st.integers(0, 255),
    left=st.integers(0, 40),
    top=st.integers(0, 30),
)
def test_blending_is_that_of_rgb_within_two_levels(
    colour: tuple[int, int, int], below: tuple[int, int, int], alpha: int, left: int, top: int
) -> None:
    # given a plain picture and an overlay
    background = np.broadcast_to(np.array(below, float), (HEIGHT, WIDTH, 3)).copy()
    overlay = Overlay(rgba(21, 15, colour, alpha), left, top, 0, 1)
    frame = av.VideoFrame.from_ndarray(np.rint(converted(background)).astype(np.uint8), format="yuv420p")
    # when
    result = one(frame, overlay)
    # then it is as if it had been blended in RGB and then converted
    background[top : top + 15, left : left + 21] += (np.array(colour) - np.array(below)) * alpha / 255
    assert np.abs(result - converted(background)).max() <= 2


def test_the_colours_are_those_of_other_converters() -> None:
    for colour in ((255, 0, 0), (0, 255, 0), (10, 40, 250), (255, 255, 255), (0, 0, 0)):
        picture = np.broadcast_to(np.array(colour, np.uint8), (HEIGHT, WIDTH, 3)).copy()
        result = one(noise(), Overlay(rgba(WIDTH, HEIGHT, colour, 255), 0, 0, 0, 1))
        assert np.abs(result.astype(int) - rows_of(video_frame(picture)).astype(int)).max() <= 1


@given(left=st.integers(-30, 80), top=st.integers(-30, 60), alpha=st.integers(1, 255))
def test_all_around_an_overlay_stays_as_it_was(left: int, top: int, alpha: int) -> None:
    # given an overlay anywhere, also beyond the edges
    frame = noise()
    before = rows_of(frame).copy()
    # when
    after = one(frame, Overlay(rgba(21, 15, (255, 255, 255), alpha), left, top, 0, 1))
    # then what lies outside of it, and of the pixels of colour that it touches, is the same
    touched = np.zeros((HEIGHT, WIDTH), bool)
    touched[max(0, top) : max(0, top + 15), max(0, left) : max(0, left + 21)] = True
    assert np.array_equal(after[:HEIGHT][~touched], before[:HEIGHT][~touched])
    coloured = touched.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).any(axis=(1, 3))
    for plane in (0, 1):
        now, then = (rows[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)[plane] for rows in (after, before))
        assert np.array_equal(now[~coloured], then[~coloured])
    # and the frame that was given is the same everywhere
    assert np.array_equal(rows_of(frame), before)
    # and within, white only makes brighter
    assert (after[:HEIGHT][touched] >= before[:HEIGHT][touched]).all()
    assert alpha < 8 or not touched.any() or (after[:HEIGHT][touched] > before[:HEIGHT][touched]).mean() > 0.5


def test_transparent_pixels_change_nothing() -> None:
    frame = noise()
    assert np.array_equal(one(frame, Overlay(rgba(30, 30, (255, 0, 0), 0), 5, 5, 0, 1)), rows_of(frame))


def test_at_an_edge_between_pixels_of_colour_a_colour_counts_by_its_area() -> None:
    # given a red overlay that covers half of the colour pixels at its left edge
    red = np.full((HEIGHT, WIDTH, 3), (255, 0, 0), np.uint8)
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    # when
    result = one(video_frame(grey), Overlay(rgba(21, 20, (255, 0, 0), 255), 11, 10, 0, 1))
    # then they are half red
    first_chroma = result[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)[1]
    full = rows_of(video_frame(red))[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)[1][0, 0]
    assert first_chroma[7, 5] == pytest.approx((128 + int(full)) / 2, abs=1)
    assert first_chroma[7, 6] == pytest.approx(int(full), abs=1)


def test_an_overlay_fades_in_and_out_within_its_time() -> None:
    # given white over black from 0.2 s to 0.8 s, with fades of 0.2 s, at 25 frames a second
    black = video_frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    overlay = Overlay(rgba(WIDTH, HEIGHT, (255, 255, 255), 255), 0, 0, 0.2, 0.8, fade_in=0.2, fade_out=0.2)
    # when
    luma = [int(rows_of(frame)[0, 0]) for frame in overlaid(iter([black] * 25), [overlay], 25)]
    # then it is dark before and after, white between, and in even steps in the fades, though one frame was held
    assert luma[:5] == [16] * 5
    assert luma[20:] == [16] * 5
    assert luma[10:15] == [235] * 5
    assert luma[5:10] == pytest.approx([16 + 219 * (step + 0.5) / 5 for step in range(5)], abs=1)
    assert luma[15:20] == pytest.approx(luma[5:10][::-1], abs=1)


def test_later_overlays_cover_earlier_ones_and_frames_without_any_are_passed_on() -> None:
    frame = noise()
    red = Overlay(rgba(10, 10, (255, 0, 0), 255), 0, 0, 0, 0.04)
    blue = Overlay(rgba(10, 10, (0, 0, 255), 255), 0, 0, 0, 0.04)
    first, second = overlaid(iter([frame, frame]), [red, blue], 25)
    assert np.array_equal(rows_of(first), one(frame, blue))
    assert first.pts == frame.pts
    assert second is frame


def test_other_pixel_formats_are_an_error() -> None:
    frame = av.VideoFrame.from_ndarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8), "rgb24")
    with pytest.raises(ValueError, match="yuv420p"):
        list(overlaid(iter([frame]), [Overlay(rgba(2, 2, (0, 0, 0), 255), 0, 0, 0, 1)], 25))
