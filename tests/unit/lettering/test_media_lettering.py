from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from shared.captions.cues import Cue
from shared.media.cards import title_picture
from shared.media.errors import MediaRefused
from shared.media.house_format import HouseFormat, house_format
from shared.media.lettering import caption_overlays, lower_third
from shared.media.overlays import Overlay
from tests.unit.media.media_samples import write_picture

FORMS = [
    house_format(aspect_ratio, resolution)
    for aspect_ratio in ("16:9", "9:16", "1:1", "4:3", "3:4")
    for resolution in ("540p", "1080p")
]
LONG_NAME = "Анастасия Святославовна Преображенская-Константинопольская"
LONG_ROWS = ("WHAT WOULD YOU WANT WITH A WET LIGHTHOUSE,", "OR WITH TWO HUNDRED AND FOUR WOODEN STAIRS")


def inked_box(overlay: Overlay, above: int = 128) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom, in the video, of what is more opaque than a shadow."""
    rows, columns = np.nonzero(overlay.picture[..., 3] > above)
    return (
        overlay.left + int(columns.min()),
        overlay.top + int(rows.min()),
        overlay.left + int(columns.max()) + 1,
        overlay.top + int(rows.max()) + 1,
    )


def white_rows(overlay: Overlay) -> int:
    """Return how many rows of white letters there are: bands of white with nothing between them."""
    red, alpha = overlay.picture[..., 0], overlay.picture[..., 3]
    lines = ((red > 200) & (alpha > 200)).sum(axis=1) > 0
    return int((np.diff(np.concatenate([[False], lines]).astype(int)) == 1).sum())


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("name", ["Bo", LONG_NAME])
@pytest.mark.parametrize("rows", [("Yes.",), LONG_ROWS])
def test_text_lies_in_the_safe_area_and_never_on_other_text(
    form: HouseFormat, name: str, rows: tuple[str, ...]
) -> None:
    # given a name and a caption at the same time
    lower = lower_third(name, form)
    (caption,) = caption_overlays([Cue(start=0, end=2, rows=rows)], form)
    assert lower is not None
    # then both keep 5 % of each side free
    name_box, caption_box = inked_box(lower), inked_box(caption)
    for left, top, right, bottom in (name_box, caption_box):
        # An outline may reach beyond by a hair.
        slack = 0.006 * form.width
        assert left >= 0.05 * form.width - slack
        assert right <= 0.95 * form.width + slack
        assert top >= 0.05 * form.height
        assert bottom <= 0.95 * form.height + 0.02 * min(form.width, form.height)
    # and the name stands above the caption, at the left, in the lower half
    assert name_box[3] < caption_box[1]
    assert name_box[0] == pytest.approx(0.05 * form.width, abs=2)
    assert name_box[1] > form.height / 2
    # and the caption is in the middle
    assert (caption_box[0] + caption_box[2]) / 2 == pytest.approx(form.width / 2, abs=0.01 * form.width)


def test_a_name_appears_and_vanishes_softly_and_stays_three_seconds() -> None:
    overlay = lower_third("Mara Quill", house_format("16:9", "720p"), start=2.0)
    assert overlay is not None
    assert overlay.opacity(1.99) == 0
    assert overlay.opacity(2.15) == pytest.approx(0.5)
    assert (overlay.opacity(2.31), overlay.opacity(5.29)) == (1, 1)
    assert overlay.opacity(5.6) == 0


def test_the_rows_of_a_cue_are_kept_where_they_fit_and_broken_again_where_they_do_not() -> None:
    cue = Cue(start=1, end=3, rows=("Gathered here, four hundred", "are marooned in a green harbour."))
    (wide,) = caption_overlays([cue], house_format("16:9", "720p"))
    assert (wide.start, wide.end, white_rows(wide)) == (1, 3, 2)
    long = Cue(
        start=1, end=3, rows=("Those four hundred are marooned in harbour", "nets and are not more than the others are")
    )
    (narrow,) = caption_overlays([long], house_format("9:16", "720p"))
    assert white_rows(narrow) == 3


def test_captions_of_one_and_two_rows_end_at_the_same_height() -> None:
    form = house_format("16:9", "720p")
    one, two = caption_overlays([Cue(start=0, end=1, rows=("name",)), Cue(start=1, end=2, rows=("own", "name"))], form)
    assert inked_box(one)[3] == pytest.approx(inked_box(two)[3], abs=1)


def test_letters_are_white_and_outlined_in_black() -> None:
    (caption,) = caption_overlays([Cue(start=0, end=1, rows=("Hello",))], house_format("16:9", "720p"))
    colour, alpha = caption.picture[..., :3].max(axis=-1), caption.picture[..., 3]
    opaque = alpha > 200
    assert ((colour > 240) & opaque).sum() > 300
    assert ((colour < 30) & opaque).sum() > 300
    # and the edge of the picture is clear, so that it is not seen
    edges = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert edges.max() <= 3


def test_what_is_made_of_emoji_alone_is_not_drawn() -> None:
    form = house_format("16:9", "540p")
    assert caption_overlays([Cue(start=0, end=1, rows=("🎉🎉",))], form) == []
    assert lower_third("🎉", form) is None


def letters_box(card: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(card.min(axis=-1) > 190)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


@pytest.mark.parametrize("form", FORMS[::2], ids=str)
@settings(max_examples=6, deadline=None)
@given(
    title=st.lists(st.text("abcdefghij", min_size=1, max_size=20), min_size=1, max_size=20).map(" ".join)
    | st.text("W", min_size=1, max_size=60),
    subtitle=st.none() | st.text("xyz ", max_size=120),
)
def test_titles_of_any_length_fit_the_card(form: HouseFormat, title: str, subtitle: str | None) -> None:
    card = title_picture(title, subtitle, None, form)
    assert card.shape == (form.height, form.width, 3)
    left, top, right, bottom = letters_box(card)
    assert left >= 0.08 * form.width
    assert right <= 0.92 * form.width
    assert top >= 0.05 * form.height
    assert bottom <= 0.95 * form.height


def test_the_plain_ground_is_smooth_without_bands() -> None:
    # given a card without text
    card = title_picture("🎉", None, None, HouseFormat(640, 360)).astype(float)
    # then no row of it has the same colour all along, as bands have, and it is dark, and darker at the edges
    assert (card[..., 0].std(axis=1) > 0.5).all()
    middle, corner = card[150:210, 280:360].mean(), card[:40, :40].mean()
    assert 20 < corner + 10 < middle < 80


def test_the_backdrop_is_seen_out_of_focus_and_dark(tmp_path: Path) -> None:
    # given a picture with a sharp edge, of another shape than the card
    backdrop = write_picture(tmp_path / "backdrop.png", 640, 640)
    card = title_picture("A", None, backdrop, HouseFormat(640, 360)).astype(float)
    with Image.open(backdrop) as image:
        original = np.asarray(image.convert("RGB"), dtype=float)
    assert 0.2 < card.mean() / original.mean() < 0.6
    assert np.abs(np.diff(card[60, 250:390].mean(axis=-1))).max() < 8
    # and its colours are those of the picture
    warm = card[150:200, 100:140].mean(axis=(0, 1))
    expected = original[285:335, 100:140].mean(axis=(0, 1))
    assert warm / warm.sum() == pytest.approx(expected / expected.sum(), abs=0.05)


def test_a_backdrop_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "backdrop.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(MediaRefused, match="is not a picture"):
        title_picture("Title", None, path, HouseFormat(320, 180))


def test_sizes_go_by_the_shorter_side() -> None:
    heights = []
    for form in (house_format("16:9", "540p"), house_format("16:9", "1080p")):
        overlay = lower_third("Mara", form)
        assert overlay is not None
        _, top, _, bottom = inked_box(overlay)
        heights.append(bottom - top)
    assert heights[1] == pytest.approx(2 * heights[0], abs=2)
