import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.captions.cues import Cue
from shared.captions.files import subrip, webvtt
from tests.unit.captions.caption_readers import read_subrip, read_webvtt

ROWS = st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp", "Cs"]), min_size=1, max_size=42).filter(str.strip)


@st.composite
def cue_lists(draw: st.DrawFn) -> list[Cue]:
    times = sorted(draw(st.sets(st.integers(0, 36_000_000), min_size=2, max_size=20)))
    pairs = zip(times[::2], times[1::2], strict=False)
    return [
        Cue(start=start / 1000, end=end / 1000, rows=tuple(draw(st.lists(ROWS, min_size=1, max_size=2))))
        for start, end in pairs
    ]


@given(cue_lists())
def test_webvtt_is_read_back_exactly(cues: list[Cue]) -> None:
    expected = [(round(cue.start * 1000), round(cue.end * 1000), list(cue.rows)) for cue in cues]
    assert read_webvtt(webvtt(cues)) == expected


@given(cue_lists())
def test_subrip_is_read_back_but_for_word_joiners(cues: list[Cue]) -> None:
    read = read_subrip(subrip(cues))
    for cue, (start, end, rows) in zip(cues, read, strict=True):
        assert (start, end) == (round(cue.start * 1000), round(cue.end * 1000))
        assert [row.replace("\u2060", "") for row in rows] == [row.replace("\u2060", "") for row in cue.rows]
        assert not any("-->" in row or re.search(r"<[a-zA-Z/]|\{\\", row) for row in rows)


def test_what_looks_like_markup_is_shown_and_not_obeyed() -> None:
    cues = [Cue(start=0, end=1.5, rows=("<b>5 < 7</b> & {\\an8}", "a --> b ---> c"))]
    assert webvtt(cues) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n&lt;b&gt;5 &lt; 7&lt;/b&gt; &amp; {\\an8}\na --&gt; b ---&gt; c\n"
    )
    assert subrip(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\n<\u2060b>5 < 7<\u2060/b> & {\u2060\\an8}\na -\u2060-> b --\u2060-> c\n"
    )


def test_times_do_not_drift_over_four_hundred_cues() -> None:
    # given a cue of 1.1 s at the start of each of 400 parts of 7.36 s, at their places in the episode
    part = Cue(start=0.123, end=1.223, rows=("Hello.",))
    cues = [part.later(number * 7.36) for number in range(400)]
    # when, then each of them is where integers say
    expected = [(7360 * number + 123, 7360 * number + 1223, ["Hello."]) for number in range(400)]
    assert read_subrip(subrip(cues)) == expected
    assert read_webvtt(webvtt(cues)) == expected


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [(1.0, 1.0, ("a",)), (-0.1, 1.0, ("a",)), (0.0, 1.0, ()), (0.0, 1.0, (" ",)), (0.0, 1.0, ("a\nb",))],
)
def test_cues_that_could_not_be_written_are_refused(start: float, end: float, rows: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="cue"):
        Cue(start=start, end=end, rows=rows)
