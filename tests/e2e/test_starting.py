"""Every way in starts one run for one state of the inputs."""

import json
import time
from pathlib import Path
from typing import Any

from cli.folder import upload
from cli.follow import follow
from shared.keys import episode_folder
from shared.ledger.records import Run, RunState
from shared.ports import ObjectMissing
from tests.e2e.conftest import Stage
from tests.e2e.episodes import AUDIO, EVERYTHING, SECOND, own_script, script, write_episode

LIMIT = 60.0


def put(stage: Stage, episode_id: str, folder: Path, *paths: str) -> None:
    for path in paths:
        stage.target.bucket.upload(folder / path, episode_folder(episode_id) + path, "application/octet-stream")


def finish(stage: Stage, episode_id: str) -> Run:
    return follow(episode_id, stage.target, lambda *_: None).run


def rest(stage: Stage) -> None:
    """Wait until no message that could start a run is left."""
    sqs, url = stage.studio.clients.sqs, stage.studio.stack.resources["StartQueue"]
    give_up = time.monotonic() + LIMIT
    while time.monotonic() < give_up:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        if not any(int(count) for name, count in attributes.items() if name.startswith("ApproximateNumber")):
            return
        time.sleep(0.2)
    raise AssertionError(f"the start queue did not become empty: {attributes}")


def wait_for_status(stage: Stage, episode_id: str) -> dict[str, Any]:
    give_up = time.monotonic() + LIMIT
    while time.monotonic() < give_up:
        try:
            status: dict[str, Any] = json.loads(stage.target.bucket.get(f"{episode_folder(episode_id)}status.json"))
        except ObjectMissing:
            time.sleep(0.1)
        else:
            return status
    raise AssertionError("there is no status")


def test_audio_first_and_script_last_is_one_run(stage: Stage, tmp_path: Path) -> None:
    # given an episode's recordings in the bucket
    folder = write_episode(tmp_path, script())
    put(stage, "audio-first", folder, *AUDIO)
    # when the script comes last
    put(stage, "audio-first", folder, "script.json")
    run = finish(stage, "audio-first")
    rest(stage)
    # then there was one run
    assert run.state is RunState.DONE
    assert stage.executions("audio-first-") == ["SUCCEEDED"]


def test_script_first_is_one_run(stage: Stage, tmp_path: Path) -> None:
    # given a script whose recordings are not there, for longer than the quiet period
    folder = write_episode(tmp_path, script())
    put(stage, "script-first", folder, "script.json")
    status = wait_for_status(stage, "script-first")
    assert status["state"] == "waiting_for_files"
    assert set(status["missing"]) == set(AUDIO)
    assert stage.executions("script-first-") == []
    # when they come
    put(stage, "script-first", folder, *AUDIO)
    run = finish(stage, "script-first")
    rest(stage)
    # then there was one run
    assert run.state is RunState.DONE
    assert stage.executions("script-first-") == ["SUCCEEDED"]


def test_the_same_file_twice_starts_nothing_more(stage: Stage, tmp_path: Path) -> None:
    # given an episode that was made
    folder = write_episode(tmp_path, script())
    upload(folder, "same-twice", stage.target.bucket)
    finish(stage, "same-twice")
    # when one of its files, and then all of them, are uploaded again as they are
    put(stage, "same-twice", folder, "audio/a.mp3")
    rest(stage)
    upload(folder, "same-twice", stage.target.bucket)
    rest(stage)
    # then there was still one run
    assert stage.executions("same-twice-") == ["SUCCEEDED"]


def test_files_replaced_within_the_quiet_period_are_one_run(stage: Stage, tmp_path: Path) -> None:
    # given an episode that was made
    folder = write_episode(tmp_path, script())
    upload(folder, "five-files", stage.target.bucket)
    finish(stage, "five-files")
    # when five of its files are replaced in a moment
    changed = script()
    changed["title"] = "Other Voices"
    write_episode(folder, changed, dict.fromkeys(AUDIO, SECOND))
    put(stage, "five-files", folder, *AUDIO, "script.json", "audio/a.mp3")
    finish(stage, "five-files")
    rest(stage)
    # then there was one run for their new state
    assert stage.executions("five-files-") == ["SUCCEEDED", "SUCCEEDED"]


def test_a_console_start_beside_an_upload_is_one_run(stage: Stage, tmp_path: Path) -> None:
    # given an episode that nobody has bought anything of
    folder = write_episode(tmp_path, own_script("console"))
    before = stage.asked()
    # when it is uploaded, and a person starts it from the Step Functions console at the same time
    upload(folder, "console", stage.target.bucket)
    stage.target.executions.start("by-hand", {"episode_id": "console"})
    run = finish(stage, "console")
    rest(stage)
    # then one run made it, and what it needed was asked for once
    assert run.attempt == 1
    assert stage.asked() - before == EVERYTHING
    statuses = stage.executions("console-") + stage.executions("by-hand")
    assert set(statuses) == {"SUCCEEDED"}


def test_a_console_start_alone_makes_the_episode(stage: Stage, tmp_path: Path) -> None:
    # given an episode that was made and whose run nobody remembers the digest of
    folder = write_episode(tmp_path, script())
    upload(folder, "console-again", stage.target.bucket)
    first = finish(stage, "console-again")
    # when a person starts it once more
    arn = stage.target.executions.start("by-hand-again", {"episode_id": "console-again"})
    give_up = time.monotonic() + LIMIT
    while stage.target.executions.is_running(arn) and time.monotonic() < give_up:
        time.sleep(0.2)
    # then it ends quietly: this state of the inputs has its episode
    assert stage.executions("by-hand-again") == ["SUCCEEDED"]
    assert finish(stage, "console-again").name == first.name


def test_a_newer_state_of_the_inputs_takes_over(stage: Stage, tmp_path: Path) -> None:
    # given a run whose pictures fal does not make
    before = stage.asked()
    folder = write_episode(tmp_path, own_script("older"))
    stage.studio.fal.control.pause()
    try:
        upload(folder, "taken-over", stage.target.bucket)
        older = wait_for_run(stage, "taken-over")
        # when the script is changed meanwhile
        upload(write_episode(folder, own_script("newer")), "taken-over", stage.target.bucket)
        newer = wait_for_run(stage, "taken-over", after=older)
    finally:
        stage.studio.fal.control.resume()
    done = finish(stage, "taken-over")
    give_up = time.monotonic() + LIMIT
    while "RUNNING" in stage.executions("taken-over-") and time.monotonic() < give_up:
        time.sleep(0.2)
    # then the newer one made the episode, and the older one bought no composite and no clip any more
    assert done.name == newer.name
    bought = stage.asked() - before
    assert (bought["composite"], bought["clip"]) == (EVERYTHING["composite"], EVERYTHING["clip"])
    ended = stage.target.ledger.run("taken-over", older.digest)
    assert ended is not None
    assert ended.state is RunState.SUPERSEDED


def wait_for_run(stage: Stage, episode_id: str, after: Run | None = None) -> Run:
    give_up = time.monotonic() + LIMIT
    while time.monotonic() < give_up:
        run = stage.target.ledger.newest_run(episode_id)
        if run and run.plan_key and (after is None or run.name != after.name):
            return run
        time.sleep(0.1)
    raise AssertionError("no run was planned")


def test_files_with_odd_names_are_read(stage: Stage, tmp_path: Path) -> None:
    # given a recording whose name has a space, a plus sign and letters of another alphabet
    odd = "audio/линия 1+ü.mp3"
    changed = script()
    changed["scenes"][0]["lines"][0]["audio"] = odd
    audio = {(odd if path == "audio/a.mp3" else path): speech for path, speech in AUDIO.items()}
    # when the episode is uploaded
    upload(write_episode(tmp_path, changed, audio), "odd-names", stage.target.bucket)
    # then it is made
    assert finish(stage, "odd-names").state is RunState.DONE
