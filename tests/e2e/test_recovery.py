"""What got lost is found again, and nothing is bought a second time for it."""

import json
import time
from pathlib import Path
from typing import Any

from cli.folder import upload
from cli.follow import follow
from local.simulator.faults import WebhookFault
from shared.keys import episode_folder
from shared.ledger.records import Run, RunState
from tests.e2e.conftest import Stage
from tests.e2e.episodes import EVERYTHING, own_script, write_episode

LIMIT = 60.0


def invoke(stage: Stage, function: str) -> Any:
    """Do what a schedule does."""
    answer = stage.studio.clients.functions.invoke(FunctionName=stage.studio.stack.resources[function], Payload=b"{}")
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def planned_run(stage: Stage, episode_id: str) -> Run:
    give_up = time.monotonic() + LIMIT
    while time.monotonic() < give_up:
        run = stage.target.ledger.newest_run(episode_id)
        if run and run.plan_key:
            return run
        time.sleep(0.1)
    raise AssertionError("no run was planned")


def test_a_stopped_execution_is_closed_and_taken_up_by_the_next_batch(stage: Stage, tmp_path: Path) -> None:
    # given an episode whose pictures are in the making
    before = stage.asked()
    stage.studio.fal.control.pause()
    try:
        upload(write_episode(tmp_path, own_script("stopped")), "stopped", stage.target.bucket)
        run = planned_run(stage, "stopped")
        give_up = time.monotonic() + LIMIT
        while (stage.asked() - before).total() < 4 and time.monotonic() < give_up:
            time.sleep(0.1)
        # when somebody stops its execution
        assert run.execution_arn
        stage.studio.clients.stepfunctions.stop_execution(executionArn=run.execution_arn)
    finally:
        stage.studio.fal.control.resume()
    invoke(stage, "Reconcile")
    # then the run is closed, and says so beside the script
    closed = stage.target.ledger.run("stopped", run.digest)
    assert closed
    assert closed.state is RunState.FAILED
    status = json.loads(stage.target.bucket.get(f"{episode_folder('stopped')}status.json"))
    assert (status["state"], "stopped" in status["message"]) == ("failed", True)
    # and when the nightly batch comes, it is taken up again, with what was bought
    assert invoke(stage, "StartBatch")["_scheduled"]["stopped"] == "running"
    ended = follow("stopped", stage.target, lambda *_: None)
    assert (ended.run.state, ended.run.attempt) == (RunState.DONE, 2)
    assert stage.asked() - before == EVERYTHING
    # and the batch after that has nothing to do
    assert invoke(stage, "StartBatch").get("_scheduled", {}).get("stopped", "done") == "done"
    assert stage.executions("stopped-").count("SUCCEEDED") == 1


def test_results_whose_callbacks_were_lost_are_found(stage: Stage, tmp_path: Path) -> None:
    # given a fal whose callbacks never arrive
    before = stage.asked()
    fault = stage.studio.fal.control.add_fault(WebhookFault(kind="drop", count=100))
    try:
        upload(write_episode(tmp_path, own_script("silent")), "silent", stage.target.bucket)
        run = planned_run(stage, "silent")
        # when reconcile comes round again and again
        give_up = time.monotonic() + LIMIT
        while time.monotonic() < give_up:
            latest = stage.target.ledger.run("silent", run.digest)
            if latest and latest.state is RunState.DONE:
                break
            invoke(stage, "Reconcile")
            time.sleep(0.5)
    finally:
        stage.studio.fal.control.remove_fault(fault)
    # then the episode is made, and each thing was asked for once
    latest = stage.target.ledger.run("silent", run.digest)
    assert latest
    assert latest.state is RunState.DONE
    assert stage.asked() - before == EVERYTHING


def test_a_callback_that_nobody_at_fal_signed_is_refused(stage: Stage, tmp_path: Path) -> None:
    # given forged callbacks before each good one, and each good one three times
    control = stage.studio.fal.control
    faults = [
        control.add_fault(WebhookFault(kind="wrong_signature", count=4)),
        control.add_fault(WebhookFault(kind="duplicate", count=20, times=2)),
    ]
    before = stage.asked()
    try:
        made = stage.make(write_episode(tmp_path / "in", own_script("forged")), "forged", tmp_path / "out")
    finally:
        for fault in faults:
            control.remove_fault(fault)
    # then the episode is made all the same, and each thing was asked for once
    assert made.video.is_file()
    assert stage.asked() - before == EVERYTHING
    refused = [attempt for attempt in control.webhook_attempts() if attempt.status_code == 401]
    assert len(refused) >= 4
