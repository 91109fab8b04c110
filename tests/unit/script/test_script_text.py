"""Which characters titles, names and paths may have."""

import pytest

from tests.unit.script.script_examples import MINIMAL, changed, parsed, problems

TITLE = ("title",)
NAME = ("characters", 0, "name")
AUDIO = ("scenes", 0, "lines", 0, "audio")
PROMPT = ("characters", 0, "prompt")


@pytest.mark.parametrize(
    "text",
    [
        "Ünïcödé",
        "北京的灯塔",
        "المنارة الأخيرة\u200f",
        "\u05de\u05d2\u05d3\u05dc\u05d5\u05e8 (2)\u200e",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "क्\u200dष",
        "👩\u200d🚀 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "{curly} <b>tags</b> & 'quotes' \\n %s",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A͗",
    ],
)
def test_every_writing_is_taken(text: str) -> None:
    assert parsed(changed(MINIMAL, TITLE, text)).title == text
    assert problems(changed(MINIMAL, AUDIO, f"{text}.mp3".replace("\\", ""))) == {}


@pytest.mark.parametrize("location", [TITLE, NAME, AUDIO])
@pytest.mark.parametrize(
    "letter", ["\n", "\t", "\r", "\x85", "\u2028", "\u2029", "\u202a", "\u202d", "\u202e", "\u2066", "\u2067", "\u2069"]
)
def test_a_name_stays_on_its_line_and_reads_as_it_is_stored(location: tuple[str | int, ...], letter: str) -> None:
    # given a name with a character that breaks the line, or turns what follows around
    found = problems(changed(MINIMAL, location, f"abc{letter}3pm.mp3"))
    # then the message tells which one and where, and does not itself hold it
    path = "scenes[0].lines[0].audio" if location == AUDIO else "title" if location == TITLE else "characters[0].name"
    assert f"has U+{ord(letter):04X} as its character 4" in found[path][0]
    assert letter not in found[path][0]


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\x7f", "\x9f", "\ufffe"])
@pytest.mark.parametrize("location", [TITLE, PROMPT])
def test_control_characters_are_refused_everywhere(location: tuple[str | int, ...], letter: str) -> None:
    found = problems(changed(MINIMAL, location, f"abc{letter}def"))
    assert [message for message, _ in found.values()] == [f"has the control character U+{ord(letter):04X}"]


def test_a_prompt_may_have_several_lines() -> None:
    assert parsed(changed(MINIMAL, PROMPT, "young\n\tentrepreneur")).characters[0].prompt == "young\n\tentrepreneur"


def test_a_message_shows_what_cannot_be_seen() -> None:
    # given a name that differs from a character's in a mark without width
    script = changed(MINIMAL, ("scenes", 0, "lines", 0, "character"), "Alex\u200bChen")
    # then the message tells them apart
    message, hint = problems(script)["scenes[0].lines[0].character"]
    assert message == "'Alex<U+200B>Chen' is not among the characters (Alex Chen)"
    assert hint == "did you mean 'Alex Chen'?"


@pytest.mark.parametrize("length", [298, 299])
def test_a_path_fits_into_a_key(length: int) -> None:
    # given a path of three bytes a letter, within 512 characters
    found = problems(changed(MINIMAL, AUDIO, "音" * length + ".mp3"))
    # then it is taken up to 900 bytes
    assert bool(found) == (length * 3 + 4 > 900)
    if found:
        assert "has 901 bytes as UTF-8, and at most 900 fit into a key" in found["scenes[0].lines[0].audio"][0]
