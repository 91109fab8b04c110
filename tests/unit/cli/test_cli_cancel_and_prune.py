"""`episode cancel` and `episode prune` at the terminal and in a pipe: what they say, ask, and end with."""

import json
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

import cli.cancel
import cli.prune
from cli.exit_codes import DONE, USAGE
from cli.main import app
from shared.keys import FileKind, FileRef
from shared.ledger.records import RunState
from shared.ledger.states import ACCEPT, SEND
from shared.providers.names import Place, ProviderName
from shared.workflow.buy_asset import buy_asset
from tests.builders import EPISODE, RUN, TWO_SCENES, claim_of, plan_of
from tests.unit.cli.test_cli_review import target_of
from tests.unit.workflow.two_scenes import PORTRAIT
from tests.world import World, request_of

STACK = ["--stack", "a-stack"]
HOUSE = FileRef(kind=FileKind.HOUSE, address="f" * 40).key


class Functions:
    """Stands for Lambda: takes invocations, or says that they are not allowed."""

    def __init__(self) -> None:
        self.invoked: list[dict[str, str]] = []
        self.allowed = True

    def invoke(self, **asked: str) -> None:
        if not self.allowed:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")
        self.invoked.append(asked)


class Bus:
    """Stands for EventBridge."""

    def put_events(self, **_: Any) -> dict[str, int]:
        return {"FailedEntryCount": 0}


@pytest.fixture
def world() -> World:
    world = World(plan_of(TWO_SCENES))
    world.begin()
    return world


@pytest.fixture
def functions(world: World, monkeypatch: pytest.MonkeyPatch) -> Functions:
    functions = Functions()
    services = {"lambda": functions, "events": Bus()}
    outputs = {"BucketName": "a-bucket", "ReconcileFunction": "reconcile-1"}
    target = replace(target_of(world, is_deployed=True), services=services, outputs=outputs)
    for module in (cli.cancel, cli.prune):
        monkeypatch.setattr(module, "target_of", lambda *_: nullcontext(target))
    return functions


def types(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments, *STACK], input=answer)


def test_a_run_is_cancelled_and_open_jobs_are_looked_after_at_once(world: World, functions: Functions) -> None:
    buy_asset(request_of("one", PORTRAIT), world.shop())
    result = types("cancel", EPISODE, "--reason", "the wrong script")
    assert result.exit_code == DONE
    assert f"{RUN} is cancelled: nothing more is bought for it, and what was is kept" in result.stdout
    assert f"`episode retry {EPISODE} --stack a-stack` takes it up again" in result.stdout
    assert "1 job at fal, for which nobody else waits: fal is asked to stop" in result.stdout
    assert functions.invoked == [{"FunctionName": "reconcile-1", "InvocationType": "Event"}]
    assert world.status().message == "the run was cancelled: the wrong script"


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (ProviderName.REPLICATE, "1 job at Replicate, for which nobody else waits: Replicate is asked to stop"),
        (ProviderName.HEDRA, "1 job at Hedra's API, for which nobody else waits: Hedra's API cannot be asked to stop"),
    ],
)
def test_who_has_an_open_job_is_named(provider: ProviderName, said: str, world: World, functions: Functions) -> None:
    # given a portrait that is asked for at a provider that stands in for fal
    world.ledger.claim(replace(claim_of(PORTRAIT), place=Place(provider=provider, endpoint="model")), 1.0)
    job = world.ledger.job(PORTRAIT)
    assert job
    sending = world.ledger.step(job, SEND, 2.0)
    assert sending
    world.ledger.step(sending, ACCEPT, 3.0, {"request_id": "r"})
    # when its run is cancelled
    result = types("cancel", EPISODE, "--json")
    # then it is said of whom it is asked, and whether that helps
    assert result.exit_code == DONE, result.stderr
    assert said in result.stderr
    assert json.loads(result.stdout)["jobs"] == {"stopped": 1, "wanted": 0, "unclear": 0}


def test_who_may_not_invoke_is_told_when_it_happens(world: World, functions: Functions) -> None:
    buy_asset(request_of("one", PORTRAIT), world.shop())
    functions.allowed = False
    result = types("cancel", EPISODE, "--json")
    assert result.exit_code == DONE
    told = json.loads(result.stdout)
    assert (told["outcome"], told["reconciled_at_once"]) == ("cancelled", False)
    assert "at the next cycle of reconcile" in result.stderr


def test_a_second_cancel_says_that_it_is_over(functions: Functions) -> None:
    types("cancel", EPISODE, "--reason", "the wrong script")
    again = types("cancel", EPISODE)
    assert again.exit_code == DONE
    told = f"{RUN} is over already: failed (the run was cancelled: the wrong script): nothing to cancel"
    assert again.stdout == f"{told}\n"
    assert functions.invoked == []  # nothing was open


def test_no_run_is_no_failure(functions: Functions) -> None:
    result = types("cancel", "harbour", "--json")
    assert result.exit_code == DONE
    told = json.loads(result.stdout)
    assert (told["outcome"], told["run"]) == ("no_run", None)


def test_an_id_that_cannot_be_one_is_a_usage_error(functions: Functions) -> None:
    assert types("cancel", "a/b").exit_code == USAGE


@pytest.fixture
def ended(world: World) -> World:
    run = world.ledger.newest_run(EPISODE)
    assert run
    world.ledger.update_run(run, RunState.DONE, {"ended_at": world.clock()})
    world.clock.now = 0.0
    world.bucket.put(HOUSE, b"x" * 1_500_000, "video/mp4")
    return world


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> None:
    monkeypatch.setattr(cli.prune, "_can_ask", lambda: is_terminal)


@pytest.mark.parametrize(("answer", "is_deleted"), [("y\n", True), ("n\n", False)])
def test_pruning_is_asked_about_on_a_terminal(
    ended: World, functions: Functions, monkeypatch: pytest.MonkeyPatch, answer: str, is_deleted: bool
) -> None:
    on_a_terminal(monkeypatch, is_terminal=True)
    result = types("prune", answer=answer)
    assert result.exit_code == DONE
    assert "1 derived file in a-stack, 1.5 MB, can be deleted" in result.stdout
    assert ("nothing was deleted" in result.stdout) is not is_deleted
    assert ended.bucket.exists(HOUSE) is not is_deleted
    assert functions.invoked == []


def test_nothing_is_pruned_in_a_pipe_without_a_word(ended: World, functions: Functions) -> None:
    result = types("prune")
    assert result.exit_code == USAGE
    assert "--yes" in result.stderr
    assert ended.bucket.exists(HOUSE)
    assert functions.invoked == []


@pytest.mark.parametrize("options", [["--dry-run"], ["--older-than", "30000", "--yes"]])
def test_what_is_only_looked_at_or_too_new_stays(ended: World, functions: Functions, options: list[str]) -> None:
    result = types("prune", "--json", *options)
    assert result.exit_code == DONE
    assert json.loads(result.stdout)["deleted"] is False
    assert ended.bucket.exists(HOUSE)
    assert functions.invoked == []


def test_what_open_runs_need_is_told(world: World, functions: Functions) -> None:
    world.clock.now = 0.0
    world.bucket.put(FileRef(kind=FileKind.EPISODE, address="e" * 40).key, b"film", "video/mp4")
    result = types("prune", "--yes")
    assert result.exit_code == DONE
    assert "since 1 run is under way and may need them" in result.stdout
    assert functions.invoked == []
