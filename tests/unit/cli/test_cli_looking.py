"""Looking at an episode that was made: its bill, its files."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.exit_codes import DONE, FAILED
from cli.main import app
from shared.bill import Bill, BillLine, NotDelivered
from shared.providers.names import ProviderName
from shared.run_record import GivenUp, SteppedDown
from shared.workflow.status import EpisodeState, EpisodeStatus
from tests.builders import EPISODE
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

FOLDER = f"episodes/{EPISODE}/"
STACK = ["--stack", "a-stack"]
runner = CliRunner()


def line(label: str, kind: str, usd: float, **fields: Any) -> BillLine:
    told: dict[str, Any] = {
        "address": "a" * 40,
        "provider": ProviderName.FAL,
        "endpoint": f"fal-ai/{kind}",
        "engine": "hedra" if kind == "clip" else None,
        "reused": usd == 0,
        "price_source": "the table",
        "request_id": "r",
        "seconds": 12.0,
        "queued_seconds": 4.5,
        "running_seconds": 7.5,
        "possible_duplicates": 0,
    }
    return BillLine(label=label, kind=kind, usd=usd, **{**told, **fields})


BILL = Bill(
    episode_id=EPISODE,
    run="the-run",
    attempt=2,
    lines=(
        line("portrait of Mara", "portrait", 0.06),
        line("portrait of Tom", "portrait", 0.0, seconds=None, queued_seconds=None, running_seconds=None),
        line("line 1 (Mara)", "clip", 0.25, possible_duplicates=1),
    ),
    stepped_down=(
        SteppedDown(
            part=1,
            line=2,
            what="line 2 (Tom)",
            engine="still",
            given_up=(GivenUp(engine="hedra", error="x", reason="it was late"),),
        ),
    ),
    failed=(
        NotDelivered(
            label="line 2 (Tom)",
            kind="clip",
            address="b" * 40,
            provider=ProviderName.FAL,
            endpoint="fal-ai/clip",
            engine="hedra",
            request_id=None,
            error="x",
            reason="fal gave up",
            usd=0.2,
            may_be_charged=True,
        ),
    ),
    unsettled=(),
    bought=2,
    reused=1,
    total_usd=0.31,
    possible_duplicate_usd=0.25,
    possibly_charged_usd=0.2,
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target_of(world, is_deployed=True))
    return world


def stands(world: World, state: EpisodeState = EpisodeState.DONE) -> None:
    status = EpisodeStatus(episode_id=EPISODE, state=state, message="so it is", updated_at="now")
    world.bucket.put(f"{FOLDER}status.json", status.model_dump_json().encode(), "application/json")


def test_a_bill_is_told_by_kind_by_line_and_with_what_may_come_on_top(world: World) -> None:
    world.bucket.put(f"{FOLDER}bill.json", BILL.model_dump_json().encode(), "application/json")
    result = runner.invoke(app, ["report", EPISODE, *STACK])
    rows = [" ".join(row.split()) for row in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (DONE, "")
    # then kinds are summed up
    assert "portrait fal-ai/portrait 1 1 0.06" in rows
    assert "clip fal-ai/clip 1 0 0.25" in rows
    # and what was bought is told with its times
    assert "portrait of Mara portrait 4.5 7.5 0.06" in rows
    assert "line 1 (Mara) (1 possible duplicate) hedra 4.5 7.5 0.25" in rows
    assert not any(row.startswith("portrait of Tom") for row in rows)
    # and everything that went otherwise, with its reason
    assert "stepped down: line 2 (Tom) is made with still (hedra: it was late)" in rows
    assert "failed: line 2 (Tom): fal gave up (fal may charge $0.20)" in rows
    assert {"paid $0.31", "perhaps $0.20 more: what was not delivered may be charged all the same"} <= set(rows)
    assert any(row.startswith("perhaps $0.25 more: bought again") for row in rows)


def test_a_bill_names_who_made_what_where_that_is_not_fal(world: World) -> None:
    # given a bill of which Replicate made the first asset, and Hedra's own API did not deliver another
    made, *others = BILL.lines
    lines = (made.model_copy(update={"provider": ProviderName.REPLICATE, "endpoint": "google/nano-banana-2"}), *others)
    failed = tuple(entry.model_copy(update={"provider": ProviderName.HEDRA}) for entry in BILL.failed)
    bill = BILL.model_copy(update={"lines": lines, "failed": failed})
    world.bucket.put(f"{FOLDER}bill.json", bill.model_dump_json().encode(), "application/json")
    result = runner.invoke(app, ["report", EPISODE, *STACK], env={"COLUMNS": "120"})
    rows = [" ".join(row.split()) for row in result.stdout.splitlines()]
    # then both are named, in the sums, in the lines, and by what was not delivered
    assert any(row.startswith("portrait google/nano-banana-2 at Replicate 1 0") for row in rows)
    assert "portrait of Mara portrait at Replicate 4.5 7.5 0.06" in rows
    assert "failed: line 2 (Tom): fal gave up (Hedra's API may charge $0.20)" in rows
    # and what fal made is told as ever
    assert "clip fal-ai/clip 1 0 0.25" in rows


def test_a_bill_as_a_document_is_the_bill(world: World) -> None:
    world.bucket.put(f"{FOLDER}bill.json", BILL.model_dump_json().encode(), "application/json")
    result = runner.invoke(app, ["report", EPISODE, *STACK, "--json"])
    assert Bill.model_validate_json(result.stdout) == BILL


def test_before_a_run_has_ended_there_is_no_bill(world: World) -> None:
    result = runner.invoke(app, ["report", EPISODE, *STACK])
    assert result.exit_code == FAILED
    assert "no bill" in result.stderr


def test_what_another_version_wrote_is_not_guessed_at(world: World) -> None:
    for name in ("bill.json", "status.json"):
        world.bucket.put(FOLDER + name, b'{"of": "old"}', "application/json")
    for command in ("report", "status"):
        result = runner.invoke(app, [command, EPISODE, *STACK])
        assert result.exit_code == FAILED
        assert "another version" in result.stderr


def test_opening_fetches_what_there_is_and_says_where(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[str] = []
    monkeypatch.setattr("typer.launch", launched.append)
    stands(world)
    for name in ("episode.mp4", "storyboard.html", "storyboard/01-a.png"):
        world.bucket.put(FOLDER + name, name.encode(), "any/any")
    opened = ["open", EPISODE, *STACK, "--out", str(tmp_path)]
    # then the video and the page are there
    assert runner.invoke(app, opened).stdout.strip() == str(tmp_path / EPISODE / "episode.mp4")
    page = json.loads(runner.invoke(app, [*opened, "--storyboard", "--json"]).stdout)
    assert Path(page["path"]).read_text() == "storyboard.html"
    assert (tmp_path / EPISODE / "storyboard/01-a.png").is_file()
    # and in a pipe nothing pops up
    assert launched == []


def test_on_a_terminal_it_is_shown(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[str] = []
    monkeypatch.setattr("typer.launch", launched.append)
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    stands(world)
    world.bucket.put(f"{FOLDER}episode.mp4", b"film", "video/mp4")
    assert runner.invoke(app, ["open", EPISODE, *STACK, "--out", str(tmp_path)]).exit_code == DONE
    assert launched == [str((tmp_path / EPISODE / "episode.mp4").resolve())]


def test_while_a_storyboard_has_no_page_its_pictures_are_opened(world: World, tmp_path: Path) -> None:
    stands(world, EpisodeState.WAITING_FOR_REVIEW)
    world.bucket.put(f"{FOLDER}storyboard/01-a.png", b"picture", "image/png")
    opened = ["open", EPISODE, *STACK, "--out", str(tmp_path)]
    assert runner.invoke(app, [*opened, "--storyboard"]).stdout.strip() == str(tmp_path / EPISODE / "storyboard")
    # and of a video that is not there it is said
    result = runner.invoke(app, opened)
    assert result.exit_code == FAILED
    assert "has no video yet" in result.stderr


def test_an_episode_that_nobody_knows(world: World, tmp_path: Path) -> None:
    for command in (["open", EPISODE, "--out", str(tmp_path)], ["status", EPISODE], ["watch", EPISODE]):
        result = runner.invoke(app, [*command, *STACK])
        assert result.exit_code == FAILED
        assert f"{EPISODE}" in result.stderr
        assert "episode run FOLDER" in result.stderr
