"""How an episode is cut together, as people write it down: short where nothing is special, and refused in words."""

from typing import Any

import pytest

from shared.script.drawn_texts import drawn_texts
from shared.script.edit import Edit, EndCard, TitleCard
from shared.script.files import script_files
from shared.script.paths import FileKind
from shared.styles.aspect_ratio import AspectRatio
from tests.unit.script.script_examples import FULL, MINIMAL, Location, changed, parsed, problems


def edit_of(value: dict[str, Any]) -> Edit:
    return parsed(changed(MINIMAL, ("edit",), value)).edit


def test_a_script_that_asks_for_nothing_gets_its_lines_one_after_the_other() -> None:
    script = parsed(MINIMAL)
    assert script.edit == Edit(pause=0, dissolve=False, title_card=None, end_card=None, lower_thirds=False)
    assert (script.font, script.music, script.captions.burn_in) == (None, None, False)
    assert (script.outputs, script.videos) == ((), (AspectRatio.LANDSCAPE_16_9,))
    assert list(drawn_texts(script)) == []


@pytest.mark.parametrize(
    ("written", "card"),
    [
        (True, TitleCard(subtitle=None, seconds=3)),
        ({}, TitleCard(subtitle=None, seconds=3)),
        (False, None),
        (None, None),
        ({"subtitle": "  A story "}, TitleCard(subtitle="A story", seconds=3)),
        ({"seconds": 5}, TitleCard(subtitle=None, seconds=5)),
    ],
)
def test_a_title_card_is_a_switch_or_says_more(written: object, card: TitleCard | None) -> None:
    assert edit_of({"title_card": written}).title_card == card


def test_an_end_card_says_what_stands_on_it() -> None:
    assert edit_of({"end_card": {"title": "Thank you"}}).end_card == EndCard(title="Thank you", seconds=4)
    assert edit_of({}).end_card is None


REFUSED: dict[str, tuple[dict[str, Any], Location]] = {
    "negative pause": ({"pause": -0.1}, ("pause",)),
    "pause longer than a scene": ({"pause": 10.5}, ("pause",)),
    "pause in words": ({"pause": "short"}, ("pause",)),
    "card that nobody sees": ({"title_card": {"seconds": 0.5}}, ("title_card", "seconds")),
    "card that never ends": ({"end_card": {"title": "Bye", "seconds": 16}}, ("end_card", "seconds")),
    "end card without text": ({"end_card": {}}, ("end_card", "title")),
    "empty subtitle": ({"title_card": {"subtitle": "  "}}, ("title_card", "subtitle")),
    "title card with a title": ({"title_card": {"title": "Another"}}, ("title_card", "title")),
    "misspelt field": ({"disolve": True}, ("disolve",)),
    "dissolve in seconds": ({"dissolve": 0.5}, ("dissolve",)),
}


@pytest.mark.parametrize(("value", "place"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_cut_is_refused_where_it_stands(value: dict[str, Any], place: Location) -> None:
    found = problems(changed(MINIMAL, ("edit",), value))
    assert list(found) == ["edit." + ".".join(map(str, place))], found


def test_a_switch_alone_makes_no_end_card_and_says_what_does() -> None:
    """It has no text to show."""
    assert list(problems(changed(MINIMAL, ("edit",), {"end_card": True}))) == ["edit.end_card"]


# Several videos


@pytest.mark.parametrize(
    ("fields", "videos"),
    [
        ({"outputs": ["9:16"]}, ["9:16"]),
        ({"outputs": ["9:16", "16:9"]}, ["9:16", "16:9"]),
        ({"outputs": ["9:16", "1:1", "16:9"], "aspect_ratio": "16:9"}, ["16:9", "9:16", "1:1"]),
        ({"aspect_ratio": "1:1"}, ["1:1"]),
        ({"outputs": [], "aspect_ratio": "3:4"}, ["3:4"]),
    ],
)
def test_the_first_video_is_the_one_that_is_generated(fields: dict[str, Any], videos: list[str]) -> None:
    script = parsed({**MINIMAL, **fields})
    assert [video.value for video in script.videos] == videos
    assert script.aspect_ratio.value == videos[0]


def test_a_video_is_asked_for_once() -> None:
    (message, _) = problems({**MINIMAL, "outputs": ["16:9", "16:9"]})["outputs"]
    assert "names an aspect ratio twice" in message


def test_what_is_generated_is_one_of_the_videos() -> None:
    (message, hint) = problems({**MINIMAL, "outputs": ["9:16", "1:1"], "aspect_ratio": "16:9"})["outputs"]
    assert "do not have the script's own aspect_ratio, 16:9, among them" in message
    assert "add 16:9" in hint


def test_an_aspect_ratio_that_no_model_has_is_no_video_and_said_once() -> None:
    """Defaults that depend on it are nothing to be told of as well."""
    assert list(problems({**MINIMAL, "outputs": ["16:9", "21:9"]})) == ["outputs[1]"]


# Files and texts


def test_font_and_music_are_files_of_the_episode() -> None:
    script = parsed({**MINIMAL, "font": "fonts/own.otf", "music": "music/theme.mp3"})
    files = {file.path: file.kind for file in script_files(script)}
    assert (files["fonts/own.otf"], files["music/theme.mp3"]) == (FileKind.FONT, FileKind.MUSIC)


@pytest.mark.parametrize("path", ["fonts/own.woff2", "fonts/own.txt", "/fonts/own.ttf", "../own.ttf"])
def test_a_font_is_a_font_file_in_the_folder(path: str) -> None:
    assert list(problems({**MINIMAL, "font": path})) == ["font"]


def test_all_that_is_drawn_is_found_by_its_use() -> None:
    # given a script of which everything is drawn
    edit = {"title_card": {"subtitle": "A story"}, "end_card": {"title": "The end", "subtitle": "Bye"}}
    script = parsed({**FULL, "edit": {**edit, "lower_thirds": True}})
    # then each text is among those of its use
    texts = dict(drawn_texts(script))
    assert texts["burned-in captions"] == "We could have sold the place years ago."
    assert texts["lower thirds"] == "Alex ChenMara Quill"
    assert texts["the title card"] == "The Last LighthouseA story"
    assert texts["the end card"] == "The endBye"
