"""Runs in which something goes wrong: which way the plot takes, and what people are told."""

import html
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from local.simulator.faults import JobFault, WebhookFault
from shared.fal.models import hedra, ideogram, kontext
from shared.ledger.states import JobState
from shared.providers.callbacks import CallbackName
from tests.builders import open_jobs
from tests.integration.plot.conftest import DeployPlot
from tests.integration.plot.small_studio import SEED_OF_TOO_SHORT_CLIPS
from tests.integration.plot.stage import Stage

ScriptWith = Callable[..., dict[str, bytes]]


_PATIENCE_SECONDS = 30


def wait_for_the_plan_for_a_second(definition: dict[str, Any]) -> None:
    definition["States"]["Plan"]["TimeoutSeconds"] = 1


def wait_for_clips_for_two_seconds(definition: dict[str, Any]) -> None:
    parts = definition["States"]["Shots"]["ItemProcessor"]["States"]["Parts"]
    parts["ItemProcessor"]["States"]["AskClip"]["TimeoutSeconds"] = 2


def test_a_rejected_script_fails_the_run_with_its_reason(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given
    stage.upload("tiny", {**tiny, "script.json": b'{"title": "No characters", "scenes": []}'})
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then
    assert (ended.status, ended.error) == ("FAILED", "ScriptRejected")
    assert ended.cause is not None
    assert "characters" in ended.cause
    status = stage.document("tiny", "status.json")
    assert (status["state"], status["message"]) == ("failed", ended.cause)
    assert stage.told() == [("Episode Failed", ended.name)]
    assert stage.fal.control.requests() == []


def test_a_portrait_that_is_refused_fails_the_run_and_nothing_more_is_bought(
    stage: Stage, tiny: dict[str, bytes]
) -> None:
    # given fal that takes offence at the portrait's prompt
    stage.fal.control.change_settings(content_policy_triggers=("yellow raincoat",))
    stage.upload("tiny", tiny)
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then
    assert (ended.status, ended.error) == ("FAILED", "AssetFailed")
    status = stage.document("tiny", "status.json")
    assert status["state"] == "failed"
    page = stage.result("tiny", "storyboard.html").decode()
    assert (page.count("<video "), "not made" in page) == (0, True)
    assert html.escape(status["message"], quote=False)[1:] in page
    assert status["message"].startswith("portrait of Mara Quill: ")
    assert status["message"] == ended.cause
    assert [trouble["error"] for trouble in status["troubles"]] == ["content_policy_violation"]
    assert {request.endpoint_id for request in stage.fal.control.requests()} == {ideogram.ENDPOINT}


def test_a_clip_that_hedra_refuses_becomes_a_still(stage: Stage, one_line_with: ScriptWith) -> None:
    # given
    stage.fal.control.add_fault(JobFault(endpoint=hedra.ENDPOINT, kind="error", error_type="no_media_generated"))
    stage.upload("tiny", one_line_with())
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then
    assert ended.status == "SUCCEEDED"
    status = stage.document("tiny", "status.json")
    assert status["state"] == "done"
    failed, lesser = status["troubles"]
    assert failed["error"] == "no_media_generated"
    assert lesser["error"] == "SteppedDown"
    assert "still" in lesser["message"]
    assert "hedra" in lesser["message"]
    assert stage.bought() == sorted([ideogram.ENDPOINT, ideogram.ENDPOINT, kontext.MULTI_ENDPOINT])


def test_without_a_further_engine_a_refused_clip_fails_the_run(stage: Stage, one_line_with: ScriptWith) -> None:
    # given
    stage.fal.control.add_fault(JobFault(endpoint=hedra.ENDPOINT, kind="error", error_type="no_media_generated"))
    stage.upload("tiny", one_line_with(engines=["hedra"]))
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then
    assert (ended.status, ended.error) == ("FAILED", "AssetFailed")
    assert ended.cause is not None
    assert ended.cause.startswith("line ")
    assert stage.document("tiny", "status.json")["state"] == "failed"
    assert "episode.mp4" not in stage.folder("tiny")


def test_a_clip_that_is_not_what_was_paid_for_becomes_a_still(stage: Stage, one_line_with: ScriptWith) -> None:
    # given clips that end before their recordings do
    stage.upload("tiny", one_line_with(models={"hedra": {"seed": SEED_OF_TOO_SHORT_CLIPS}}))
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then they are on the bill, and not in the episode
    assert ended.status == "SUCCEEDED"
    status, bill = stage.document("tiny", "status.json"), stage.document("tiny", "bill.json")
    assert [trouble["error"] for trouble in status["troubles"]] == ["SteppedDown"]
    assert bill["bought"] == 4
    assert {outcome.engine for outcome in stage.ledger.parts(ended.name).values()} == {"still"}


def test_a_crash_in_plan_episode_is_recorded(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given a plan that is made, and a function that dies before it can say so
    plan = stage.functions.handler("PlanEpisode")

    def die_late(event: dict[str, Any], context: Any) -> None:
        plan(event, context)
        raise MemoryError("no more memory")

    stage.functions.put("PlanEpisode", die_late)
    stage.upload("tiny", tiny)
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then
    assert (ended.status, ended.error) == ("FAILED", "MemoryError")
    status = stage.document("tiny", "status.json")
    assert status["state"] == "failed"
    assert "no more memory" in status["message"]
    assert stage.ledger.open_runs() == []
    assert stage.fal.control.requests() == []


def test_a_crash_before_the_run_is_claimed_fails_the_execution(stage: Stage, tiny_with: ScriptWith) -> None:
    # given an episode that has a run at an earlier state of its inputs
    stage.upload("tiny", tiny_with(scenes=[]))
    stage.play_uploads()
    stage.play_out(stage.run_name("tiny"))

    def die_early(event: dict[str, Any], context: Any) -> None:
        raise MemoryError("no more memory")

    stage.functions.put("PlanEpisode", die_early)
    stage.upload("tiny", tiny_with(title="Another title"))
    # when a person starts an execution, and does not wait for the upload to start one
    stage.start("by-hand", "tiny")
    ended = stage.play_out("by-hand", without={"StartEpisode"})
    # then
    assert (ended.status, ended.error) == ("FAILED", "MemoryError")


def test_an_error_of_step_functions_own_fails_the_execution_with_its_reason(
    deploy_plot: DeployPlot, tiny: dict[str, bytes]
) -> None:
    # given a plan that takes longer than its state waits
    stage = deploy_plot(wait_for_the_plan_for_a_second)
    over = threading.Event()

    def dawdle(event: dict[str, Any], context: Any) -> None:
        over.wait(_PATIENCE_SECONDS)

    stage.functions.put("PlanEpisode", dawdle)
    stage.upload("tiny", tiny)
    # when
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    over.set()
    # then
    assert (ended.status, ended.error) == ("FAILED", "ServiceFailed")
    assert stage.document("tiny", "status.json")["state"] == "failed"


def test_an_episode_id_that_is_none_fails_the_execution(stage: Stage) -> None:
    # when
    stage.start("typing-error", "../tiny")
    ended = stage.play_out("typing-error")
    # then
    assert (ended.status, ended.error) == ("FAILED", "EpisodeIdInvalid")


def test_a_result_that_comes_after_its_state_timed_out_serves_the_next_attempt(
    deploy_plot: DeployPlot, tiny: dict[str, bytes]
) -> None:
    # given clips that nobody hears of
    stage = deploy_plot(wait_for_clips_for_two_seconds)
    stage.fal.control.add_fault(WebhookFault(endpoint=hedra.ENDPOINT, kind="drop"))
    stage.upload("tiny", tiny)
    stage.play_uploads()
    timed_out = stage.play_out(stage.run_name("tiny"))
    assert (timed_out.status, timed_out.error) == ("FAILED", "AssetLate")
    status = stage.document("tiny", "status.json")
    assert (status["state"], status["message"]) == ("failed", timed_out.cause)
    assert "line 1" in status["message"]
    # when they are heard of at last
    stage.fal.control.wait_until_idle()
    stage.fal.control.clear_faults()
    clips = stage.fal.control.requests(hedra.ENDPOINT)
    assert clips
    for clip in clips:
        stage.fal.control.redeliver_webhook(clip.request_id)
    stage.play_until(lambda: open_jobs(stage.ledger) == [])
    # then they are stored, their waiters are gone, and the next attempt uses them
    stored = stage.ledger.jobs(CallbackName.from_query(urlsplit(str(clip.webhook_url)).query).address for clip in clips)
    assert {job.state for job in stored.values()} == {JobState.STORED}
    assert [waiter for address in stored for waiter in stage.ledger.waiters(address)] == []
    stage.start("once-more", "tiny")
    ended = stage.play_out("once-more")
    assert ended.status == "SUCCEEDED"
    # (on a slow machine, the second clip may not have been asked for in time)
    assert stage.document("tiny", "bill.json")["bought"] == 2 - len(clips)
    assert len(stage.fal.control.requests()) == 5
