"""The same packages, built for this machine and run: by handlers alone, and in a whole episode."""

import importlib.util
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli.make import make_episode
from cli.target import target_of_studio
from local.aws.workers import INTERPRETER_VARIABLE
from local.studio import LocalStudio
from shared.ledger.records import RunState
from tests.e2e.conftest import Stage
from tests.e2e.episodes import EVERYTHING, own_script, write_episode
from tests.handlers import FUNCTIONS, environment_of, run_fresh
from tests.packages.builds import INTERPRETER, LOCKS, Build

IMPORT = "import json, app, shared; print(json.dumps([callable(app.handler), app.__file__, shared.__file__]))"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_finds_all_that_it_imports(function: str, host_build: Build, runtime: Path) -> None:
    # given nothing but a function, its layers, and what Lambda brings
    path = [host_build.function(function), *reversed(host_build.layers(function)), runtime]
    # when it is imported
    environment = {**environment_of(function), "PYTHONPATH": os.pathsep.join(map(str, path))}
    said = run_fresh([INTERPRETER, "-S", "-P", "-c", IMPORT], environment)
    # then it can be called
    shared = host_build.layer("SharedLayer") / "shared" / "__init__.py"
    assert said == [True, str(path[0] / "app.py"), str(shared)]


def test_every_module_is_compiled(host_build: Build) -> None:
    modules = [path for layer in LOCKS for path in host_build.layer(layer).rglob("*.py")]
    assert modules
    assert [path for path in modules if not Path(importlib.util.cache_from_source(str(path))).is_file()] == []


@pytest.fixture
def stage(host_build: Build, runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Deploy what was built, run by an interpreter that finds nothing else."""
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\nexec "{INTERPRETER}" -S "$@"\n')
    interpreter.chmod(0o755)
    monkeypatch.setenv(INTERPRETER_VARIABLE, str(interpreter))
    monkeypatch.setenv("PYTHONPATH", str(runtime))
    monkeypatch.setattr("local.studio.TEMPLATE", host_build.template)
    parameters: dict[str, object] = {"EncoderPreset": "ultrafast", "SubmitConcurrency": 2, "CollectConcurrency": 2}
    with LocalStudio(tmp_path / "studio", parameters) as studio:
        yield Stage(studio, target_of_studio(studio))


@pytest.mark.e2e
def test_an_episode_is_made_by_what_was_built(stage: Stage, tmp_path: Path) -> None:
    # when an episode is made
    folder = write_episode(tmp_path / "in", own_script("packed"))
    made = make_episode(folder, "packed", stage.target, tmp_path / "out", Console(file=io.StringIO()))
    # then it is there, and each thing was asked for once
    assert made.run.state is RunState.DONE
    assert made.video.stat().st_size
    assert stage.asked() == EVERYTHING
