"""A next attempt tries again what failed or was stepped down, and buys nothing else."""

from collections.abc import Callable

import pytest

from cli.retry import NothingToRetry, Retry, RetryInVain, retry_of
from local.simulator.faults import JobFault, SubmitFault, WebhookFault
from shared.fal.models import hedra
from shared.ledger.states import HOLD, JobState
from shared.plan.models import Plan
from shared.workflow.waking import wake
from tests.builders import open_jobs
from tests.integration.plot.stage import Stage

ScriptWith = Callable[..., dict[str, bytes]]


def retry(stage: Stage, *, rebuy: bool = False) -> Retry:
    """Return what the command line says of trying the newest run again."""
    run = stage.ledger.newest_run("tiny")
    assert run is not None
    assert run.plan_key is not None
    plan = Plan.model_validate_json(stage.stored(run.plan_key))
    return retry_of(run, plan, stage.ledger.jobs(plan.assets), stage.ledger.parts(run.name), rebuy=rebuy)


def bill(stage: Stage) -> tuple[int, float]:
    document = stage.document("tiny", "bill.json")
    return document["bought"], document["total_usd"]


def test_a_line_that_was_stepped_down_is_made_with_the_better_engine(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given an episode of which one clip was cancelled at fal, so that its line became a still
    stage.fal.control.add_fault(JobFault(endpoint=hedra.ENDPOINT, kind="error", error_type="client_cancelled", count=1))
    stage.upload("tiny", tiny)
    stage.play_uploads()
    assert stage.play_out(stage.run_name("tiny")).status == "SUCCEEDED"
    assert [trouble["error"] for trouble in stage.document("tiny", "status.json")["troubles"]][-1] == "SteppedDown"
    still = stage.result("tiny", "episode.mp4")
    asked = len(stage.fal.control.requests())
    # when it is tried again
    found = retry(stage)
    stage.start("again", "tiny", retry=True)
    ended = stage.play_out("again")
    # then that clip is bought, at no more than was said, and nothing else is asked for
    assert ended.status == "SUCCEEDED"
    assert len(found.again) == 1
    assert "cancelled" in found.again[0]
    assert len(stage.fal.control.requests()) == asked + 1
    bought, usd = bill(stage)
    assert bought == 1
    assert 0 < usd == pytest.approx(found.ceiling_usd)
    # and the episode has it
    status = stage.document("tiny", "status.json")
    assert (status["state"], status["attempt"], status["troubles"]) == ("done", 2, [])
    assert stage.result("tiny", "episode.mp4") != still
    # and there is nothing left to try again
    with pytest.raises(NothingToRetry):
        retry(stage)
    stage.start("once-more", "tiny", retry=True)
    assert stage.play_out("once-more").status == "SUCCEEDED"
    assert len(stage.fal.control.requests()) == asked + 1


def test_what_is_held_is_bought_once_more_only_when_a_person_says_so(stage: Stage, one_line_with: ScriptWith) -> None:
    # given a clip that fal has, whose answer and callback got lost, and that nobody could find any more
    control = stage.fal.control
    control.add_fault(SubmitFault(endpoint=hedra.ENDPOINT, kind="drop_connection", accepts_job=True, count=1))
    control.add_fault(WebhookFault(endpoint=hedra.ENDPOINT, kind="drop", count=1))
    stage.upload("tiny", one_line_with(engines=["hedra"]))
    stage.play_uploads()
    name = stage.run_name("tiny")
    stage.play_until(lambda: [job.state for job in open_jobs(stage.ledger)] == [JobState.UNCONFIRMED])
    (doubted,) = open_jobs(stage.ledger)
    held = stage.ledger.step(doubted, HOLD, doubted.claimed_at)
    assert held is not None
    wake(held, stage.ledger, stage.tokens)
    assert stage.play_out(name).error == "AssetHeld"
    # then it is said that trying again without a word is in vain
    with pytest.raises(RetryInVain, match="--rebuy"):
        retry(stage)
    stage.start("again", "tiny", retry=True)
    assert stage.play_out("again").error == "AssetHeld"
    assert len(control.requests(hedra.ENDPOINT)) == 1
    # when a person says to buy it once more
    found = retry(stage, rebuy=True)
    stage.start("rebuy", "tiny", retry=True, rebuy=True)
    ended = stage.play_out("rebuy")
    # then it is, and the bill knows that fal may charge twice
    assert ended.status == "SUCCEEDED"
    assert len(control.requests(hedra.ENDPOINT)) == 2
    bought, usd = bill(stage)
    assert bought == 1
    assert usd == pytest.approx(found.ceiling_usd)
    (job,) = [stage.ledger.job(doubted.address)]
    assert job is not None
    assert (job.state, job.possible_duplicates) == (JobState.STORED, 1)
