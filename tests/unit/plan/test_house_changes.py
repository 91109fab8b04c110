"""What is derived is made again where something else is to be seen or heard in it, and nowhere else."""

from copy import deepcopy
from typing import Any

import pytest

from shared.configuration import DISSOLVE_RECIPE
from shared.plan import timeline
from shared.plan.models import Plan
from shared.plan.timeline import dissolves, stretches
from tests.builders import TWO_SCENES, plan_of
from tests.unit.plan.edited_episodes import EDITED, Change, engines_of, line


def set_edit(**fields: object) -> Change:
    return lambda d: d.setdefault("edit", {}).update(fields)


def burn_in(document: dict[str, Any]) -> None:
    document["captions"] = {"burn_in": True}


# Which parts of an episode without any edit have other house clips then; only the first line has a text.
OF_A_PLAIN_EPISODE: dict[str, tuple[Change, set[int]]] = {
    "text": (lambda d: line(d).update(text="Other words."), set()),
    "title": (lambda d: d.update(title="Another title"), set()),
    "language": (lambda d: d.update(language="de"), set()),
    "music": (lambda d: d.update(music="music/theme.mp3"), set()),
    "a font, and nothing to draw": (lambda d: d.update(font="fonts/own.ttf"), set()),
    "another video": (lambda d: d.update(outputs=["16:9", "9:16"]), set()),
    "dissolves": (set_edit(dissolve=True), set()),
    "cards": (set_edit(title_card=True, end_card={"title": "Thank you"}), set()),
    "captions that are burned in": (burn_in, {0}),
    "names where they are new": (set_edit(lower_thirds=True), {0, 1}),
    "pauses": (set_edit(pause=1.0), {0, 1, 2}),
    "a pause too short for the grid": (set_edit(pause=0.01), {0, 1, 2}),
    "no pause": (set_edit(pause=0.0), set()),
    "resolution": (lambda d: d.update(resolution="540p"), {0, 1, 2, 3}),
}
# And of one with all of it.
OF_AN_EDITED_EPISODE: dict[str, tuple[Change, set[int]]] = {
    "text": (lambda d: line(d).update(text="Other words."), {0}),
    "title": (lambda d: d.update(title="Another title"), set()),
    "music": (lambda d: d.update(music="music/other.mp3"), set()),
    "no music": (lambda d: d.pop("music"), set()),
    "another font": (lambda d: d.update(font="fonts/other.ttf"), {0, 1}),
    "the shipped font": (lambda d: d.pop("font"), {0, 1}),
    "a character's name": (
        lambda d: [
            d["characters"][1].update(name="Zoë"),
            *(e.update(character="Zoë") for s in d["scenes"] for e in s["lines"] if e["character"] == "Mara"),
        ],
        {1},
    ),
    "pauses of another length": (set_edit(pause=0.64), {0, 1, 2}),
    "pauses of the same length on the grid": (set_edit(pause=0.4), set()),
    "no dissolves": (set_edit(dissolve=False), set()),
    "other cards": (set_edit(title_card={"subtitle": "Another"}, end_card=None), set()),
    "one video less": (lambda d: d.pop("outputs"), set()),
}


def houses_of(plan: Plan, output: str = "16:9") -> list[set[str]]:
    """Return for each part the addresses of its house clips in a video, one for each engine."""
    return [
        {house.address for engine in part.engines for name, house in engine.houses.items() if name == output}
        for part in plan.parts
    ]


def parts_made_again(base: dict[str, Any], change: Change) -> set[int]:
    document = deepcopy(base)
    change(document)
    pairs = zip(houses_of(plan_of(base)), houses_of(plan_of(document)), strict=True)
    return {index for index, (before, after) in enumerate(pairs) if before != after}


@pytest.mark.parametrize(("change", "parts"), OF_A_PLAIN_EPISODE.values(), ids=OF_A_PLAIN_EPISODE)
def test_house_clips_change_where_something_is_seen_or_heard(change: Change, parts: set[int]) -> None:
    assert parts_made_again(TWO_SCENES, change) == parts


@pytest.mark.parametrize(("change", "parts"), OF_AN_EDITED_EPISODE.values(), ids=OF_AN_EDITED_EPISODE)
def test_house_clips_of_an_edited_episode_change_where_something_is_seen_or_heard(
    change: Change, parts: set[int]
) -> None:
    assert parts_made_again({**TWO_SCENES, **EDITED}, change) == parts


CARDS: dict[str, tuple[Change, tuple[bool, bool]]] = {
    "title": (lambda d: d.update(title="Another title"), (True, False)),
    "subtitle": (set_edit(title_card={"subtitle": "Another"}), (True, False)),
    "length of the title card": (set_edit(title_card={"subtitle": "A story", "seconds": 5}), (True, False)),
    "text of the end card": (set_edit(end_card={"title": "Goodbye"}), (False, True)),
    "font": (lambda d: d.update(font="fonts/other.ttf"), (True, True)),
    "picture of the first line": (lambda d: line(d).update(position="on the roof"), (True, False)),
    "picture of the last line": (lambda d: line(d, 1).update(position="on the roof"), (False, True)),
    "text of a line": (lambda d: line(d).update(text="Other words."), (False, False)),
    "pauses": (set_edit(pause=2), (False, False)),
}


@pytest.mark.parametrize(("change", "again"), CARDS.values(), ids=CARDS)
def test_cards_change_where_something_is_seen(change: Change, again: tuple[bool, bool]) -> None:
    base = {**TWO_SCENES, **EDITED}
    document = deepcopy(base)
    change(document)
    before, after = plan_of(base).edit, plan_of(document).edit
    assert before.title_card
    assert before.end_card
    assert after.title_card
    assert after.end_card
    changed = (
        before.title_card.houses != after.title_card.houses,
        before.end_card.houses != after.end_card.houses,
    )
    assert changed == again


def test_a_dissolve_is_made_again_where_one_of_its_sides_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def files(document: dict[str, Any]) -> list[str]:
        plan = plan_of(document)
        shown = stretches(plan, engines_of(plan), "16:9")
        return [dissolve.file.address for dissolve in dissolves(plan, shown).values()]

    # given an episode that dissolves from its title card, between its two scenes, and into its end card
    base = {**TWO_SCENES, **EDITED}
    document = deepcopy(base)
    line(document, 1).update(position="on the roof")
    # when the only line of the second scene changes
    pairs = zip(files(base), files(document), strict=True)
    # then those to and from it do
    assert [before == after for before, after in pairs] == [True, False, False]
    # and another way of dissolving makes all of them anew
    before = files(base)
    monkeypatch.setattr(timeline, "DISSOLVE_RECIPE", DISSOLVE_RECIPE + 1)
    assert not set(before) & set(files(base))
