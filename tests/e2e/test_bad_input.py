"""Input that no episode can be made of ends the run at once: nothing is bought, and one message says what to mend."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.make import EpisodeFailed, make_episode
from shared.keys import RESULT_NAMES, episode_folder
from tests.e2e.conftest import Stage
from tests.e2e.episodes import script, write_episode

Spoil = Callable[[Path, dict[str, Any]], None]


def missing_audio(folder: Path, _: dict[str, Any]) -> None:
    (folder / "audio/b.mp3").unlink()


def corrupt_audio(folder: Path, _: dict[str, Any]) -> None:
    path = folder / "audio/b.mp3"
    path.write_bytes(path.read_bytes()[:600] + bytes(5000))


def empty_audio(folder: Path, _: dict[str, Any]) -> None:
    (folder / "audio/b.mp3").write_bytes(b"")


def text_as_audio(folder: Path, _: dict[str, Any]) -> None:
    (folder / "audio/b.mp3").write_text("This is what Tom says.\n" * 20)


def typo_in_field(folder: Path, changed: dict[str, Any]) -> None:
    changed["scenes"][0]["enviroment"] = changed["scenes"][0].pop("environment")
    (folder / "script.json").write_text(json.dumps(changed))


def no_lines(folder: Path, changed: dict[str, Any]) -> None:
    changed["scenes"][1]["lines"] = []
    (folder / "script.json").write_text(json.dumps(changed))


def unknown_character(folder: Path, changed: dict[str, Any]) -> None:
    changed["scenes"][1]["lines"][0]["character"] = "Marah"
    (folder / "script.json").write_text(json.dumps(changed))


def both_scripts(folder: Path, changed: dict[str, Any]) -> None:
    (folder / "script.yaml").write_text(json.dumps(changed))


def broken_json(folder: Path, _: dict[str, Any]) -> None:
    (folder / "script.json").write_text('{"title": "Two Voices",')


CASES: list[tuple[Spoil, str, tuple[str, ...]]] = [
    (missing_audio, "FileMissing", ("audio/b.mp3",)),
    (corrupt_audio, "FileRefused", ("audio/b.mp3",)),
    (empty_audio, "FileRefused", ("audio/b.mp3", "empty")),
    (text_as_audio, "FileRefused", ("audio/b.mp3", "text")),
    (typo_in_field, "ScriptRejected", ("scenes[0]", "enviroment", "environment")),
    (no_lines, "ScriptRejected", ("scenes[1].lines",)),
    (unknown_character, "ScriptRejected", ("scenes[1].lines[0].character", "Marah", "Mara")),
    (both_scripts, "ScriptRejected", ("script.yaml", "script.json")),
    (broken_json, "ScriptRejected", ("script.json",)),
]


@pytest.mark.parametrize(("spoil", "error", "words"), CASES, ids=[case[0].__name__ for case in CASES])
def test_bad_input_is_refused_with_its_reason(
    stage: Stage, tmp_path: Path, spoil: Spoil, error: str, words: tuple[str, ...]
) -> None:
    # given an episode with one thing wrong
    folder = write_episode(tmp_path / "in", script())
    spoil(folder, script())
    episode_id = f"bad-{spoil.__name__.replace('_', '-')}"
    before = stage.asked()
    # when it is made from the terminal
    with pytest.raises(EpisodeFailed) as failed:
        make_episode(folder, episode_id, stage.target, tmp_path / "out", Console(file=io.StringIO()))
    # then the terminal, the status beside the script and the execution say the same, naming what is wrong
    message = str(failed.value)
    assert all(word in message for word in words), message
    assert "\n" not in message
    status = json.loads(stage.target.bucket.get(f"{episode_folder(episode_id)}status.json"))
    assert (status["state"], status["message"]) == ("failed", message)
    execution = failed_execution(stage, episode_id)
    assert (execution["error"], execution["cause"]) == (error, message)
    # and nothing was bought, and nothing that was uploaded has changed
    assert stage.asked() == before
    assert uploaded(stage, episode_id) == {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


_PATIENCE_SECONDS = 20


def failed_execution(stage: Stage, episode_id: str) -> Any:
    """Return the episode's one execution once it has failed: its run is closed in the ledger a moment before."""
    functions = stage.studio.clients.stepfunctions
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up:
        listed = functions.list_executions(stateMachineArn=stage.studio.stack.outputs["StateMachineArn"])["executions"]
        (entry,) = [entry for entry in listed if entry["name"].startswith(episode_id)]
        if entry["status"] != "RUNNING":
            assert entry["status"] == "FAILED"
            return functions.describe_execution(executionArn=entry["executionArn"])
        time.sleep(0.1)
    raise AssertionError(f"the execution of {episode_id} did not end")


def uploaded(stage: Stage, episode_id: str) -> dict[str, bytes]:
    folder = episode_folder(episode_id)
    listed = (stored.key for stored in stage.target.bucket.list(folder))
    return {
        key.removeprefix(folder): stage.target.bucket.get(key)
        for key in listed
        if key.removeprefix(folder) not in RESULT_NAMES
    }


def test_a_mended_script_runs(stage: Stage, tmp_path: Path) -> None:
    # given an episode that was refused
    folder = write_episode(tmp_path / "in", script())
    unknown_character(folder, script())
    console = Console(file=io.StringIO())
    with pytest.raises(EpisodeFailed):
        make_episode(folder, "mended", stage.target, tmp_path / "out", console)
    # when its script is mended and uploaded
    write_episode(folder, script())
    made = make_episode(folder, "mended", stage.target, tmp_path / "out", console)
    # then it is made
    assert made.video.is_file()
