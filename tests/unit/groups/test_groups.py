"""Tests that share what takes long to make run in one worker; where xdist misses groups, it says nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_OUR_HOOK = Path(__file__).parents[2] / "conftest.py"
_TEST = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(8))
def test_notes_its_worker(number):
    with pathlib.Path("workers").open("a") as noted:
        noted.write(os.environ["PYTEST_XDIST_WORKER"] + " ")
"""


@pytest.mark.parametrize(
    ("folder", "workers"), [("tests/e2e", 1), ("tests/packages", 1), ("tests/chaos", 1), ("tests/unit/plan", 2)]
)
def test_one_worker_runs_what_belongs_together(tmp_path: Path, folder: str, workers: int) -> None:
    # given tests in a folder, under our own hook
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "test_worker.py").write_text(_TEST)
    shutil.copy(_OUR_HOOK, tmp_path / "tests")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = e2e\n")
    # when they are run by two workers, as `make test` does
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "tests"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120)
    # then
    noted = (tmp_path / "workers").read_text().split()
    assert len(noted) == 8
    assert len(set(noted)) == workers
