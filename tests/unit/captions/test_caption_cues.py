import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.captions.alignment import SpokenPart, word_times
from shared.captions.cues import COLUMNS_PER_SECOND, EARLIEST_SECONDS, LONGEST_SECONDS, Cue, cues_of, cues_of_line
from shared.captions.words import columns_of, words_of

SPACES = re.compile(r"[ \n]+")
WORDS = st.text("abcdefgäßœλμж", min_size=1, max_size=12)
MARKS = st.sampled_from(["", "", "", "", ",", ".", "?", "!", " \u2014", "…", ";"])
SENTENCES = st.lists(st.tuples(WORDS, MARKS).map("".join), min_size=1, max_size=120).map(" ".join)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=600) | st.text(
    "abc 漢字かな、。「」(( --…\u0301\u200d👩🏽\n\u00a0אבגمرح", max_size=900
)


@st.composite
def spoken_parts(draw: st.DrawFn) -> list[SpokenPart]:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        hundredths = draw(st.integers(20, 3000))
        borders = sorted(draw(st.sets(st.integers(0, hundredths), max_size=10)))
        pauses = [(a / 100, b / 100) for a, b in zip(borders[::2], borders[1::2], strict=False) if b - a >= 15]
        parts.append(SpokenPart(hundredths / 100, pauses))
    return parts


def visible(text: str) -> str:
    """Return a text without spaces and what has no width."""
    return "".join(character for character in text if columns_of(character) and not character.isspace())


def texts(cues: tuple[Cue, ...]) -> list[str]:
    return [" ".join(cue.rows) for cue in cues]


# Whatever a script says must become captions: a run whose parts are paid for may not end in an error here.
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SENTENCES | ANY_TEXT, spoken_parts())
def test_cues_hold_all_of_the_text_once_inside_the_audio_and_within_limits(text: str, parts: list[SpokenPart]) -> None:
    by_part = cues_of_line(text, parts)
    # then there are cues for each part, which together say everything, in order
    assert len(by_part) == len(parts)
    said = "".join(row for cues in by_part for cue in cues for row in cue.rows)
    assert visible(said) == visible(text)
    for cues, part in zip(by_part, parts, strict=True):
        # and they lie one after the other inside their part
        times = [time for cue in cues for time in (cue.start, cue.end)]
        assert times == sorted(times)
        assert all(0 <= time <= part.seconds for time in times)
        # and none is larger or stays longer than can be read
        for cue in cues:
            assert 0 < cue.end - cue.start <= LONGEST_SECONDS + 0.002
            assert 1 <= len(cue.rows) <= 2
            assert all(columns_of(row) <= 42 for row in cue.rows)


@given(SENTENCES, spoken_parts())
def test_words_are_never_divided_and_marks_never_stand_alone(text: str, parts: list[SpokenPart]) -> None:
    rows = [row for cues in cues_of_line(text, parts) for cue in cues for row in cue.rows]
    assert [token for row in rows for token in row.split(" ")] == SPACES.split(text)
    assert all(re.search(r"\w", row) for row in rows)


@given(SENTENCES, spoken_parts())
def test_a_cue_is_too_fast_or_too_short_only_if_it_already_fills_its_time(text: str, parts: list[SpokenPart]) -> None:
    words = iter(word_times(words_of(text), parts))
    offset = 0.0
    for part, cues in zip(parts, cues_of_line(text, parts), strict=True):
        ends_before = 0.0
        for number, cue in enumerate(cues):
            spoken = [next(words) for _ in words_of(" ".join(cue.rows))]
            needed = max(1.0, columns_of(" ".join(cue.rows)) / COLUMNS_PER_SECOND)
            if cue.end - cue.start < needed - 0.002:
                free_until = cues[number + 1].start if number + 1 < len(cues) else part.seconds
                free_from = max(ends_before, spoken[0][0] - offset - EARLIEST_SECONDS)
                assert cue.end == pytest.approx(free_until, abs=0.01 + 0.001 * len(cues))
                assert cue.start == pytest.approx(free_from, abs=0.01 + 0.001 * len(cues))
            ends_before = cue.end
        offset += part.seconds


@given(SENTENCES, spoken_parts())
def test_words_are_said_in_order_outside_of_pauses(text: str, parts: list[SpokenPart]) -> None:
    times = word_times(words_of(text), parts)
    assert len(times) == len(words_of(text))
    assert all(start < end for start, end in times)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(times))
    offset = 0.0
    for part in parts:
        pauses = [(offset + a, offset + b) for a, b in part.pauses]
        border = offset + part.seconds
        assert all(not start + 1e-9 < border < end - 1e-9 for start, end in times)
        if any(end - start < part.seconds for start, end in part.pauses):
            inside = [(a, b) for a, b in times if offset <= a and b <= border]
            assert all(
                not (a + 1e-9 < end and start + 1e-9 < b)
                for a, b in inside
                for start, end in pauses
                if len(pauses) == 1
            )
        offset = border


def test_borders_lie_at_the_pauses_that_fit_best() -> None:
    # given two sentences, the first of them slow, and a hesitation in it
    text = "Your map has just gone blank. Where are the boats?"
    pauses = [(0.0, 0.2), (1.3, 1.5), (3.0, 3.6), (4.6, 5.0)]
    # when
    cues = cues_of(text, 5.0, pauses)
    # then the border is in the long pause, and the caption stays while the sentence is said
    assert texts(cues) == ["Your map has just gone blank.", "Where are the boats?"]
    assert cues[0].start == 0.2
    assert 3.0 <= cues[0].end <= 3.6
    assert cues[1].start == 3.6


def test_the_text_of_a_cut_line_goes_on_in_the_next_part() -> None:
    # given a line that was cut in the pause between its sentences; times are those of the parts
    text = (
        "My father kept that lamp, and his father before him. You climb up, you light it, you sit down, and you wait."
    )
    parts = [SpokenPart(4.0, [(0.0, 0.1), (3.8, 4.0)]), SpokenPart(4.2, [(0.0, 0.3)])]
    # when
    first, second = cues_of_line(text, parts)
    # then
    assert " ".join(texts(first)) == "My father kept that lamp, and his father before him."
    assert " ".join(texts(second)) == "You climb up, you light it, you sit down, and you wait."
    assert second[0].start == pytest.approx(0.3, abs=0.3)


def test_a_quick_cue_stays_through_the_pause_that_follows() -> None:
    # given ten words in 1.2 s, then silence
    cues = cues_of("I know that you would have come back anyway, Tom.", 6.0, [(1.2, 6.0)])
    # then it can be read at 17 characters a second
    assert cues[0].end - cues[0].start == pytest.approx(49 / 17, abs=0.002)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        # one row as long as it fits
        ("We could have sold it years ago, you know.", ["We could have sold it years ago, you know."]),
        # two rows at a clause, though the second one is longer
        (
            "My father kept that lamp before me, and his father before him,",
            ["My father kept that lamp before me,", "and his father before him,"],
        ),
        # no row ends with a short word that belongs to the next
        ("The storm took the roof of the old harbour house", ["The storm took the roof", "of the old harbour house"]),
        # marks stay with their words
        (
            "Il a dit « venez demain matin » et il est reparti !",
            ["Il a dit « venez demain matin »", "et il est reparti !"],
        ),
        # an abbreviation ends nothing
        (
            "Yesterday at the harbour Dr. Chen spoke of the sea",
            ["Yesterday at the harbour", "Dr. Chen spoke of the sea"],
        ),
    ],
)
def test_rows_break_where_a_reader_would(text: str, rows: list[str]) -> None:
    (cue,) = cues_of(text, 4.0)
    assert list(cue.rows) == rows


def test_chinese_is_broken_between_characters_but_not_before_a_full_stop() -> None:
    text = "我们几年前就可以卖掉这个地方。但你从来都不想那样做、对吧。陈博士告诉我、灯塔还会屹立一百年。"
    rows = [row for cue in cues_of(text, 14.0) for row in cue.rows]
    assert "".join(rows) == text
    assert all(len(row) <= 21 for row in rows)
    assert not any(row[0] in "。、" for row in rows)


def test_a_word_longer_than_a_row_is_divided_between_characters_as_readers_see_them() -> None:
    # given 60 letters, each with an accent of its own, and an emoji of three characters
    text = "e\u0301" * 60 + "👩\u200d🚒"
    rows = [row for cue in cues_of(text, 8.0) for row in cue.rows]
    assert "".join(rows) == text
    assert len(rows) > 1
    assert not any(row[0] in "\u0301\u200d🚒" for row in rows)


def test_text_from_right_to_left_is_kept_in_the_order_of_its_characters() -> None:
    text = "כבר יכולנו למכור את המקום לפני שנים. אבל אתה אף פעם לא רצית בזה."
    assert " ".join(texts(cues_of(text, 6.0, [(2.5, 3.0)]))) == text


def test_no_text_has_no_cues() -> None:
    assert cues_of_line(" \n ", [SpokenPart(1.0), SpokenPart(2.0)]) == ((), ())


def test_many_clauses_far_from_their_pauses_are_all_said() -> None:
    # given more breaks near each pause than are looked at
    text = "ab; c " * 145
    parts = [SpokenPart(7.75, [(6.87, 7.02), (7.17, 7.32), (7.47, 7.62)])]
    (cues,) = cues_of_line(text, parts)
    assert " ".join(texts(cues)) == text.strip()


def test_far_more_text_than_can_be_said_still_fits_the_audio() -> None:
    cues = cues_of("A. " * 1666, 0.2, [(0.0, 0.19)])
    assert cues[-1].end <= 0.2
    assert "".join("".join(cue.rows) for cue in cues).count("A.") == 1666
