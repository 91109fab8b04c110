"""House clips: made once from what was bought, with what is drawn over them, and noted in the ledger."""

from pathlib import Path
from typing import Any

import pytest

from shared.ledger.records import PartOutcome
from shared.media.errors import MediaRefused
from shared.workflow.make_house_clip import Made
from tests.builders import RUN, TWO_SCENES, part_of, plan_of
from tests.unit.workflow.text_studio import MAKING, SPEAKER, TextStudio

PLAN = plan_of(TWO_SCENES)


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> TextStudio:
    return TextStudio(PLAN, monkeypatch)


def test_a_house_clip_is_made_from_the_clip_and_the_recording(studio: TextStudio) -> None:
    part = PLAN.parts[2]
    assert studio.make(2) is Made.MADE
    house = part.engines[0].houses["16:9"]
    assert part.engines[0].clip
    assert studio.bucket.get(house.key).decode() == f"moving {part.engines[0].clip.key} {part.recording.key}"
    assert studio.ledger.parts(RUN) == {2: PartOutcome(part=2, engine="hedra", seconds=4.8, stepped_down=())}


def test_a_house_clip_that_is_there_is_not_made_again_but_noted(studio: TextStudio) -> None:
    for _ in range(2):
        studio.make(0)
    assert studio.made == ["moving"]
    assert list(studio.ledger.parts(RUN)) == [0]


def test_a_still_is_made_from_the_composite_and_says_what_failed_before(studio: TextStudio) -> None:
    assert studio.make(0, engine=2) is Made.MADE
    made = studio.bucket.get(PLAN.parts[0].engines[2].houses["16:9"].key).decode()
    assert made == f"still {PLAN.parts[0].picture.key} {PLAN.parts[0].recording.key}"
    assert studio.ledger.parts(RUN)[0].stepped_down == ("hedra", "fabric")


def test_a_clip_that_cannot_be_used_is_refused_with_the_reason_on_record(studio: TextStudio) -> None:
    clip = PLAN.parts[0].engines[0].clip
    assert clip
    studio.refusing.add(clip.key)
    assert studio.make(0) is Made.REFUSED
    assert studio.ledger.parts(RUN) == {}
    given_up = studio.ledger.given_up(RUN)
    assert set(given_up) == {clip.address}
    assert given_up[clip.address].error == "ClipRefused"


def studio_of(monkeypatch: pytest.MonkeyPatch, pieces: Any = None, **fields: Any) -> TextStudio:
    return TextStudio(plan_of({**TWO_SCENES, **fields}, pieces=pieces), monkeypatch)


def test_a_clip_that_was_bought_has_to_match_and_an_own_one_may_show_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a line with a clip of the script's own
    first, *others = TWO_SCENES["scenes"][0]["lines"]
    scene = {**TWO_SCENES["scenes"][0], "lines": [{**first, "clip": "own/clip.mp4"}, *others]}
    studio = studio_of(monkeypatch, scenes=[scene])
    # when it and another are made
    studio.make_all([0, 1])
    # then only the other one is held against its recording
    assert [house.must_match for house in studio.houses] == [False, True]


def test_every_video_gets_a_house_clip_and_only_what_is_missing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    # given two videos
    studio = studio_of(monkeypatch, outputs=["16:9", "9:16"])
    studio.make(0)
    # then the first one shows the clip as it is, and the other one what is around the speaker
    wide, upright = studio.houses
    assert ((wide.form.width, wide.form.height), wide.position) == ((1280, 720), None)
    assert ((upright.form.width, upright.form.height), upright.position) == ((720, 1280), SPEAKER)
    # and when one house clip is pruned, that one alone is made again
    studio.bucket.remove(studio.plan.parts[0].engines[0].houses["9:16"].key)
    studio.make(0)
    assert [house.form for house in studio.houses] == [wide.form, upright.form, upright.form]


@pytest.mark.parametrize("engine", [0, 2], ids=["clip", "still"])
def test_captions_and_names_are_drawn_where_the_edit_asks_for_them(
    monkeypatch: pytest.MonkeyPatch, engine: int
) -> None:
    # given captions that are burned in, and names where they are new
    studio = studio_of(
        monkeypatch, captions={"burn_in": True}, edit={"lower_thirds": True, "pause": 0.5}, font="fonts/own.ttf"
    )
    for part in range(4):
        studio.make(part, engine)
    # then a part has its own captions and name, in the font of the script
    assert studio.plan.edit.font
    font = studio.plan.edit.font.key
    captions, alex, mara = f"('We could sell.',) 1280 {font}", f"Alex 1280 {font}", f"Mara 1280 {font}"
    drawn: list[list[object]] = [list(house.overlays) for house in studio.houses]
    assert drawn == [[captions, alex], [mara], [], []]
    # and the pause behind it
    assert [house.pause_seconds for house in studio.houses] == [0.64, 0.64, 0.64, 0]


def test_nothing_is_drawn_that_was_not_asked_for(studio: TextStudio) -> None:
    studio.make_all()
    assert [(house.overlays, house.pause_seconds) for house in studio.houses] == [([], 0)] * 4


def test_letters_that_cannot_be_drawn_give_up_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a font that fails only when its letters are drawn
    studio = studio_of(monkeypatch, edit={"lower_thirds": True})

    def fail(*_: object) -> None:
        raise MediaRefused("is a font that cannot be used")

    monkeypatch.setattr(f"{MAKING}.lower_third", fail)
    # when a part is made, then the step fails, and no other engine is paid for what no engine can mend
    with pytest.raises(MediaRefused, match="font"):
        studio.make(0)
    assert studio.ledger.given_up(RUN) == {}


def test_nothing_is_left_on_the_disk(studio: TextStudio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    studio.make_all()
    studio.assemble()
    assert list(tmp_path.iterdir()) == []


def test_pieces_of_a_line_are_house_clips_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(monkeypatch, pieces={0: [part_of("one"), part_of("two")]}, edit={"pause": 0.32})
    studio.make_all()
    assert [house.pause_seconds for house in studio.houses] == [0, 0.32, 0.32, 0.32, 0]
    assert len({studio.bucket.get(part.engines[0].houses["16:9"].key) for part in studio.plan.parts}) == 5
