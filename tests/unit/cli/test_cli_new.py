"""A script to begin with."""

import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.exit_codes import FAILED
from cli.main import app
from cli.new import recordings_in, script_text, speakers_of
from shared.script.parse import parse_script

runner = CliRunner()


def test_in_an_empty_folder_there_are_two_lines_to_be_recorded(tmp_path: Path) -> None:
    # when an episode is begun in a folder that is not there yet
    result = runner.invoke(app, ["new", str(tmp_path / "my-episode")])
    # then there is a good script, and it is said what comes next
    script = parse_script((tmp_path / "my-episode/script.yaml").read_bytes(), file_name="script.yaml")
    assert (result.exit_code, script.title) == (0, "My episode")
    assert [line.audio for scene in script.scenes for line in scene.lines] == ["audio/01.mp3", "audio/02.mp3"]
    first, second = (tmp_path / "my-episode" / name for name in ("audio/01.mp3", "audio/02.mp3"))
    assert f"record {first} and {second}" in result.stdout
    assert "episode quote" in result.stdout
    # and it explains itself
    assert "# " in (tmp_path / "my-episode/script.yaml").read_text()


def test_recordings_that_are_there_become_lines_in_their_order(tmp_path: Path) -> None:
    # given recordings, music, and a file of the system's own
    for name in ("audio/10.mp3", "audio/2 Zoë.wav", "audio/1.MP3", "music/bed.mp3", "audio/.hidden.mp3", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"RIFF\x00\x00\x00\x00WAVE")
    # then there is a line for each recording, and the script is good once it is looked at
    assert runner.invoke(app, ["new", str(tmp_path)]).exit_code == 0
    script = parse_script((tmp_path / "script.yaml").read_bytes(), file_name="script.yaml")
    assert [line.audio for line in script.scenes[0].lines] == ["audio/1.MP3", "audio/2 Zoë.wav", "audio/10.mp3"]
    assert runner.invoke(app, ["validate", str(tmp_path)]).exit_code == 0


def test_a_script_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    for name in ("script.yaml", "script.yml", "script.json"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_text("mine")
        # when somebody begins anew where there is a script of any name
        result = runner.invoke(app, ["new", str(folder)])
        # then it stays as it is, and no other is put beside it
        assert result.exit_code == FAILED
        assert "is there already" in result.stderr
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "mine")]


def test_recordings_are_found_without_a_folder_of_their_own(tmp_path: Path) -> None:
    for name in ("b.mp3", "a.mp3"):
        (tmp_path / name).write_bytes(b"sound")
    assert recordings_in(tmp_path) == ["a.mp3", "b.mp3"]


@given(folder=st.text(max_size=40), stem=st.text("abc äé'\"#:-{}&*!|>%@`,[]", min_size=1, max_size=20))
def test_whatever_files_are_called_the_script_says_it(folder: str, stem: str) -> None:
    # given a folder and a recording of any name that a script can hold
    path = f"audio/x{stem}x.mp3"
    title = "".join(letter for letter in folder if letter.isalnum())
    # then what is written is read back as it was
    script = parse_script(script_text(title, [path]).encode(), file_name="script.yaml")
    assert script.scenes[0].lines[0].audio == path


@pytest.mark.parametrize(
    ("recordings", "speakers"),
    [
        (["audio/01-mara.mp3", "audio/02_tom_take-2.wav", "audio/03-MARA.mp3"], ["Mara", "Tom", "Mara"]),
        (["mara-quill-1.mp3", "2 Zoë.wav"], ["Mara Quill", "Zoë"]),
        (["01.mp3", "take-2.mp3", "voice.mp3", "a.mp3"], ["Alex"] * 4),
        (["01-we-could-have-sold-it.mp3", "02-mara.mp3"], ["Alex", "Mara"]),
        ([f"{word}.mp3" for word in ("We", "could", "have", "sold", "it", "years", "ago", "or", "not")], ["Alex"] * 9),
    ],
)
def test_files_are_called_after_who_speaks_or_after_nobody(recordings: list[str], speakers: list[str]) -> None:
    assert speakers_of(recordings) == speakers
    # and everybody is a character, once, who looks like nobody else
    script = parse_script(script_text("x", recordings).encode(), file_name="script.yaml")
    assert [character.name for character in script.characters] == list(dict.fromkeys(speakers))
    assert [line.character for line in script.scenes[0].lines] == speakers
    assert len({character.prompt for character in script.characters}) == len(script.characters)


def test_what_is_to_be_typed_next_can_be_typed(tmp_path: Path) -> None:
    # given a folder whose name is no id, and more than one word for a shell
    folder = tmp_path / "Häuser am Föhn"
    # when an episode is begun there
    result = runner.invoke(app, ["new", str(folder), "--json"])
    # then the commands that follow name the folder in one word, and the episode by an id
    commands = [shlex.split(step)[1:] for step in json.loads(result.stdout)["next"] if step.startswith("episode ")]
    named = ["--id", "hauser-am-fohn"]
    assert commands == [["validate", str(folder)], ["quote", str(folder), *named], ["run", str(folder), *named]]
    # and the title is the folder's name as it is written
    assert "Häuser am Föhn" in (folder / "script.yaml").read_text()
