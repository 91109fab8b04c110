"""Every exit code, in words and as a document."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore import exceptions as aws
from typer.testing import CliRunner, Result

from cli import exit_codes
from cli.exit_codes import (
    CREDENTIALS,
    DONE,
    FAILED,
    INTERRUPTED,
    MEANINGS,
    OVER_CAP,
    STILL_RUNNING,
    USAGE,
    WAITS_FOR_REVIEW,
)
from cli.main import app
from cli.target import Target
from local.aws.keep import FolderInUse
from shared.keys import plan_key
from shared.ledger.records import Failure, Run, RunState
from shared.ledger.rules import NEVER
from shared.workflow.status import EpisodeState, StatusBoard
from tests.builders import EPISODE, TWO_SCENES, plan_of
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

runner = CliRunner()
STACK = ["--stack", "a-stack"]
TOO_DEAR = Failure(error="OverCap", message="the script's caps.usd: 25 are too few")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A deployed stack in memory, in which a run is under way."""
    world = World()
    world.bucket.put(plan_key(EPISODE, "the-run"), plan_of(TWO_SCENES).model_dump_json().encode(), "application/json")
    run = world.ledger.claim_run(EPISODE, "a-digest", 1.0, name=lambda _: "the-run", again=NEVER)
    arn = world.executions.start("the-run", {})
    changed(world, RunState.RUNNING, execution_arn=arn, plan_key=plan_key(EPISODE, "the-run"))
    StatusBoard(world.bucket, world.ledger, world.clock).of_run(run, EpisodeState.RUNNING, "making the shots")
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target_of(world, is_deployed=True))
    return world


def changed(world: World, state: RunState, **changes: object) -> Run:
    run = world.ledger.newest_run(EPISODE)
    assert run
    after = world.ledger.update_run(run, state, changes)
    assert after
    return after


def stands(world: World, state: EpisodeState, message: str) -> None:
    run = world.ledger.newest_run(EPISODE)
    assert run
    StatusBoard(world.bucket, world.ledger, world.clock).of_run(run, state, message)


def told(result: Result) -> dict[str, Any]:
    """Return the one error that a command tells machines."""
    (line,) = result.stderr.strip().splitlines()
    error: dict[str, Any] = json.loads(line)["error"]
    assert error.keys() == {"code", "exit_code", "message", "next"}
    assert error["exit_code"] == result.exit_code
    return error


def test_every_code_has_a_meaning_and_no_two_the_same() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)]
    assert sorted(codes) == sorted(MEANINGS) == [0, 1, 2, 3, 4, 5, 6, 130]


def end_as(state: RunState, failure: Failure | None = None) -> Callable[[World], None]:
    return lambda world: cast("None", changed(world, state, failure=failure))


def pause(world: World) -> None:
    changed(world, RunState.RUNNING, paused="the key is refused")


def come_to_review(world: World) -> None:
    changed(world, RunState.RUNNING, review_token="a-token")


@pytest.mark.parametrize(
    ("happens", "code", "words"),
    [
        (end_as(RunState.DONE), DONE, ""),
        (end_as(RunState.FAILED, Failure(error="Any", message="line 2 failed")), FAILED, "line 2 failed"),
        (pause, CREDENTIALS, "the key is refused"),
        (lambda _: None, STILL_RUNNING, f"episode watch {EPISODE} --stack a-stack"),
        (end_as(RunState.FAILED, TOO_DEAR), OVER_CAP, "25 are too few"),
        (come_to_review, WAITS_FOR_REVIEW, f"episode approve {EPISODE} --stack a-stack"),
    ],
    ids=["done", "failed", "refused", "running", "over cap", "review"],
)
def test_watching_ends_as_the_run_does(world: World, happens: Callable[[World], None], code: int, words: str) -> None:
    # given a run that ends so, or does not end
    happens(world)
    # when it is watched for a moment
    result = runner.invoke(app, ["watch", EPISODE, *STACK, "--timeout", "0.2"])
    # then the code and the words say how it is
    assert result.exit_code == code, result.output
    assert words in " ".join(result.stderr.split())
    # and machines are told the same
    for_machines = runner.invoke(app, ["watch", EPISODE, *STACK, "--timeout", "0.2", "--json"])
    assert for_machines.exit_code == code
    assert all(json.loads(line) for line in for_machines.stdout.splitlines())
    if code != DONE:
        assert words in f"{told(for_machines)['message']} {told(for_machines)['next']}"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (EpisodeState.DONE, DONE),
        (EpisodeState.FAILED, FAILED),
        (EpisodeState.PAUSED, CREDENTIALS),
        (EpisodeState.WAITING_FOR_FILES, STILL_RUNNING),
        (EpisodeState.RUNNING, STILL_RUNNING),
        (EpisodeState.WAITING_FOR_REVIEW, WAITS_FOR_REVIEW),
    ],
)
def test_status_says_with_its_code_how_an_episode_stands(world: World, state: EpisodeState, code: int) -> None:
    stands(world, state, "so it stands")
    result = runner.invoke(app, ["status", EPISODE, *STACK])
    assert (result.exit_code, result.stderr) == (code, "")
    assert "so it stands" in result.stdout
    # and as a document it is the status as it lies beside the script
    document = runner.invoke(app, ["status", EPISODE, *STACK, "--json"])
    assert document.exit_code == code
    assert json.loads(document.stdout)["state"] == state


def test_a_run_that_has_only_begun_has_no_status_yet(world: World) -> None:
    world.bucket.remove(f"episodes/{EPISODE}/status.json")
    result = runner.invoke(app, ["status", EPISODE, *STACK])
    assert result.exit_code == STILL_RUNNING
    assert "the-run has begun" in result.stderr


def test_status_tells_a_cap_from_other_failures(world: World) -> None:
    changed(world, RunState.FAILED, failure=TOO_DEAR)
    stands(world, EpisodeState.FAILED, TOO_DEAR.message)
    assert runner.invoke(app, ["status", EPISODE, *STACK]).exit_code == OVER_CAP


def test_a_run_that_nothing_works_on_any_more_is_not_running(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a run of this machine, whose command has ended
    here = replace(target_of(world), executions=cast("Any", NothingRuns()))
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: here)
    # then nobody is told to wait for it
    looked_at = runner.invoke(app, ["status", EPISODE, *STACK])
    assert looked_at.exit_code == FAILED
    assert "`episode run FOLDER` goes on" in looked_at.stdout
    watched = runner.invoke(app, ["watch", EPISODE, *STACK])
    assert watched.exit_code == FAILED
    assert "nothing works on it any more" in " ".join(watched.stderr.split())


class NothingRuns:
    def is_running(self, _execution_arn: str) -> bool:
        return False


def client_error(code: str) -> aws.ClientError:
    return aws.ClientError({"Error": {"Code": code, "Message": "the reason"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "code", "name", "words"),
    [
        (aws.NoCredentialsError(), CREDENTIALS, "not_signed_in", "aws sso login"),
        (aws.PartialCredentialsError(provider="env", cred_var="x"), CREDENTIALS, "not_signed_in", "aws sso login"),
        (aws.TokenRetrievalError(provider="sso", error_msg="expired"), CREDENTIALS, "not_signed_in", "expired"),
        (aws.SSOTokenLoadError(error_msg="none"), CREDENTIALS, "not_signed_in", "aws sso login"),
        (aws.ProfileNotFound(profile="nobody"), CREDENTIALS, "profile_unknown", "nobody"),
        (client_error("ExpiredToken"), CREDENTIALS, "not_signed_in", "the reason"),
        (client_error("UnrecognizedClientException"), CREDENTIALS, "not_signed_in", "the reason"),
        (client_error("AccessDenied"), CREDENTIALS, "not_allowed", "ask whoever runs the stack"),
        (client_error("AccessDeniedException"), CREDENTIALS, "not_allowed", "the reason"),
        (client_error("Throttling"), FAILED, "aws_refused", "the reason"),
        (aws.NoRegionError(), USAGE, "region_unknown", "--region"),
        (aws.InvalidRegionError(region_name="no where"), USAGE, "region_unknown", "--region"),
        (aws.EndpointConnectionError(endpoint_url="https://x.nowhere"), FAILED, "aws_unreachable", "x.nowhere"),
        (aws.ConnectTimeoutError(endpoint_url="https://x"), FAILED, "aws_unreachable", "network"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_aws_says_comes_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, name: str, words: str
) -> None:
    # given AWS that does not do what is asked
    def fail(*_: object) -> Target:
        raise error

    monkeypatch.setattr("cli.options.deployed_target", fail)
    # then that is told in one sentence, with what would help
    result = runner.invoke(app, ["status", EPISODE, *STACK])
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert told(runner.invoke(app, ["status", EPISODE, *STACK, "--json"]))["code"] == name


@pytest.mark.parametrize(
    ("error", "name", "words"),
    [
        (PermissionError(13, "Permission denied", "out/x"), "file_trouble", "out/x: permission denied"),
        (OSError(28, "No space left on device"), "file_trouble", "episode: no space left on device"),
        (OSError(28, "No space left on device", "kept/x", None, "out/x"), "file_trouble", "episode: out/x: no space"),
        (ZeroDivisionError("division\nby zero"), "unexpected", "ZeroDivisionError: division by zero"),
    ],
    ids=["not allowed", "disk full", "disk full in copying", "a mistake of ours"],
)
def test_whatever_else_happens_comes_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, error: Exception, name: str, words: str
) -> None:
    # given anything that goes wrong, where something is known that nobody is to read
    def fail(*_: object) -> Target:
        secret = "a-key-of-fal".upper()
        raise error if secret else AssertionError

    monkeypatch.setattr("cli.options.deployed_target", fail)
    # then it is told in one sentence
    result = runner.invoke(app, ["status", EPISODE, *STACK])
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert told(runner.invoke(app, ["status", EPISODE, *STACK, "--json"]))["code"] == name
    # and where it happened is shown to whoever asks for it
    where = runner.invoke(app, ["--verbose", "status", EPISODE, *STACK]).stderr
    assert "Traceback" in where
    assert "A-KEY-OF-FAL" not in where


def test_an_unknown_profile_and_a_region_that_cannot_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # given no AWS settings at all
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # then boto3's own errors are understood
    asked = ["status", EPISODE, *STACK]
    assert runner.invoke(app, [*asked, "--profile", "nobody"]).exit_code == CREDENTIALS
    assert runner.invoke(app, asked).exit_code == USAGE
    assert runner.invoke(app, [*asked, "--region", "no where"]).exit_code == USAGE
    assert runner.invoke(app, [*asked, "--region", "eu-central-1"]).exit_code == CREDENTIALS


def test_an_interrupted_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> Target:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.options.deployed_target", interrupt)
    result = runner.invoke(app, ["watch", EPISODE, *STACK])
    assert result.exit_code == INTERRUPTED
    assert "what was bought is kept" in result.stderr


def test_interrupting_what_runs_here_says_that_it_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # given a command that works on this machine
    ended: list[object] = []

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.studio.LocalStudio.__enter__", lambda studio: studio)
    monkeypatch.setattr("local.studio.LocalStudio.__exit__", lambda *_: ended.append("ended"))
    monkeypatch.setattr("cli.target.target_of_studio", lambda _: target_of(World()))
    monkeypatch.setattr("cli.cancel.cancel_run", interrupt)
    monkeypatch.setattr("cli.cancel._closing_desk", lambda _: None)
    # when it is interrupted
    result = runner.invoke(app, ["cancel", EPISODE, "--state", str(tmp_path)])
    # then it is said at once that it ends, and what was started is stopped
    assert result.exit_code == INTERRUPTED
    assert "stopping" in result.stdout
    assert ended == ["ended"]


@pytest.mark.parametrize("command", ["retry", "approve"])
def test_nothing_is_started_for_an_episode_that_is_not_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    started: list[object] = []
    monkeypatch.setattr("local.studio.LocalStudio.__enter__", started.append)
    result = runner.invoke(app, [command, EPISODE, "--state", str(tmp_path)])
    assert (result.exit_code, started) == (FAILED, [])
    assert f"there is no run of {EPISODE} on this machine. Next: `episode run FOLDER`" in result.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["vlidate", "."], "Did you mean 'validate'?"),
        (["watch", EPISODE, "--tiemout", "3"], "--timeout"),
        (["watch"], "ID"),
        (["run", "no-such-folder"], "no-such-folder"),
        (["status", "a/b"], "cannot be an episode's id"),
        (["watch", EPISODE, "--timeout", "soon"], "--timeout"),
    ],
)
def test_a_wrong_command_is_told_in_one_sentence(command: list[str], words: str) -> None:
    result = runner.invoke(app, command)
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert words in told(runner.invoke(app, [*command, "--json"]))["message"]


def test_an_engine_that_does_not_start_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_studio: object) -> None:
        raise RuntimeError("Another local run uses it: stop it, or choose another folder.")

    monkeypatch.setattr("local.studio.LocalStudio.__enter__", refuse)
    result = runner.invoke(app, ["cancel", EPISODE, "--state", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert "Another local run uses it" in result.stderr


def test_a_state_folder_in_use_is_told_with_what_helps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_studio: object) -> None:
        raise FolderInUse

    monkeypatch.setattr("local.studio.LocalStudio.__enter__", refuse)
    result = runner.invoke(app, ["cancel", EPISODE, "--state", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert f"another command makes something with what {tmp_path} keeps" in result.stderr
    assert "Ctrl-C" in result.stderr
    assert told(runner.invoke(app, ["cancel", EPISODE, "--state", str(tmp_path), "--json"]))["code"] == "engine_busy"


@pytest.mark.parametrize(("environment", "has_colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(environment: dict[str, str], has_colours: bool) -> None:
    # given a real terminal
    terminal, its_other_end = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    command = [sys.executable, "-m", "cli", "status", "a/b"]
    subprocess.run(command, stderr=its_other_end, env={**inherited, "TERM": "xterm", **environment}, check=False)
    os.close(its_other_end)
    # then an error is red there, unless colours are not wanted
    assert (b"\x1b[31m" in os.read(terminal, 10_000)) is has_colours
    os.close(terminal)
