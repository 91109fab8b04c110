"""What the command line says, and how it ends."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.exit_codes import FAILED, USAGE
from cli.main import app
from cli.options import possible_id
from shared.keys import is_episode_id
from tests.builders import TWO_SCENES

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    for number in range(1, 5):
        (tmp_path / f"audio/0{number}.mp3").write_bytes(b"ID3 and a sound")
    (tmp_path / "script.json").write_text(json.dumps(TWO_SCENES))
    return tmp_path


def test_a_good_script_is_told_in_one_line(folder: Path) -> None:
    # when a good folder is validated
    result = runner.invoke(app, ["validate", str(folder)])
    # then that is said, and the command succeeds
    assert result.exit_code == 0
    assert "2 characters, 2 scenes, 4 lines: good" in " ".join(result.stdout.split())


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    # given a script that names a recording that is not there
    (folder / "audio/02.mp3").unlink()
    # then the command fails, and says which on standard error
    result = runner.invoke(app, ["validate", str(folder)])
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "audio/02.mp3" in result.stderr


def test_a_mistake_in_the_script_is_told_with_its_place(folder: Path) -> None:
    # given a typo
    (folder / "script.json").write_text(json.dumps({**TWO_SCENES, "titel": "x"}))
    # then the command fails in one sentence that says what would be right
    result = runner.invoke(app, ["validate", str(folder)])
    assert result.exit_code == FAILED
    assert "titel" in result.stderr
    assert "title" in result.stderr
    assert "Traceback" not in result.stderr


def test_all_that_is_wrong_with_a_script_is_told_at_once(folder: Path) -> None:
    # given two typos
    first, *others = TWO_SCENES["characters"]
    wrong = {**TWO_SCENES, "titel": "x", "characters": [{**first, "promt": "y"}, *others]}
    (folder / "script.json").write_text(json.dumps(wrong))
    # then people read a line for each
    result = runner.invoke(app, ["validate", str(folder)])
    assert result.exit_code == FAILED
    told = result.stdout.splitlines()
    assert len(told) == 2
    assert any("titel" in line for line in told)
    assert any("characters[0].promt" in line for line in told)
    assert "has 2 problems" in result.stderr
    # and machines a document
    document = json.loads(runner.invoke(app, ["validate", str(folder), "--json"]).stdout)
    assert {problem["field"] for problem in document["problems"]} == {"titel", "characters[0].promt"}


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"Hello, Grandpa.", "it looks like text")])
def test_a_recording_that_is_none_is_found_before_anything_is_started(folder: Path, content: bytes, words: str) -> None:
    # given a file that is called like a recording
    (folder / "audio/02.mp3").write_bytes(content)
    # then it is named, with what it is
    result = runner.invoke(app, ["validate", str(folder)])
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "audio/02.mp3" in result.stderr
    assert words in result.stderr


@pytest.mark.parametrize("command", ["validate", "quote", "run"])
@pytest.mark.parametrize("spoil", ["a typo", "a second script"])
def test_nothing_is_started_for_a_script_that_cannot_be_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, spoil: str
) -> None:
    # given a script with a mistake, or two scripts
    if spoil == "a typo":
        (folder / "script.json").write_text(json.dumps({**TWO_SCENES, "titel": "x"}))
    else:
        (folder / "script.yaml").write_text(json.dumps(TWO_SCENES))
    started: list[object] = []
    monkeypatch.setattr("local.studio.LocalStudio.__enter__", started.append)
    # when something is to be made of it
    name = [] if command == "validate" else ["--id", "harbour"]
    result = runner.invoke(app, [command, str(folder), *name])
    # then that is told, and nothing was started
    assert result.exit_code == FAILED
    assert ("titel" if spoil == "a typo" else "script.yaml and script.json") in result.stderr
    assert not started


def test_nothing_is_paid_for_that_could_not_be_put_anywhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a file where the folder of results would be
    (folder / "out").write_text("mine")
    started: list[object] = []
    monkeypatch.setattr("local.studio.LocalStudio.__enter__", started.append)
    # when an episode is to be made
    result = runner.invoke(app, ["run", str(folder), "--id", "harbour", "--out", str(folder / "out")])
    # then nothing is begun, and the path is named
    assert (result.exit_code, started) == (FAILED, [])
    assert f"{folder / 'out' / 'harbour'}: not a directory" in result.stderr


@pytest.mark.parametrize("command", ["quote", "run"])
def test_a_folder_whose_name_is_no_id_is_told_which_id_it_could_have(tmp_path: Path, command: str) -> None:
    (tmp_path / "Häuser am Föhn").mkdir()
    result = runner.invoke(app, [command, str(tmp_path / "Häuser am Föhn")])
    assert result.exit_code == USAGE
    assert "--id hauser-am-fohn" in result.stderr


@given(st.text(max_size=120))
def test_a_possible_id_is_one(name: str) -> None:
    assert is_episode_id(possible_id(name))
    assert is_episode_id(f"{possible_id(name)}-draft")


def test_an_id_that_no_episode_can_have_is_a_usage_error(folder: Path) -> None:
    # when an episode is to have a name with a slash
    result = runner.invoke(app, ["run", str(folder), "--id", "a/b"])
    # then nothing is started
    assert result.exit_code == USAGE
    assert "a/b" in result.stderr


def test_a_folder_without_a_script_fails_before_anything_is_started(tmp_path: Path) -> None:
    result = runner.invoke(app, ["run", str(tmp_path), "--state", str(tmp_path / "state")])
    assert result.exit_code == FAILED
    assert "script.yaml" in result.stderr
    assert not (tmp_path / "state").exists()
