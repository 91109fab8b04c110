"""From a folder to the end of its run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from cli.folder import FolderEmpty, files_of, upload
from cli.follow import follow
from cli.target import Target
from shared.keys import episode_folder, plan_key
from shared.ledger.records import Run, RunState
from shared.ledger.rules import AFTER_FAILURE, NEVER
from shared.workflow.inputs import read_inputs
from tests.builders import CONFIGURATION, EPISODE, TWO_SCENES, plan_of
from tests.fakes.bucket import MemoryBucket
from tests.fakes.ledger import MemoryLedger
from tests.fakes.step_functions import MemoryTokens


@dataclass
class Plot:
    """Stands for Step Functions: a started execution claims its run, and is over at once."""

    ledger: MemoryLedger
    bucket: MemoryBucket
    ends_as: RunState = RunState.DONE
    running: set[str] = field(default_factory=set)
    started: list[str] = field(default_factory=list)

    def start(self, name: str, payload: Mapping[str, object]) -> str:
        self.started.append(name)
        digest = read_inputs(self.bucket, EPISODE, CONFIGURATION).digest
        run = self.ledger.run(EPISODE, digest)
        if run is None or run.name != name:
            if run and run.state is RunState.RUNNING:
                self.ledger.update_run(run, RunState.FAILED)
            again = NEVER if "digest" in payload else AFTER_FAILURE
            run = self.ledger.claim_run(EPISODE, digest, 2000.0, name=lambda _: name, again=again)
        self.ledger.update_run(run, self.ends_as)
        return name

    def is_running(self, execution_arn: str) -> bool:
        return execution_arn in self.running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    (tmp_path / "script.json").write_text(json.dumps(TWO_SCENES))
    for number in range(1, 5):
        (tmp_path / f"audio/0{number}.mp3").write_bytes(b"sound")
    (tmp_path / "NOTICE.md").write_text("not named by the script")
    (tmp_path / "status.json").write_text("{}")
    return tmp_path


@pytest.fixture
def bucket(folder: Path) -> MemoryBucket:
    bucket = MemoryBucket()
    upload(folder, EPISODE, bucket)
    return bucket


def target_of(plot: Plot) -> Target:
    return Target(
        name="a test",
        bucket=cast("Any", plot.bucket),
        ledger=cast("Any", plot.ledger),
        executions=cast("Any", plot),
        tokens=cast("Any", MemoryTokens()),
        configuration=CONFIGURATION,
        quiet_period=0.0,
        patience=0.0,
        poll_interval=0.0,
        is_deployed=False,
        fal_is_simulated=True,
    )


def known_run(plot: Plot, state: RunState, **changes: object) -> Run:
    digest = read_inputs(plot.bucket, EPISODE, CONFIGURATION).digest
    run = plot.ledger.claim_run(EPISODE, digest, 1000.0, name=lambda _: "the-first", again=NEVER)
    return run if state is RunState.STARTING else plot.ledger.update_run(run, state, changes) or run


def quiet(_sentence: str, _progress: object) -> None:
    pass


def test_the_script_and_what_it_names_are_uploaded_the_script_last(folder: Path, bucket: MemoryBucket) -> None:
    # given a folder with a note that the script does not name, and an earlier result
    names = [path.relative_to(folder).as_posix() for path in files_of(folder)]
    # then neither is uploaded, and the script comes last
    assert names == ["audio/01.mp3", "audio/02.mp3", "audio/03.mp3", "audio/04.mp3", "script.json"]
    assert [stored.key for stored in bucket.list("")] == sorted(episode_folder(EPISODE) + name for name in names)


def test_a_script_takes_the_place_of_one_under_another_name(folder: Path, bucket: MemoryBucket) -> None:
    # given an episode that was uploaded before, when its script was written in JSON
    (folder / "script.json").rename(folder / "script.yaml")
    # when it is uploaded anew
    upload(folder, EPISODE, bucket)
    # then there is one script, and not two, of which none could be used
    inputs = read_inputs(bucket, EPISODE, CONFIGURATION)
    assert inputs.problem is None
    assert "script.yaml" in inputs.files
    # and so with a draft of it, which is written in JSON again
    upload(folder, EPISODE, bucket, {"engines": ["still"]})
    assert read_inputs(bucket, EPISODE, CONFIGURATION).problem is None


def test_of_a_script_that_cannot_be_read_everything_is_uploaded(folder: Path) -> None:
    # given a script that does not say what belongs to it
    (folder / "script.json").write_text("{")
    # then nothing that somebody may have meant is left out, and no earlier result is taken along
    names = {path.relative_to(folder).as_posix() for path in files_of(folder)}
    assert names == {"NOTICE.md", "script.json", *(f"audio/0{number}.mp3" for number in range(1, 5))}


def test_a_folder_without_a_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderEmpty, match=r"script\.yaml"):
        files_of(tmp_path)


def test_a_state_that_has_its_episode_starts_nothing(bucket: MemoryBucket) -> None:
    # given a run that is done
    plot = Plot(MemoryLedger(), bucket)
    done = known_run(plot, RunState.DONE)
    # when it is followed
    ended = follow(EPISODE, target_of(plot), quiet)
    # then that is the answer
    assert (ended.run.name, ended.was_done_before, plot.started) == (done.name, True, [])


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.SUPERSEDED])
def test_a_run_that_ended_without_an_episode_is_taken_up_again(bucket: MemoryBucket, state: RunState) -> None:
    # given a run that failed
    plot = Plot(MemoryLedger(), bucket)
    known_run(plot, state)
    # when somebody asks for the episode
    ended = follow(EPISODE, target_of(plot), quiet)
    # then there is a next attempt, under a name of its own that Step Functions takes
    assert (ended.run.attempt, ended.run.state, ended.was_done_before) == (2, RunState.DONE, False)
    assert all(len(name) <= 80 for name in plot.started)


def test_a_run_whose_execution_is_gone_is_taken_up_again(bucket: MemoryBucket) -> None:
    # given a run that the ledger takes for running, and whose execution was lost
    plot = Plot(MemoryLedger(), bucket)
    known_run(plot, RunState.RUNNING, execution_arn="lost")
    # then there is a next attempt
    assert follow(EPISODE, target_of(plot), quiet).run.attempt == 2


def test_a_run_that_was_claimed_and_never_started_is_started(bucket: MemoryBucket) -> None:
    # given a run whose claimer died before it could start it
    plot = Plot(MemoryLedger(), bucket)
    claimed = known_run(plot, RunState.STARTING)
    # when somebody asks for the episode
    ended = follow(EPISODE, target_of(plot), quiet)
    # then that very run is started
    assert plot.started == [claimed.name]
    assert (ended.run.name, ended.run.attempt) == (claimed.name, 1)


def test_a_run_that_is_paused_says_why(bucket: MemoryBucket) -> None:
    # given a run that buys nothing, since fal refuses the account
    plot = Plot(MemoryLedger(), bucket)
    key = plan_key(EPISODE, "the-first")
    bucket.put(key, plan_of(TWO_SCENES).model_dump_json().encode(), "application/json")
    run = known_run(plot, RunState.RUNNING, plan_key=key, paused="the balance is exhausted", execution_arn="here")
    plot.running.add("here")
    said: list[str] = []

    def show(sentence: str, _progress: object) -> None:
        said.append(sentence)
        plot.ledger.update_run(run, RunState.DONE)

    # when it is followed
    follow(EPISODE, target_of(plot), show)
    # then whoever waits knows what for
    assert said[0] == "paused until this is mended: the balance is exhausted"
