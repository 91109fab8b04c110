"""A quote before anything is uploaded: the plan's own, of a folder."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.exit_codes import CREDENTIALS, DONE, FAILED, OVER_CAP
from cli.main import app
from cli.output import output
from cli.quoting import FALLBACK, quote_of_folder
from cli.target import Target
from shared.ledger.budgets import Usage
from shared.ledger.records import RunState
from shared.ledger.rules import NEVER
from shared.ledger.states import ACCEPT, SEND, STORE
from shared.plan.models import Plan
from tests.builders import EPISODE, claim_of
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

SPEECH = Path(__file__).parents[2] / "fixtures" / "tiny-episode"
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(SPEECH, tmp_path / EPISODE)


def change(folder: Path, **fields: Any) -> None:
    script = json.loads((folder / "script.json").read_text())
    (folder / "script.json").write_text(json.dumps({**script, **fields}))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def stack(world: World, monkeypatch: pytest.MonkeyPatch) -> Target:
    target = replace(target_of(world, is_deployed=True), parameters={"PriceOverrides": "{}"})
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target)
    return target


def test_a_quote_tells_what_each_model_makes_and_nothing_is_written(
    folder: Path, world: World, stack: Target, tmp_path: Path
) -> None:
    # given a folder, and a script with two engines
    change(folder, engines=["hedra", "fabric", "still"])
    before = sorted(path for path in tmp_path.rglob("*"))
    # when it is quoted
    quote = quote_of_folder(folder, EPISODE, stack)
    # then its rows are what is expected, and with those of lesser engines the ceiling
    expected = [row for row in quote.rows if row.kind != FALLBACK]
    assert sum(row.usd for row in expected) == pytest.approx(quote.expected_usd)
    assert sum(row.usd for row in quote.rows) == pytest.approx(quote.ceiling_usd)
    assert quote.expected_usd < quote.ceiling_usd
    assert {row.kind for row in expected} == {"portrait", "background", "composite", "clip"}
    assert all(row.count == row.quantity and row.unit_usd for row in expected if row.unit == "image")
    # and nothing was written, to the stack or here
    assert (world.bucket.stored_keys, world.ledger.newest_run(EPISODE)) == ([], None)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_what_the_stack_has_is_not_quoted_again(folder: Path, world: World, stack: Target) -> None:
    # given a portrait that was bought before
    empty = quote_of_folder(folder, EPISODE, stack)
    portrait = next(row for row in empty.rows if row.kind == "portrait")
    store(world, plan_of_folder(folder, stack), "portrait")
    # when the folder is quoted again
    quote = quote_of_folder(folder, EPISODE, stack)
    # then it is there, and costs nothing
    row = next(row for row in quote.rows if row.kind == "portrait")
    assert (row.count, row.there) == (portrait.count, 1)
    assert row.usd == pytest.approx(portrait.usd - 0.06)
    assert quote.expected_usd == pytest.approx(empty.expected_usd - 0.06)
    assert quote.reused == 1


def plan_of_folder(folder: Path, stack: Target) -> Plan:
    """Return the plan that a quote is made of."""
    found: list[Plan] = []

    def keep(planned: Any) -> Any:
        found.append(planned.plan)
        return told(planned)

    from cli import quoting

    told = quoting._told
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quoting, "_told", keep)
        quote_of_folder(folder, EPISODE, stack)
    return found[0]


def store(world: World, plan: Plan, kind: str) -> None:
    address = next(address for address, asset in plan.assets.items() if asset.kind == kind)
    run = world.ledger.claim_run("another", "any", 1.0, name=lambda _: "another-run", again=NEVER)
    world.ledger.update_run(run, RunState.RUNNING, {})
    job = world.ledger.claim(claim_of(address, episode_id="another", usage=Usage(usd=0.06, images=1)), 1.0)
    for transition in (SEND, ACCEPT, STORE):
        job = world.ledger.step(job, transition, 2.0, {})  # type: ignore[arg-type]  # each step succeeds, or the next fails
    assert job


def test_the_command_shows_a_table(folder: Path, stack: Target) -> None:
    result = runner.invoke(app, ["quote", str(folder), "--stack", "a-stack"])
    assert (result.exit_code, result.stderr) == (DONE, "")
    assert "fal-ai/flux-pro/kontext/multi" in result.stdout
    assert "expected $" in result.stdout
    # and as a document
    document = json.loads(runner.invoke(app, ["quote", str(folder), "--stack", "a-stack", "--json"]).stdout)
    assert document["expected_usd"] == pytest.approx(sum(row["usd"] for row in document["rows"]))


def test_a_draft_costs_cents(folder: Path, stack: Target) -> None:
    before = (folder / "script.json").read_bytes()
    full = json.loads(runner.invoke(app, ["quote", str(folder), "--stack", "a", "--json"]).stdout)
    draft = json.loads(runner.invoke(app, ["quote", str(folder), "--stack", "a", "--draft", "--json"]).stdout)
    # then it has an id of its own, quick pictures, and no clip
    assert draft["episode_id"] == f"{EPISODE}-draft"
    assert "clip" not in {row["kind"] for row in draft["rows"]}
    assert [row["unit_usd"] for row in draft["rows"] if row["kind"] == "portrait"] == [0.03]
    assert draft["ceiling_usd"] < full["expected_usd"]
    # and the person's script stays as it is
    assert (folder / "script.json").read_bytes() == before


def test_over_a_cap_the_quote_is_shown_all_the_same(folder: Path, stack: Target) -> None:
    change(folder, caps={"usd": 0.1})
    result = runner.invoke(app, ["quote", str(folder), "--stack", "a-stack"])
    assert result.exit_code == OVER_CAP
    assert "expected $" in result.stdout
    assert "caps.usd" in result.stderr


def test_of_what_cannot_be_made_there_is_no_quote(folder: Path, stack: Target) -> None:
    # given a recording that is none
    next((folder / "audio").iterdir()).write_bytes(b"no sound")
    result = runner.invoke(app, ["quote", str(folder), "--stack", "a-stack"])
    assert result.exit_code == FAILED
    assert "audio/" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_stack_it_is_what_this_machine_keeps_and_nothing_is_started(folder: Path, tmp_path: Path) -> None:
    result = runner.invoke(app, ["quote", str(folder), "--state", str(tmp_path / "state")])
    assert result.exit_code == DONE
    assert "on this machine already" in result.stdout
    assert not (tmp_path / "state").exists()


# Before money is spent


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person at a terminal, which typer's runner does not have."""
    monkeypatch.setattr("cli.run.sits_at_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_a_person_is_asked_before_money_is_spent(
    folder: Path, world: World, stack: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = replace(stack, fal_is_simulated=False)
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: paid)
    # when the person says no
    result = runner.invoke(app, ["run", str(folder), "--stack", "a-stack"], input="n\n")
    # then it was shown what it costs, and nothing was uploaded
    assert result.exit_code == FAILED
    assert "expected $" in result.stdout
    assert "nothing was uploaded or bought" in result.stderr
    assert world.bucket.stored_keys == []
    # and over a cap nobody is even asked
    change(folder, caps={"usd": 0.1})
    assert runner.invoke(app, ["run", str(folder), "--stack", "a-stack"]).exit_code == OVER_CAP
    assert world.bucket.stored_keys == []


@pytest.mark.parametrize("options", [["--yes"], []])
def test_with_yes_or_in_a_pipe_nobody_is_asked(
    folder: Path, world: World, stack: Target, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    # given a stack on which nothing takes up what is uploaded
    paid = replace(stack, fal_is_simulated=False)
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: paid)
    monkeypatch.setattr("cli.run.sits_at_terminal", lambda: bool(options))
    # then the run goes on to the upload
    result = runner.invoke(app, ["run", str(folder), "--stack", "a-stack", "--timeout", "0", *options])
    assert result.exit_code not in {DONE, CREDENTIALS}
    assert f"episodes/{EPISODE}/script.json" in world.bucket.stored_keys


def test_a_quote_names_who_makes_what_and_who_stands_in(
    folder: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a stack that knows all providers, and a script that has Replicate make the portraits
    parameters = {"StandIns": "replicate,hedra"}
    target = replace(target_of(world, is_deployed=True), parameters=parameters)
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target)
    change(folder, engines=["hedra", "still"], providers={"portrait": "replicate", "composite": "resilient"})
    options = ["quote", str(folder), "--id", EPISODE, "--stack", "a-stack"]
    monkeypatch.setattr(output, "width", 120)
    result = runner.invoke(app, options)
    assert result.exit_code == DONE
    # then who is not fal is named in its row
    rows = [" ".join(row.split()) for row in result.stdout.splitlines()]
    assert any(row.startswith("portrait google/nano-banana-2 at Replicate 1 0 1 0.08") for row in rows)
    assert any(row.startswith("background fal-ai/ideogram/v3 1 0 1") for row in rows)
    # and who stands in is said once, below the table
    assert "stands in: Replicate, Hedra's API (composite); Hedra's API (clip)" in rows
    # and for machines in each row
    told = json.loads(runner.invoke(app, [*options, "--json"]).stdout)
    assert {row["kind"]: (row["provider"], row["stand_ins"]) for row in told["rows"]} == {
        "portrait": ("replicate", []),
        "background": ("fal", []),
        "composite": ("fal", ["replicate", "hedra"]),
        "clip": ("fal", ["hedra"]),
    }


@pytest.mark.parametrize("columns", [80, 120])
def test_a_quote_fits_into_a_terminal(
    folder: Path, world: World, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    target = replace(target_of(world, is_deployed=True), parameters={"StandIns": "replicate,hedra"})
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target)
    change(folder, engines=["hedra", "kling", "still"], providers=["replicate", "hedra"])
    options = ["quote", str(folder), "--id", EPISODE, "--stack", "a-stack"]
    monkeypatch.setattr(output, "width", columns)
    result = runner.invoke(app, options)
    table = [line for line in result.stdout.splitlines() if line.startswith(" ")]
    assert len(table) > 4
    assert max(map(len, table)) <= columns
