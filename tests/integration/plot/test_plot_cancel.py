"""An operator cancels a run: it ends with its papers, fal stops what nobody waits for, and it can be taken up again."""

import json
from collections.abc import Callable

from shared.ledger.records import Job
from shared.ledger.states import JobState
from tests.builders import open_jobs
from tests.integration.plot.stage import Stage
from tests.integration.plot.typed_commands import Operator, operator

__all__ = ["operator"]

ScriptWith = Callable[..., dict[str, bytes]]


def submitted(stage: Stage) -> list[Job]:
    return [job for job in open_jobs(stage.ledger) if job.state is JobState.SUBMITTED]


def upload_until_fal_has_pictures(stage: Stage, files: dict[str, bytes], episode_id: str = "tiny") -> str:
    """Begin an episode, and play until portrait and background wait at fal, which does not work; return the run."""
    stage.fal.control.pause()
    stage.upload(episode_id, files)
    stage.play_uploads()
    stage.play_until(lambda: len(submitted(stage)) == 2)
    return stage.run_name(episode_id)


def collect(stage: Stage) -> None:
    """Reconcile, and play until what it found is collected."""
    stage.functions.invoke("Reconcile", {})
    stage.play_until(lambda: not open_jobs(stage.ledger))


def test_a_run_is_cancelled_and_taken_up_again(stage: Stage, operator: Operator, one_line_with: ScriptWith) -> None:
    # given an episode whose portrait and background wait at fal
    name = upload_until_fal_has_pictures(stage, one_line_with())
    # when its run is cancelled
    result = operator.types("cancel", "tiny", "--reason", "the wrong script", "--stack", "a-stack", "--json")
    # then the command says what becomes of what
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["outcome"], told["run"], told["state"]) == ("cancelled", name, "FAILED")
    assert told["jobs"] == {"stopped": 2, "wanted": 0, "unclear": 0}
    assert operator.invoked == ["Reconcile Event"]
    # and the execution is stopped, and the papers and the event say why
    assert operator.stopped == [name]
    status = stage.document("tiny", "status.json")
    assert (status["state"], status["message"]) == ("failed", "the run was cancelled: the wrong script")
    assert stage.document("tiny", "bill.json")["total_usd"] == 0
    assert stage.told() == [("Episode Failed", name)]
    # and fal has stopped both, and everything is at rest
    assert {request.error_type for request in stage.fal.control.requests()} == {"client_cancelled"}
    collect(stage)
    stage.play_out(name)
    assert stage.bought() == []
    # and once more, there is nothing to cancel
    again = operator.types("cancel", "tiny", "--stack", "a-stack")
    assert again.exit_code == 0
    assert "nothing to cancel" in again.stdout
    # and when it is taken up again, it comes to its end
    stage.fal.control.resume()
    stage.start("again", "tiny", retry=True)
    assert stage.play_out("again").status == "SUCCEEDED"
    assert len(stage.bought()) == 4


def test_what_another_episode_waits_for_goes_on(stage: Stage, operator: Operator, one_line_with: ScriptWith) -> None:
    # given two episodes that wait for the same pictures
    files = one_line_with()
    upload_until_fal_has_pictures(stage, files)
    stage.upload("twin", files)
    stage.play_uploads()
    stage.play_until(lambda: all(len(stage.ledger.waiters(job.address)) == 2 for job in submitted(stage)))
    # when the one that bought them is cancelled
    result = operator.types("cancel", "tiny", "--stack", "a-stack")
    # then fal is asked to stop nothing, and the other comes to its end
    assert "2 jobs at fal, for which another run waits: left alone" in result.stdout
    stage.fal.control.resume()
    assert stage.play_out(stage.run_name("twin")).status == "SUCCEEDED"
    assert len(stage.bought()) == 4
    assert "episode.mp4" not in stage.folder("tiny")


def test_what_fal_has_finished_is_kept(stage: Stage, operator: Operator, one_line_with: ScriptWith) -> None:
    # given pictures that fal has made, of which nobody has heard yet
    name = upload_until_fal_has_pictures(stage, one_line_with())
    addresses = [job.address for job in submitted(stage)]
    stage.fal.control.resume()
    stage.fal.control.wait_until_idle()
    # when the run is cancelled
    operator.types("cancel", "tiny", "--stack", "a-stack")
    collect(stage)
    # then they are kept
    assert operator.stopped == [name]
    assert {job.state for job in stage.ledger.jobs(addresses).values()} == {JobState.STORED}
    assert len(stage.bought()) == 2


def test_there_may_be_nothing_to_cancel(stage: Stage, operator: Operator) -> None:
    result = operator.types("cancel", "tiny", "--stack", "a-stack")
    assert result.exit_code == 0
    assert "there is no run of tiny in a-stack: nothing to cancel" in result.stdout
    assert stage.told() == []
    assert operator.invoked == []
