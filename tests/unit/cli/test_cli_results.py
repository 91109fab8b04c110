"""What came of an episode is put beside each other: every video with its poster, captions, status and bill."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.follow import Ended, Show
from cli.make import EpisodeFailed, finish_episode
from cli.review import leave_open
from shared.keys import episode_folder
from shared.ledger.records import Failure, Run, RunState
from shared.workflow.record_outcome import RunEnd, record_outcome
from tests.builders import EPISODE, RUN, TWO_SCENES, plan_of
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

FOLDER = episode_folder(EPISODE)


def ended_world(document: dict[str, Any], error: str = "") -> tuple[World, Run]:
    """Return a studio in which an episode's run has ended, with all that assembling may write."""
    world = World(plan_of(document))
    world.begin()
    for name in ("episode.mp4", "episode-9x16.mp4", "poster.jpg", "poster-9x16.jpg", "captions.srt", "captions.vtt"):
        world.bucket.put(FOLDER + name, name.encode(), "application/octet-stream")
    world.bucket.put(f"{FOLDER}script.json", json.dumps(document).encode(), "application/json")
    failure = Failure(error=error, message="line 2 failed") if error else None
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN, failure=failure), world.closing())
    run = world.ledger.newest_run(EPISODE)
    assert run
    return world, run


def finish(world: World, run: Run, out: Path, said: io.StringIO | None = None) -> Path:
    def begin(_: Show) -> Ended:
        return Ended(run, was_done_before=False)

    return finish_episode(begin, target_of(world), out, Console(file=said or io.StringIO()), leave_open).video


def test_every_video_is_downloaded_with_its_poster_and_the_captions(tmp_path: Path) -> None:
    # given an episode of two videos
    world, run = ended_world({**TWO_SCENES, "outputs": ["16:9", "9:16"]})
    # when its run is followed to its end
    video = finish(world, run, tmp_path / "out")
    # then all of it is there, and no input
    assert video == tmp_path / "out" / "episode.mp4"
    results = {"episode.mp4", "episode-9x16.mp4", "poster.jpg", "poster-9x16.jpg", "captions.srt", "captions.vtt"}
    found = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert {name: found[name] for name in results} == {name: name for name in results}
    assert found.keys() == results | {"status.json", "bill.json", "storyboard.html"}


def test_what_belongs_to_an_earlier_state_of_the_script_is_left_where_it_is(tmp_path: Path) -> None:
    # given an episode that had another video and captions before, and has neither now
    silent = [
        {**scene, "lines": [{key: line[key] for key in ("character", "position", "audio")} for line in scene["lines"]]}
        for scene in TWO_SCENES["scenes"]
    ]
    world, run = ended_world({**TWO_SCENES, "scenes": silent})
    # when it is downloaded, then only what its status names is
    finish(world, run, tmp_path)
    papers = {"status.json", "bill.json", "storyboard.html"}
    assert {path.name for path in tmp_path.iterdir()} == {"episode.mp4", "poster.jpg", *papers}


def test_of_a_run_that_failed_come_the_papers_that_say_why_and_no_video(tmp_path: Path) -> None:
    # given a run that failed, beside the video of an earlier state of the script
    world, run = ended_world(TWO_SCENES, "PartFailed")
    assert run.state is RunState.FAILED
    world.bucket.put(f"{FOLDER}storyboard/01-mara.png", b"a picture", "image/png")
    # when it is followed to its end
    said = io.StringIO()
    with pytest.raises(EpisodeFailed, match="line 2 failed"):
        finish(world, run, tmp_path, said)
    # then there is what shows how far it came, and where that is, is said
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"status.json", "bill.json", "storyboard.html", "storyboard/01-mara.png"}
    assert "this run failed" in (tmp_path / "storyboard.html").read_text()
    assert f"how far it came: {tmp_path / 'storyboard.html'}" in said.getvalue()
