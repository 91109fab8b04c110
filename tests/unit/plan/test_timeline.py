"""The episode as it is shown: without holes, dissolving where scenes change, captioned where somebody speaks."""

from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.house_format import GRID_SECONDS
from shared.plan.models import Plan
from shared.plan.timeline import captions, dissolves, episode_seconds, scene_starts, stretches
from tests.builders import TWO_SCENES, part_of, plan_of
from tests.unit.plan.edited_episodes import edited_plans, engines_of


@settings(deadline=None)
@given(edited_plans())
def test_stretches_follow_each_other_without_holes(plan: Plan) -> None:
    for output in plan.edit.outputs:
        # given all parts made
        shown = stretches(plan, engines_of(plan), output)
        # then each begins where the one before it ends, on the grid of the house format
        assert shown[0].start == 0
        for before, after in pairwise(shown):
            assert after.start == pytest.approx(before.start + before.seconds, abs=1e-6)
        for stretch in shown:
            assert stretch.seconds > 0
            steps = Fraction(stretch.seconds) / GRID_SECONDS
            assert float(steps) == pytest.approx(round(steps), abs=1e-4)
        # and all together last as long as what they are made of
        cards = [card.seconds for card in (plan.edit.title_card, plan.edit.end_card) if card]
        parts = [part.seconds + part.pause_seconds for part in plan.parts]
        assert shown[-1].start + shown[-1].seconds == pytest.approx(sum(cards) + sum(parts), abs=1e-5)
        assert episode_seconds(plan) == pytest.approx(sum(cards) + sum(parts), abs=1e-3)


@settings(deadline=None)
@given(edited_plans())
def test_cards_stand_around_the_parts_which_are_in_the_order_of_the_script(plan: Plan) -> None:
    for output in plan.edit.outputs:
        houses = [engine.houses[output] for part in plan.parts for engine in part.engines[:1]]
        title, end = plan.edit.title_card, plan.edit.end_card
        expected = [*([title.houses[output]] if title else []), *houses, *([end.houses[output]] if end else [])]
        shown = stretches(plan, engines_of(plan), output)
        assert [stretch.house for stretch in shown] == expected
        assert [stretch.part for stretch in shown if stretch.part] == list(plan.parts)


@settings(deadline=None)
@given(edited_plans(), st.data())
def test_only_what_was_made_is_shown_and_dissolves(plan: Plan, data: st.DataObject) -> None:
    # given that some parts were made
    made = data.draw(st.sets(st.sampled_from([part.index for part in plan.parts])))
    engines = {index: name for index, name in engines_of(plan).items() if index in made}
    shown = stretches(plan, engines, plan.edit.outputs[0])
    # then the others have no house clip yet
    assert {stretch.part.index for stretch in shown if stretch.part and stretch.house} == made
    # and a dissolve stands wherever a scene or a card ends, if both its sides are made
    changes = {
        place
        for place, (before, after) in enumerate(pairwise(shown), start=1)
        if before.scene != after.scene and before.house and after.house
    }
    found = dissolves(plan, shown)
    assert set(found) == (changes if plan.edit.dissolve else set())
    for place, dissolve in found.items():
        assert (dissolve.before, dissolve.after) == (shown[place - 1].house, shown[place].house)


@settings(deadline=None)
@given(edited_plans())
def test_a_dissolve_is_addressed_by_both_its_sides(plan: Plan) -> None:
    found = [
        dissolve
        for output in plan.edit.outputs
        for dissolve in dissolves(plan, stretches(plan, engines_of(plan), output)).values()
    ]
    files = {dissolve.file: (dissolve.before, dissolve.after) for dissolve in found}
    assert len(files) == len({(dissolve.before, dissolve.after) for dissolve in found})
    if plan.edit.title_card and plan.edit.dissolve:
        assert len(found) >= len(plan.edit.outputs), "the title card dissolves into the first line of every video"


@settings(deadline=None)
@given(edited_plans())
def test_captions_are_in_order_and_inside_their_parts(plan: Plan) -> None:
    shown = stretches(plan, engines_of(plan), plan.edit.outputs[-1])
    cues = captions(shown)
    # they do not overlap
    for before, after in pairwise(cues):
        assert before.end <= after.start
    # each lies in the speech of the part whose text it shows
    expected = [(stretch, cue) for stretch in shown if stretch.part for cue in stretch.part.cues]
    assert [cue.rows for cue in cues] == [cue.rows for _, cue in expected]
    for cue, (stretch, own) in zip(cues, expected, strict=True):
        assert stretch.part
        assert stretch.start <= cue.start < cue.end <= stretch.start + stretch.part.spoken_seconds + 0.001
        assert cue.start - stretch.start == pytest.approx(own.start, abs=0.001)
    # and no word is lost
    lines = {part.line: part.text for part in plan.parts}
    said = " ".join(row for cue in cues for row in cue.rows).split()
    assert said == [word for text in lines.values() for word in text.split()]


@settings(deadline=None)
@given(edited_plans())
def test_chapters_are_the_scenes_and_the_first_starts_at_nought(plan: Plan) -> None:
    shown = stretches(plan, engines_of(plan), plan.edit.outputs[0])
    starts = scene_starts(shown)
    assert [scene for _, scene in starts] == [scene for scene, _ in groupby(part.scene for part in plan.parts)]
    assert starts[0][0] == 0
    first_parts = {
        stretch.scene: stretch.start for stretch in reversed(shown) if stretch.part
    }  # the earliest of a scene wins
    assert starts[1:] == [(first_parts[scene], scene) for _, scene in starts[1:]]
    assert all(before < after for (before, _), (after, _) in pairwise(starts))


def test_the_same_line_twice_is_one_house_clip_in_two_places() -> None:
    # given a script whose last line is spoken in two scenes, at the same place and with the same words
    document = {**TWO_SCENES, "edit": {"dissolve": True}}
    last = document["scenes"][1]
    document["scenes"] = [*document["scenes"], {**last, "number": 3}]
    plan = plan_of(document)
    # when it is shown
    shown = stretches(plan, engines_of(plan), "16:9")
    # then one house clip stands in both, dissolving into itself
    assert shown[-2].house == shown[-1].house
    assert shown[-1].start == pytest.approx(shown[-2].start + 4.8)
    assert dissolves(plan, shown)[4].before == dissolves(plan, shown)[4].after


def test_nothing_dissolves_within_a_scene_or_a_line() -> None:
    document = {**TWO_SCENES, "edit": {"dissolve": True}}
    plan = plan_of(document, pieces={0: [part_of("one"), part_of("two")]})
    shown = stretches(plan, engines_of(plan), "16:9")
    assert [stretch.scene for stretch in shown] == [1, 1, 1, 1, 2]
    assert set(dissolves(plan, shown)) == {4}
