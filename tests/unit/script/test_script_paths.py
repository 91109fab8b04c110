"""Which files a script may name."""

import pytest

from shared.script.files import ScriptFile, script_files
from shared.script.paths import FileKind
from tests.unit.script.script_examples import FULL, MINIMAL, changed, parsed, problems

AUDIO = ("scenes", 0, "lines", 0, "audio")


@pytest.mark.parametrize(
    "path", ["01.mp3", "audio/01.MP3", "a b/ü.wav", "audio/episode.mp3", "..hidden/x.flac", "take…1.ogg", "x..mp3"]
)
def test_plain_paths_inside_the_folder_are_taken(path: str) -> None:
    assert parsed(changed(MINIMAL, AUDIO, path)).scenes[0].lines[0].audio == path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../01.mp3", "'..' is not allowed"),
        ("audio/../../01.mp3", "'..' is not allowed"),
        ("/audio/01.mp3", "leave the leading '/' out"),
        ("audio\\01.mp3", "must have '/' between folders"),
        ("C:/audio/01.mp3", "no drive letter"),
        ("https://example.com/01.mp3", "not a URL"),
        ("s3://bucket/01.mp3", "not a URL"),
        ("audio//01.mp3", "no empty folder names"),
        ("./01.mp3", "no './'"),
        ("audio/", "no empty folder names"),
        ("01.txt", "must be a file of one of the kinds .mp3, .wav"),
        ("01", "must be a file of one of the kinds"),
        ("Episode.mp3", "a name that Showrunner uses for its own files"),
        ("storyboard/01.mp3", "a folder that Showrunner uses for its own files"),
        ("x" * 600 + ".mp3", "is longer than the 512 characters"),
        ("", "must not be empty"),
    ],
)
def test_other_paths_are_refused_with_the_reason(path: str, message: str) -> None:
    found = problems(changed(MINIMAL, AUDIO, path))
    assert list(found) == ["scenes[0].lines[0].audio"]
    assert message in found["scenes[0].lines[0].audio"][0]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("music",), "theme.png"),
        (("characters", 0, "portrait"), "own/a.mp4"),
        (("characters", 0, "style_references"), ["refs/a.gif"]),
        (("scenes", 0, "background"), "own/a.mp3"),
        (("scenes", 0, "lines", 0, "clip"), "own/a.png"),
        (("characters", 0, "portrait"), "poster.jpg"),
        (("scenes", 0, "lines", 0, "clip"), "episode.mp4"),
    ],
)
def test_every_field_takes_files_of_its_kind(location: tuple[str | int, ...], path: str) -> None:
    assert problems(changed(MINIMAL, location, path))


def test_every_file_is_named_once_in_the_order_of_the_script() -> None:
    # given a script in which two lines are cut from one recording
    # when its files are asked for
    files = script_files(parsed(FULL))

    # then that recording is there once, at its first mention
    assert files == (
        ScriptFile("music/theme.mp3", FileKind.MUSIC, "music"),
        ScriptFile("refs/a.png", FileKind.STYLE_REFERENCE, "characters[0].style_references[0]"),
        ScriptFile("refs/b.webp", FileKind.STYLE_REFERENCE, "characters[0].style_references[1]"),
        ScriptFile("own/mara.jpg", FileKind.PORTRAIT, "characters[1].portrait"),
        ScriptFile("audio/01.mp3", FileKind.AUDIO, "scenes[0].lines[0].audio"),
        ScriptFile("own/mara.mp4", FileKind.CLIP, "scenes[0].lines[1].clip"),
        ScriptFile("own/lamp.png", FileKind.BACKGROUND, "scenes[1].background"),
        ScriptFile("audio/02.wav", FileKind.AUDIO, "scenes[1].lines[0].audio"),
    )
