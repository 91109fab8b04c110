"""What an edit asks of parts: pauses on the grid, names where they are new, cards before what the script shows."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.keys import FileKind
from shared.media.house_format import GRID_SECONDS
from shared.plan.editing import on_grid
from shared.plan.models import Plan
from tests.builders import TWO_SCENES, part_of, plan_of
from tests.unit.plan.edited_episodes import edited_plans


def edited(edit: dict[str, Any] | None = None, **fields: Any) -> Plan:
    return plan_of({**TWO_SCENES, "edit": edit or {}, **fields})


@given(st.floats(0, 1000))
def test_a_length_on_the_grid_is_the_nearest_multiple_but_never_none(seconds: float) -> None:
    rounded = on_grid(seconds)
    steps = Fraction(rounded) / GRID_SECONDS
    assert float(steps) == pytest.approx(round(steps), abs=1e-4)
    if seconds == 0:
        assert rounded == 0
    else:
        assert rounded >= 0.32
        assert abs(rounded - seconds) <= max(0.16, 0.32 - seconds) + 1e-6


@settings(deadline=None)
@given(edited_plans())
def test_a_pause_stands_between_two_lines(plan: Plan) -> None:
    lines = plan.parts[-1].line
    pauses = {part.pause_seconds for part in plan.parts if part.piece == part.pieces and part.line < lines}
    assert len(pauses) <= 1
    for part in plan.parts:
        if part.piece < part.pieces or part.line == lines:
            assert part.pause_seconds == 0, "pieces of a line belong together, and nothing comes after the last one"


def test_a_pause_is_rounded_to_the_grid() -> None:
    assert [part.pause_seconds for part in edited({"pause": 0.4}).parts] == [0.32, 0.32, 0.32, 0]
    assert [part.pause_seconds for part in edited({"pause": 0.01}).parts] == [0.32, 0.32, 0.32, 0]
    assert {part.pause_seconds for part in edited().parts} == {0}


@settings(deadline=None)
@given(edited_plans())
def test_everybody_is_introduced_once_where_they_first_speak(plan: Plan) -> None:
    introduced = [(part.index, part.introduces) for part in plan.parts if part.introduces]
    first = {part.character: part.index for part in reversed(plan.parts)}
    if introduced:
        assert introduced == sorted((index, name) for name, index in first.items())
    for part in plan.parts:
        assert part.introduces in (None, part.character)


def test_nobody_is_introduced_unless_asked_for() -> None:
    assert [part.introduces for part in edited({"lower_thirds": True}).parts] == ["Alex", "Mara", None, None]
    assert [part.introduces for part in edited().parts] == [None] * 4


def test_a_line_in_pieces_introduces_its_speaker_in_the_first() -> None:
    plan = plan_of({**TWO_SCENES, "edit": {"lower_thirds": True}}, pieces={0: [part_of("one"), part_of("two")]})
    assert [part.introduces for part in plan.parts[:3]] == ["Alex", None, "Mara"]


def test_cards_stand_before_the_pictures_next_to_them() -> None:
    # given a script with both cards
    plan = edited({"title_card": {"subtitle": "A story", "seconds": 2}, "end_card": {"title": "Thank you"}})
    title, end = plan.edit.title_card, plan.edit.end_card
    assert title
    assert end
    # then they show its title and theirs, before the first line's picture and the last one's
    assert (title.title, title.subtitle, title.backdrop) == (plan.title, "A story", plan.parts[0].picture)
    assert (end.title, end.subtitle, end.backdrop) == ("Thank you", None, plan.parts[-1].picture)
    # and last as long as the grid allows
    assert (title.seconds, end.seconds) == (1.92, 3.84)
    assert {house.kind for card in (title, end) for house in card.houses.values()} == {FileKind.HOUSE}


def test_a_card_has_no_picture_that_nobody_buys() -> None:
    # given scripts some of whose lines are the script's own clips
    def backdrops(own: set[int]) -> tuple[object, object, Plan]:
        scenes = [{**scene, "lines": [dict(line) for line in scene["lines"]]} for scene in TWO_SCENES["scenes"]]
        lines = [line for scene in scenes for line in scene["lines"]]
        for number in own:
            lines[number]["clip"] = "own/clip.mp4"
        plan = edited({"title_card": True, "end_card": {"title": "Bye"}}, scenes=scenes)
        assert plan.edit.title_card
        assert plan.edit.end_card
        return plan.edit.title_card.backdrop, plan.edit.end_card.backdrop, plan

    # then a card takes the nearest picture that is bought anyway, or none
    first, last, plan = backdrops({0, 2, 3})
    assert first == last == plan.parts[1].picture
    assert backdrops({0, 1, 2, 3})[:2] == (None, None)


@pytest.mark.parametrize("switch", [None, False])
def test_no_card_where_none_is_asked_for(switch: object) -> None:
    edit = edited({"title_card": switch}).edit
    assert (edit.title_card, edit.end_card) == (None, None)


def test_every_video_has_house_clips_of_its_own() -> None:
    # given two videos of one script
    plan = edited({"title_card": True}, outputs=["16:9", "9:16"])
    assert plan.edit.outputs == ("16:9", "9:16")
    assert plan.edit.title_card
    # then what stands in one of them stands in none of the other
    made = [plan.edit.title_card.houses, *(engine.houses for part in plan.parts for engine in part.engines)]
    assert all(houses.keys() == {"16:9", "9:16"} for houses in made)
    wide, upright = ({houses[output].address for houses in made} for output in ("16:9", "9:16"))
    assert len(wide) == len(upright) == len(made)
    assert not wide & upright


def test_what_the_episode_asks_for_is_in_its_edit() -> None:
    edit = edited(
        {"dissolve": True}, captions={"burn_in": True}, language="de", font="fonts/own.ttf", music="theme.mp3"
    ).edit
    assert (edit.dissolve, edit.burn_in, edit.language, edit.encoder_preset) == (True, True, "de", "ultrafast")
    assert edit.font
    assert edit.music
    assert edit.font.kind is edit.music.kind is FileKind.SOURCE
    assert edit.font != edit.music


def test_captions_of_a_line_are_spread_over_its_pieces() -> None:
    # given a line with text, in two pieces, and lines without any
    pieces = {0: [part_of("one", 3.2), part_of("two", 3.2)]}
    document = {**TWO_SCENES, "scenes": [dict(scene) for scene in TWO_SCENES["scenes"]]}
    first, *others = document["scenes"][0]["lines"]
    document["scenes"][0]["lines"] = [{**first, "text": "Here is one sentence. And here is another one."}, *others]
    parts = plan_of(document, pieces=pieces).parts
    # then each piece has words of it, and the others have no captions
    said = [[" ".join(cue.rows) for cue in part.cues] for part in parts]
    assert all(said[:2])
    assert " ".join(" ".join(cues) for cues in said[:2]) == "Here is one sentence. And here is another one."
    assert said[2:] == [[], [], []]
    assert all(cue.end <= part.spoken_seconds for part in parts for cue in part.cues)
