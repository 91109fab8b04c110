"""Answering a storyboard on this machine, where the run has ended with its command."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from cli.exit_codes import DONE, FAILED
from cli.main import app
from cli.target import Target
from shared.ledger.records import Failure, RunState
from shared.ledger.rules import AFTER_FAILURE
from shared.workflow.record_outcome import EXECUTION_ENDED
from tests.builders import EPISODE
from tests.unit.cli.test_cli_review import newest, target_of
from tests.unit.cli.test_cli_review import world as world  # noqa: PLC0414 -- a fixture
from tests.world import World

runner = CliRunner()


class NextAttempt:
    """Stands for Step Functions of a new engine: it knows no earlier execution, and a new one comes to its review."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.running: set[str] = set()

    def start(self, name: str, _payload: object) -> str:
        run = newest(self.world)
        if run.state is RunState.RUNNING:
            self.world.ledger.update_run(run, RunState.FAILED, {"failure": EXECUTION_ENDED})
        again = self.world.ledger.claim_run(EPISODE, run.digest, 2.0, name=lambda _: name, again=AFTER_FAILURE)
        self.world.ledger.update_run(again, RunState.RUNNING, {"execution_arn": name, "review_token": "another"})
        self.running.add(name)
        return name

    def is_running(self, execution_arn: str) -> bool:
        return execution_arn in self.running


@pytest.fixture
def machine(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """This machine, which keeps a run that waits for its review; the state folders with which it was started."""
    started: list[Path] = []
    target = replace(target_of(world), executions=cast("Any", NextAttempt(world)))

    @contextmanager
    def start(state: Path, *, use_real_fal: bool, stand_ins: bool) -> Iterator[Target]:
        assert not use_real_fal
        assert not stand_ins
        started.append(state)
        yield target

    monkeypatch.delenv("FAL_KEY", raising=False)
    monkeypatch.delenv("FAL_API_KEY", raising=False)
    monkeypatch.setattr("cli.options.local_target", start)
    monkeypatch.setattr("cli.kept.kept_records", lambda _: target)
    return started


def test_approving_takes_the_run_up_again_and_makes_the_episode(
    machine: list[Path], world: World, tmp_path: Path
) -> None:
    result = runner.invoke(app, ["approve", EPISODE, "--out", str(tmp_path), "--json"])
    # then the next attempt was approved, and the episode is there
    assert result.exit_code == DONE, result.output
    assert (newest(world).attempt, newest(world).state, newest(world).reviewed) == (2, RunState.DONE, False)
    assert world.tokens.error("another") == ""
    document = json.loads(result.stdout)
    assert (document["attempt"], document["state"]) == (2, "done")
    assert Path(document["video"]).read_bytes() == b"film"
    # and a second time there is nothing to approve, for which nothing is started
    assert len(machine) == 1
    again = runner.invoke(app, ["approve", EPISODE, "--out", str(tmp_path)])
    assert again.exit_code == FAILED
    assert "has ended as done" in again.stderr
    assert len(machine) == 1


def test_a_review_stays_open_when_another_command_has_closed_the_run(
    machine: list[Path], world: World, tmp_path: Path
) -> None:
    # given a run that reconcile has closed since, for its execution was gone
    world.ledger.update_run(newest(world), RunState.FAILED, {"failure": EXECUTION_ENDED})
    assert runner.invoke(app, ["approve", EPISODE, "--out", str(tmp_path)]).exit_code == DONE
    assert newest(world).state is RunState.DONE


def test_a_run_that_failed_otherwise_is_not_to_be_approved(machine: list[Path], world: World) -> None:
    world.ledger.update_run(newest(world), RunState.FAILED, {"failure": Failure(error="Any", message="line 2 failed")})
    result = runner.invoke(app, ["approve", EPISODE])
    assert result.exit_code == FAILED
    assert "line 2 failed" in result.stderr
    assert machine == []


def test_rejecting_ends_the_run_with_the_reason(machine: list[Path], world: World) -> None:
    result = runner.invoke(app, ["reject", EPISODE, "--reason", "too dark"])
    assert result.exit_code == DONE, result.output
    assert "take" in result.stdout
    answer = world.tokens.answers["another"]
    assert isinstance(answer, Failure)
    assert answer.message == "the storyboard was rejected: too dark"
    assert newest(world).state is RunState.FAILED
