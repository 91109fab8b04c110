"""`episode batch`: it asks, follows, downloads, and ends with the code that says how it went."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from cli.batch_display import batch_table
from cli.exit_codes import DONE, FAILED, STILL_RUNNING, USAGE, WAITS_FOR_REVIEW
from cli.main import app
from shared.batches.decisions import EntryState
from shared.batches.summary import BatchState, BatchSummary, EntrySummary, counted
from shared.keys import episode_folder
from shared.ledger.records import Failure, RunState
from shared.workflow.start_batch import go_over_open_batches
from shared.workflow.status import EpisodeState, StatusBoard
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

SCRIPT = {
    "title": "T",
    "characters": [{"name": "A", "prompt": "a person"}],
    "scenes": [
        {
            "number": 1,
            "environment": "a room",
            "lines": [{"character": "A", "position": "here", "audio": "1.mp3"}],
        }
    ],
}
MANIFEST = "episodes:\n- episode: plain\n- episode: plain\n  as: noir\n  overrides: {style: noir}\n"

Step = Callable[[World, str], None]
"""What becomes of an episode that was started, while the command waits."""


def write(folder: Path, manifest: str = MANIFEST) -> Path:
    (folder / "plain").mkdir()
    (folder / "plain" / "script.json").write_text(json.dumps(SCRIPT))
    (folder / "plain" / "1.mp3").write_text("sound")
    (folder / "two.yaml").write_text(manifest)
    return folder / "two.yaml"


def is_done(world: World, episode_id: str) -> None:
    run = world.ledger.newest_run(episode_id)
    assert run
    world.bucket.put(f"{episode_folder(episode_id)}episode.mp4", b"a video", "video/mp4")
    StatusBoard(world.bucket, world.ledger, world.clock).of_run(run, EpisodeState.DONE, "the episode is done")
    world.ledger.update_run(run, RunState.DONE, {"ended_at": world.clock()})


def fails(world: World, episode_id: str) -> None:
    run = world.ledger.newest_run(episode_id)
    assert run
    failure = Failure(error="PartFailed", message="line 1 was refused")
    world.ledger.update_run(run, RunState.FAILED, {"ended_at": world.clock(), "failure": failure})


def waits_for_review(world: World, episode_id: str) -> None:
    run = world.ledger.newest_run(episode_id)
    assert run
    world.ledger.update_run(run, RunState.RUNNING, {"review_token": "t"})


def goes_on(_world: World, _episode_id: str) -> None:
    """Nothing becomes of it."""


def invoke(
    monkeypatch: pytest.MonkeyPatch, world: World, manifest: Path, *options: str, noir: Step = is_done
) -> Result:
    """Run the command beside a stack that makes a pass, and a step of every run, whenever the command waits."""

    def work(_seconds: float) -> None:
        world.clock.forward(1)
        go_over_open_batches(world.batching())
        for run in world.ledger.open_runs():
            (noir if run.episode_id == "noir" else is_done)(world, run.episode_id)

    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target_of(world, is_deployed=True))
    monkeypatch.setattr("cli.batch.time.sleep", work)
    out = manifest.parent / "out"
    return CliRunner().invoke(app, ["batch", str(manifest), "--stack", "a-stack", "--out", str(out), *options])


def test_a_batch_is_uploaded_followed_and_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a manifest beside its folder
    world, manifest = World(), write(tmp_path)
    # when
    result = invoke(monkeypatch, world, manifest)
    # then both episodes are here, and the summary
    assert result.exit_code == DONE, result.output
    for name in ("plain", "noir"):
        assert (tmp_path / "out" / name / "episode.mp4").read_bytes() == b"a video"
    assert "2 episodes: 2 done" in (tmp_path / "out" / "two.summary.md").read_text()
    # and a line was written for each change
    assert "noir: running" in result.output
    assert "2 episodes: 2 done; $0.00 used" in result.output
    # when it is asked for again, then nothing is started
    before = set(world.executions.started)
    assert invoke(monkeypatch, world, manifest).exit_code == DONE
    assert set(world.executions.started) == before


@pytest.mark.parametrize(
    ("noir", "options", "code", "words"),
    [
        (fails, (), FAILED, "noir: failed: line 1 was refused"),
        (waits_for_review, (), WAITS_FOR_REVIEW, "`episode approve noir --stack a-stack` goes on"),
        (goes_on, ("--timeout", "0"), STILL_RUNNING, "not all has ended: "),
    ],
)
def test_the_exit_code_says_how_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noir: Step, options: tuple[str, ...], code: int, words: str
) -> None:
    result = invoke(monkeypatch, World(), write(tmp_path), *options, noir=noir)
    assert result.exit_code == code, result.output
    assert words in result.output


def test_of_an_episode_that_failed_come_the_papers_that_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a batch of which one fails, with a page that shows how far it came
    def fails_with_a_page(world: World, episode_id: str) -> None:
        world.bucket.put(f"{episode_folder(episode_id)}storyboard.html", b"a page", "text/html")
        fails(world, episode_id)

    result = invoke(monkeypatch, World(), write(tmp_path), noir=fails_with_a_page)
    # then that is here beside the other's video
    assert result.exit_code == FAILED
    assert (tmp_path / "out/noir/storyboard.html").read_bytes() == b"a page"
    assert not (tmp_path / "out/noir/episode.mp4").exists()
    assert (tmp_path / "out/plain/episode.mp4").exists()


def test_a_machine_reads_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke(monkeypatch, World(), write(tmp_path), "--json", noir=fails)
    assert result.exit_code == FAILED
    document: dict[str, Any] = json.loads(result.stdout)
    assert {entry["episode_id"]: entry["state"] for entry in document["episodes"]} == {
        "plain": "done",
        "noir": "failed",
    }


@pytest.mark.parametrize(
    ("manifest", "name", "code", "words"),
    [
        ("episodes:\n- episode: plain\n  overides: {}", "two.yaml", FAILED, "did you mean 'overrides'?"),
        (MANIFEST, "two.txt", USAGE, "call it <name>.yaml"),
        (MANIFEST, "_scheduled.yaml", USAGE, "cannot be a manifest's name"),
        ("episodes:\n- episode: other\n  folder: nowhere", "two.yaml", FAILED, "there is no folder"),
    ],
)
def test_what_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str, name: str, code: int, words: str
) -> None:
    world = World()
    path = write(tmp_path, manifest).rename(tmp_path / name)
    result = invoke(monkeypatch, world, path)
    assert result.exit_code == code
    assert words in " ".join(result.output.split())
    assert world.executions.started == {}
    assert not world.bucket.stored_keys


def test_a_manifest_that_nothing_takes_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a stack in which nothing happens, however long the command waits
    world, now = World(), iter(range(0, 10_000, 30))
    monkeypatch.setattr("cli.options.deployed_target", lambda *_: target_of(world, is_deployed=True))
    monkeypatch.setattr("cli.batch.time.sleep", lambda _: None)
    monkeypatch.setattr("cli.batch.time.monotonic", lambda: float(next(now)))
    # then it ends, and says so
    result = CliRunner().invoke(app, ["batch", str(write(tmp_path)), "--stack", "a-stack", "--out", str(tmp_path)])
    assert result.exit_code == FAILED
    assert "nothing took the manifest up" in result.output


def test_a_large_batch_fits_a_small_terminal() -> None:
    # given 60 episodes, of which one failed and two run
    states = [EntryState.DONE] * 57 + [EntryState.FAILED, EntryState.RUNNING, EntryState.RUNNING]
    entries = tuple(EntrySummary(episode_id=f"e{n}", state=state) for n, state in enumerate(states))
    summary = BatchSummary(
        batch="b",
        state=BatchState.OPEN,
        manifest="etag",
        asked_at=1,
        updated_at=2,
        counts=counted(entries),
        episodes=entries,
    )
    console = Console(width=80, height=24, record=True, file=None)
    # when it is shown in 10 rows
    with console.capture() as capture:
        console.print(batch_table(summary, 10))
    lines = capture.get().splitlines()
    # then those that tell something come first, and the others are counted
    assert len(lines) == 1 + 10
    assert [line.split()[0] for line in lines[1:4]] == ["e58", "e59", "e57"]
    assert "and 51 more" in lines[-1]
    assert "51 done" in lines[-1]
