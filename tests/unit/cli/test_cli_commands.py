"""What the command line says, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.exit_codes import FAILED, USAGE
from cli.main import app
from tests.builders import TWO_SCENES

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    for number in range(1, 5):
        (tmp_path / f"audio/0{number}.mp3").write_bytes(b"sound")
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
