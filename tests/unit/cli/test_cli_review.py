"""A review at the terminal, in a pipe, and by option: pictures where one can see them, and an answer, or none."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.exit_codes import FAILED, USAGE, WAITS_FOR_REVIEW
from cli.follow import ReviewWanted, follow
from cli.main import app
from cli.make import EpisodeFailed, finish_episode
from cli.review import ReviewLeftOpen, approve_unasked, ask, leave_open, reviewer_for
from cli.target import Target
from shared.ledger.records import Failure, Run, RunState
from shared.ledger.rules import NEVER
from shared.workflow.inputs import read_inputs
from shared.workflow.status import EpisodeState, StoryboardPicture
from tests.builders import CONFIGURATION, EPISODE, TWO_SCENES
from tests.fakes.step_functions import MemoryTokens
from tests.world import World

PICTURE = "storyboard/01-alex-in-scene-1.png"
FOLDER = f"episodes/{EPISODE}/"
runner = CliRunner()


class Tokens(MemoryTokens):
    """Stands for Step Functions: the run ends as it is answered."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def succeed(self, token: str, output: Any) -> None:
        super().succeed(token, output)
        self.world.bucket.put(f"{FOLDER}episode.mp4", b"film", "video/mp4")
        self._end(RunState.DONE, {})

    def fail(self, token: str, failure: Failure) -> None:
        super().fail(token, failure)
        self._end(RunState.FAILED, {"failure": failure})

    def _end(self, state: RunState, changes: dict[str, object]) -> None:
        run = self.world.ledger.newest_run(EPISODE)
        assert run
        self.world.ledger.update_run(run, state, changes)


@pytest.fixture
def world() -> World:
    """A world in which a run waits for its review."""
    world = World()
    world.tokens = Tokens(world)
    world.bucket.put(f"{FOLDER}script.json", json.dumps(TWO_SCENES).encode(), "application/json")
    world.bucket.put(FOLDER + PICTURE, b"picture", "image/png")
    digest = read_inputs(world.bucket, EPISODE, CONFIGURATION).digest
    run = world.ledger.claim_run(EPISODE, digest, 1.0, name=lambda _: "the-run", again=NEVER)
    arn = world.executions.start("the-run", {})
    world.ledger.update_run(run, RunState.RUNNING, {"execution_arn": arn, "review_token": "a-token"})
    picture = StoryboardPicture(what="Alex in scene 1, line 1", file=PICTURE, uri="s3://any")
    world.reviewing().status.of_run(
        newest(world), EpisodeState.WAITING_FOR_REVIEW, "the storyboard is ready: at most $5.00", pictures=(picture,)
    )
    return world


def newest(world: World) -> Run:
    run = world.ledger.newest_run(EPISODE)
    assert run
    return run


def target_of(world: World, *, is_deployed: bool = False) -> Target:
    return Target(
        name="a-stack",
        bucket=cast("Any", world.bucket),
        ledger=cast("Any", world.ledger),
        executions=cast("Any", world.executions),
        tokens=cast("Any", world.tokens),
        configuration=CONFIGURATION,
        quiet_period=0.0,
        patience=0.0,
        poll_interval=0.0,
        is_deployed=is_deployed,
        fal_is_simulated=True,
    )


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def finish(world: World, out: Path, console: Console, reviewer: Any, *, is_deployed: bool = False) -> Any:
    target = target_of(world, is_deployed=is_deployed)
    return finish_episode(lambda show: follow(EPISODE, target, show), target, out, console, reviewer)


def test_who_follows_a_run_comes_to_its_review(world: World) -> None:
    with pytest.raises(ReviewWanted) as wanted:
        follow(EPISODE, target_of(world), lambda *_: None)
    assert wanted.value.run.review_token == "a-token"


def test_by_option_it_is_approved_and_the_run_followed_to_its_end(
    world: World, console: Console, tmp_path: Path
) -> None:
    # when a run is followed with --approve
    made = finish(world, tmp_path, console, approve_unasked)
    # then its pictures are there to be looked at, and the episode too
    assert (tmp_path / PICTURE).read_bytes() == b"picture"
    assert str(tmp_path / PICTURE) in said(console)
    assert "at most $5.00" in said(console)
    assert made.video.read_bytes() == b"film"
    assert (made.was_done_before, newest(world).state) == (False, RunState.DONE)
    assert world.tokens.error("a-token") == ""


@pytest.mark.parametrize(
    ("is_deployed", "words"),
    [
        (True, [f"episode approve {EPISODE} --stack a-stack", f"episode reject {EPISODE} --stack a-stack --reason"]),
        (False, [f"`episode approve {EPISODE}`", f"`episode reject {EPISODE} --reason", "--approve", "take"]),
    ],
)
def test_in_a_pipe_it_is_left_open_with_a_word_on_how_to_go_on(
    world: World, console: Console, tmp_path: Path, is_deployed: bool, words: list[str]
) -> None:
    with pytest.raises(ReviewLeftOpen) as left:
        finish(world, tmp_path, console, reviewer_for(console, approve=False), is_deployed=is_deployed)
    assert all(word in str(left.value) for word in words)
    # and the pictures are there, and nothing was answered
    assert (tmp_path / PICTURE).is_file()
    assert world.tokens.answers == {}


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a person types, answer by answer."""
    answers: list[str] = []
    monkeypatch.setattr("rich.console.input", lambda *_: answers.pop(0), raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: answers.pop(0))
    yield answers
    assert answers == []


def test_on_a_terminal_a_person_approves(world: World, console: Console, tmp_path: Path, typed: list[str]) -> None:
    # given a person who mistypes first
    typed += ["yes", "approve"]
    # then the run goes on
    assert finish(world, tmp_path, console, ask).video.is_file()
    assert world.tokens.error("a-token") == ""


def test_on_a_terminal_a_person_rejects(world: World, console: Console, tmp_path: Path, typed: list[str]) -> None:
    typed += ["reject", "Alex looks away"]
    # when a person rejects, and says why
    with pytest.raises(EpisodeFailed, match="the storyboard was rejected: Alex looks away"):
        finish(world, tmp_path, console, ask)
    # then the run has ended with that
    assert world.tokens.error("a-token") == "StoryboardRejected"


def test_on_a_terminal_a_person_may_think_it_over(
    world: World, console: Console, tmp_path: Path, typed: list[str]
) -> None:
    typed += ["later"]
    with pytest.raises(ReviewLeftOpen):
        finish(world, tmp_path, console, ask)
    assert world.tokens.answers == {}


def test_nobody_is_asked_in_a_pipe(console: Console) -> None:
    assert reviewer_for(console, approve=False) is leave_open
    assert reviewer_for(console, approve=True) is approve_unasked
    # nor where the output is a terminal and the input is none
    assert reviewer_for(Console(file=io.StringIO(), force_terminal=True), approve=False) is leave_open


# The commands


@pytest.fixture
def stack(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target_of(world, is_deployed=True))
    return world


def test_the_command_approve(stack: World) -> None:
    result = runner.invoke(app, ["approve", EPISODE, "--stack", "a-stack"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert stack.tokens.error("a-token") == ""
    # a second time there is nothing to approve
    again = runner.invoke(app, ["approve", EPISODE, "--stack", "a-stack"])
    assert again.exit_code == FAILED
    assert "has ended as done" in " ".join(again.stderr.split())


def test_the_command_reject(stack: World) -> None:
    result = runner.invoke(app, ["reject", EPISODE, "--stack", "a-stack", "--reason", "too dark"])
    assert result.exit_code == 0
    assert "take" in result.stdout
    answer = stack.tokens.answers["a-token"]
    assert isinstance(answer, Failure)
    assert answer.message == "the storyboard was rejected: too dark"


def test_a_rejection_has_a_reason(stack: World) -> None:
    assert runner.invoke(app, ["reject", EPISODE, "--stack", "a-stack"]).exit_code == USAGE
    assert stack.tokens.answers == {}


def test_an_episode_that_nobody_knows(stack: World) -> None:
    result = runner.invoke(app, ["approve", "unknown", "--stack", "a-stack"])
    assert result.exit_code == FAILED
    assert "no run of unknown" in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", [["approve", EPISODE], ["reject", EPISODE, "--reason", "any"]])
def test_without_a_stack_an_answer_is_for_a_run_of_this_machine(command: list[str], tmp_path: Path) -> None:
    # given a machine that keeps nothing
    result = runner.invoke(app, [*command, "--state", str(tmp_path / "state")])
    # then that is said, and nothing is started
    assert result.exit_code == FAILED
    assert f"there is no run of {EPISODE} on this machine" in " ".join(result.stderr.split())
    assert not (tmp_path / "state").exists()


@pytest.fixture
def retried(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with a plot that claims the next attempt, which comes to its review."""

    class Plot:
        def start(self, name: str, payload: dict[str, object]) -> str:
            arn = world.executions.start(name, payload)
            run = newest(world)
            again = world.ledger.claim_run(
                EPISODE, run.digest, 2.0, name=lambda _: name, again=frozenset({RunState.FAILED})
            )
            world.ledger.update_run(again, RunState.RUNNING, {"execution_arn": arn, "review_token": "another"})
            return arn

        def is_running(self, arn: str) -> bool:
            return world.executions.is_running(arn)

    target = replace(target_of(world, is_deployed=True), executions=cast("Any", Plot()))
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target)
    return world


def test_a_retry_says_what_it_tries_and_follows_the_new_attempt(retried: World, tmp_path: Path) -> None:
    # given a run that failed
    failure = Failure(error="ExecutionEnded", message="the execution was stopped")
    retried.ledger.update_run(newest(retried), RunState.FAILED, {"failure": failure})
    # when it is tried again
    result = runner.invoke(
        app, ["retry", EPISODE, "--stack", "a-stack", "--rebuy", "--approve", "--out", str(tmp_path)]
    )
    # then there is a next attempt, which knows that it may buy what is held, and its episode
    assert result.exit_code == 0, result.output
    assert "tried again: the run, which ended: the execution was stopped" in result.stdout
    (payload,) = (asked for name, asked in retried.executions.started.items() if name != "the-run")
    assert payload == {"episode_id": EPISODE, "retry": True, "rebuy": True}
    assert (newest(retried).attempt, newest(retried).state) == (2, RunState.DONE)
    assert (tmp_path / EPISODE / "episode.mp4").read_bytes() == b"film"


def test_a_retry_that_comes_to_a_review_ends_with_a_code_of_its_own(retried: World, tmp_path: Path) -> None:
    retried.ledger.update_run(newest(retried), RunState.FAILED, {})
    result = runner.invoke(app, ["retry", EPISODE, "--stack", "a-stack", "--out", str(tmp_path)])
    assert result.exit_code == WAITS_FOR_REVIEW
    assert f"episode approve {EPISODE} --stack a-stack" in " ".join(result.stderr.split())


def test_a_retry_of_a_run_that_is_under_way_starts_nothing(retried: World) -> None:
    result = runner.invoke(app, ["retry", EPISODE, "--stack", "a-stack"])
    assert result.exit_code == FAILED
    assert "is under way" in result.stderr
    assert list(retried.executions.started) == ["the-run"]


def test_a_retry_of_an_episode_that_is_done_says_so(retried: World) -> None:
    # given a run that is done, and whose plan holds no lesser engine
    retried.ledger.update_run(newest(retried), RunState.DONE, {"plan_key": None})
    result = runner.invoke(app, ["retry", EPISODE, "--stack", "a-stack"])
    assert result.exit_code == 0
    assert "nothing failed or was stepped down" in " ".join(result.stdout.split())
    assert list(retried.executions.started) == ["the-run"]
