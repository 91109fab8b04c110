"""Cards and dissolves: made once, as early as what they are made of is there, by whoever finds it complete."""

from itertools import permutations
from typing import Any

import pytest

from shared.workflow.make_house_clip import Made
from tests.builders import TWO_SCENES, plan_of
from tests.unit.workflow.text_studio import TextStudio

EDIT: dict[str, Any] = {"dissolve": True, "title_card": {"subtitle": "A story"}, "end_card": {"title": "Thank you"}}
ORDERS = list(permutations(range(4)))


def studio_of(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> TextStudio:
    return TextStudio(plan_of({**TWO_SCENES, "edit": EDIT, **fields}), monkeypatch)


@pytest.mark.parametrize("order", ORDERS, ids=["".join(map(str, order)) for order in ORDERS])
def test_in_whatever_order_parts_come_everything_between_them_is_made_once(
    monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    # given an edited episode in two videos
    studio = studio_of(monkeypatch, outputs=["16:9", "9:16"])
    # when its parts are made, in any order
    studio.make_all(order)
    # then all its cards and dissolves are there, without any being left for the end, and none was made twice
    assert studio.card_keys() | studio.dissolve_keys() <= set(studio.bucket.stored_keys)
    assert studio.made.count("dissolve") == len(studio.dissolve_keys()) == 6
    assert sum(made.startswith("card") for made in studio.made) == len(studio.card_keys()) == 4


def test_a_dissolve_is_made_when_the_later_of_its_sides_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # given the two lines between which the scene changes, and no cards
    studio = studio_of(monkeypatch, edit={"dissolve": True})
    # when the second one is made, then there is nothing to dissolve from
    studio.make(3)
    assert studio.made == ["moving"]
    # and when the first one is, there is
    studio.make(2)
    assert studio.made == ["moving", "moving", "dissolve"]
    (key,) = studio.dissolve_keys()
    before, after = (studio.plan.parts[index].engines[0].houses["16:9"].key for index in (2, 3))
    made = studio.bucket.get(key).decode()
    assert made == f"from {studio.bucket.get(before).decode()} to {studio.bucket.get(after).decode()}"


def test_a_dissolve_is_made_of_what_each_part_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a line that became a still
    studio = studio_of(monkeypatch, edit={"dissolve": True})
    studio.make(2, engine=2)
    studio.make(3)
    # then that is what the next scene dissolves from
    (dissolve,) = [key for key in studio.bucket.stored_keys if key.startswith("derived/dissolves/")]
    assert studio.bucket.get(dissolve).decode().startswith("from still ")
    # and no other is made when its clip is there after all
    assert dissolve not in studio.dissolve_keys()


def test_what_is_there_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(monkeypatch)
    studio.make_all()
    made = list(studio.made)
    # when every step is done once more, as after a crash
    studio.make_all()
    studio.assemble()
    # then only the episode is new
    assert studio.made == [*made, "episode"]


def test_cards_show_their_texts_before_the_pictures_next_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # given an edited episode with a font of its own
    studio = studio_of(monkeypatch, font="fonts/own.ttf")
    studio.make_all()
    # then each card is drawn with it
    title, end, font = studio.plan.edit.title_card, studio.plan.edit.end_card, studio.plan.edit.font
    assert title
    assert end
    assert font
    first, last = studio.plan.parts[0].picture.key, studio.plan.parts[-1].picture.key
    assert studio.bucket.get(title.houses["16:9"].key).decode() == (
        f"card The Last Lighthouse, A story, before {first}, 1280x720, in {font.key}, 2.88 s"
    )
    assert studio.bucket.get(end.houses["16:9"].key).decode() == (
        f"card Thank you, None, before {last}, 1280x720, in {font.key}, 3.84 s"
    )


def own_clips(*numbers: int) -> list[dict[str, Any]]:
    """Return the two scenes, where some of the four lines have clips of the script's own."""
    scenes = [{**scene, "lines": [dict(line) for line in scene["lines"]]} for scene in TWO_SCENES["scenes"]]
    lines = [line for scene in scenes for line in scene["lines"]]
    for number in numbers:
        lines[number]["clip"] = f"own/{number}.mp4"
    return scenes


def test_an_own_clip_does_not_wait_for_the_picture_behind_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a first line with a clip of the script's own, and a title card before the picture of the second line
    studio = studio_of(monkeypatch, scenes=own_clips(0, 2))
    assert studio.plan.edit.title_card
    backdrop = studio.plan.parts[1].picture
    assert studio.plan.edit.title_card.backdrop == backdrop
    picture = studio.bucket.get(backdrop.key)
    studio.bucket.remove(backdrop.key)
    # when the first line is there before that picture is bought
    assert studio.make(0) is Made.MADE
    # then it is made all the same, and what needs the picture is not
    made = set(studio.bucket.stored_keys)
    assert not made & (studio.card_keys() | studio.dissolve_keys())
    # and when the picture is there, the rest is made, by the end at the latest
    studio.bucket.put(backdrop.key, picture, "image/png")
    studio.make_all([1, 2, 3])
    studio.assemble()
    assert studio.card_keys() | studio.dissolve_keys() <= set(studio.bucket.stored_keys)


def test_cards_of_an_episode_of_own_clips_have_a_plain_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(monkeypatch, scenes=own_clips(0, 1, 2, 3))
    studio.make(0)
    cards = [made for made in studio.made if made.startswith("card")]
    assert [card.partition(", before ")[2].partition(",")[0] for card in cards] == ["nothing", "nothing"]
