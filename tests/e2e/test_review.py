"""A storyboard that a person looks at before the first clip is paid for, on the whole deployed template."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.make import EpisodeFailed, make_episode
from cli.review import ReviewLeftOpen, approve_unasked, leave_open
from shared.keys import episode_folder
from shared.workflow.review import reject
from tests.e2e.conftest import Stage
from tests.e2e.episodes import EVERYTHING, own_script, write_episode

PICTURES = {kind: count for kind, count in EVERYTHING.items() if kind != "clip"}


def reviewed_script(trait: str) -> dict[str, Any]:
    return {**own_script(trait), "review": "storyboard"}


def status_of(stage: Stage, episode_id: str) -> dict[str, Any]:
    status: dict[str, Any] = json.loads(stage.target.bucket.get(f"{episode_folder(episode_id)}status.json"))
    return status


def test_a_storyboard_is_looked_at_and_then_approved_by_the_same_command(stage: Stage, tmp_path: Path) -> None:
    # given an episode with a review, made where nobody can be asked
    before = stage.asked()
    folder, out = write_episode(tmp_path / "in", reviewed_script("looked-at")), tmp_path / "out"
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(ReviewLeftOpen, match="--approve"):
        make_episode(folder, "looked-at", stage.target, out, console, leave_open)
    # then its pictures are made and there to be looked at, and no clip was asked for
    assert stage.asked() - before == PICTURES
    status = status_of(stage, "looked-at")
    assert status["state"] == "waiting_for_review"
    assert [(out / picture["file"]).is_file() for picture in status["pictures"]] == [True] * PICTURES["composite"]
    # when the same command approves
    made = make_episode(folder, "looked-at", stage.target, out, console, approve_unasked)
    # then the very same run makes the episode, and no picture is bought again
    assert (made.run.name, made.run.attempt) == (status["run"], 1)
    assert stage.asked() - before == EVERYTHING
    assert status_of(stage, "looked-at")["state"] == "done"
    assert stage.executions("looked-at-") == ["SUCCEEDED"]


def test_after_a_rejection_a_new_take_buys_one_picture(stage: Stage, tmp_path: Path) -> None:
    # given a storyboard that a person does not want
    before = stage.asked()
    script = reviewed_script("rejected")
    folder, out = write_episode(tmp_path / "in", script), tmp_path / "out"
    console = Console(file=io.StringIO(), width=200)

    def refuse(run: Any, target: Any, _out: Path, _console: Console) -> None:
        reject(run, "Tom looks away", target.ledger, target.tokens)

    with pytest.raises(EpisodeFailed, match="the storyboard was rejected: Tom looks away"):
        make_episode(folder, "rejected", stage.target, out, console, refuse)
    assert stage.asked() - before == PICTURES
    # when that line gets another take, and the storyboard is approved
    script["scenes"][0]["lines"][1]["take"] = 2
    made = make_episode(write_episode(folder, script), "rejected", stage.target, out, console, approve_unasked)
    # then one composite more was bought, and the clips
    assert made.video.is_file()
    assert stage.asked() - before == {**EVERYTHING, "composite": EVERYTHING["composite"] + 1}
