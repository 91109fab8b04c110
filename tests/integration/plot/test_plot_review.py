"""Runs whose pictures a person looks at before the first clip is paid for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.fal.models import hedra, ideogram, kontext
from shared.ledger.records import Run, RunState
from shared.workflow.review import approve, is_waiting_for_review, reject
from tests.integration.plot.conftest import DeployPlot
from tests.integration.plot.stage import Stage

ScriptWith = Callable[..., dict[str, bytes]]
PICTURES = sorted([ideogram.ENDPOINT, ideogram.ENDPOINT, kontext.MULTI_ENDPOINT, kontext.MULTI_ENDPOINT])
TWO_CLIPS = [hedra.ENDPOINT, hedra.ENDPOINT]
AT_THE_DOOR, AT_THE_TABLE = "storyboard/01-mara-quill-in-scene-1.png", "storyboard/02-mara-quill-in-scene-1.png"


@pytest.fixture(scope="session")
def reviewed(tiny: dict[str, bytes], tiny_with: ScriptWith) -> ScriptWith:
    """Give the tiny episode with a review, its two lines at two places, and some fields of the second one changed."""

    def changed(**second: object) -> dict[str, bytes]:
        (scene,) = json.loads(tiny["script.json"])["scenes"]
        scene["lines"][0]["position"] = "at the door"
        scene["lines"][1] |= {"position": "at the table", **second}
        kontext_options = {"kontext": {"output_format": "png"}}
        return tiny_with(scenes=[scene], resolution="540p", review="storyboard", models=kontext_options)

    return changed


def come_to_the_review(stage: Stage, files: dict[str, bytes]) -> Run:
    """Upload an episode and play until somebody has to look at its pictures."""
    stage.upload("tiny", files)
    stage.play_uploads()
    name = stage.run_name("tiny")

    def waits() -> bool:
        run = stage.ledger.newest_run("tiny")
        return run is not None and is_waiting_for_review(run)

    stage.play_until(waits)
    run = stage.ledger.newest_run("tiny")
    assert run is not None
    assert run.name == name
    return run


def reconcile(stage: Stage) -> None:
    _, raised = stage.functions.invoke("Reconcile", {})
    assert not raised


def wait_for_the_review_for_two_seconds(definition: dict[str, Any]) -> None:
    definition["States"]["AskReview"]["TimeoutSeconds"] = 2


def test_only_pictures_are_bought_before_they_are_approved_and_then_the_clips(
    stage: Stage, reviewed: ScriptWith
) -> None:
    # given an episode with a review
    files = reviewed()
    run = come_to_the_review(stage, files)
    # then its pictures are bought, and nothing else was asked for
    assert stage.bought() == PICTURES
    assert len(stage.fal.control.requests()) == 4
    # and they lie beside the script, where status and event say
    assert stage.folder("tiny") - files.keys() == {"status.json", "storyboard.html", AT_THE_DOOR, AT_THE_TABLE}
    assert stage.result("tiny", AT_THE_DOOR).startswith(b"\x89PNG")
    status = stage.document("tiny", "status.json")
    assert status["state"] == "waiting_for_review"
    assert [picture["file"] for picture in status["pictures"]] == [AT_THE_DOOR, AT_THE_TABLE]
    assert status["pictures"][0]["uri"] == f"s3://{stage.bucket}/episodes/tiny/{AT_THE_DOOR}"
    assert 0 < status["expected_usd"] <= status["ceiling_usd"]
    assert stage.told() == [("Episode Waiting For Review", run.name)]
    page = stage.result("tiny", "storyboard.html").decode()
    assert (page.count("<video "), page.count('src="data:image/webp;base64,')) == (0, 4)
    assert f"<code>{status['how_to_answer']['approve']}</code>" in page
    # and laying them out has started nothing
    stage.play_uploads()
    assert stage.execution_states() == {run.name: "RUNNING"}
    # when a person approves them
    approve(run, stage.ledger, stage.tokens)
    ended = stage.play_out(run.name)
    # then the clips are bought, for what was said, and no picture is bought again
    assert ended.status == "SUCCEEDED"
    assert stage.bought() == sorted(PICTURES + TWO_CLIPS)
    done, bill = stage.document("tiny", "status.json"), stage.document("tiny", "bill.json")
    assert (done["state"], "pictures" in done) == ("done", False)
    clips = sum(line["usd"] for line in bill["lines"] if line["kind"] == "clip")
    assert clips == pytest.approx(status["expected_usd"])


def test_an_approval_by_step_functions_own_api_is_as_good(stage: Stage, reviewed: ScriptWith) -> None:
    # given a run that waits
    run = come_to_the_review(stage, reviewed())
    # when its token is answered past the command line, as the status says
    stage.tokens.succeed(str(run.review_token), {})
    stage.play_until(lambda: stage.document("tiny", "status.json")["state"] != "waiting_for_review")
    # then the ledger knows, and the episode is made
    latest = stage.ledger.newest_run("tiny")
    assert latest is not None
    assert (latest.review_token, latest.reviewed) == (None, True)
    assert stage.play_out(run.name).status == "SUCCEEDED"
    assert stage.bought() == sorted(PICTURES + TWO_CLIPS)


def test_after_a_rejection_only_what_has_a_new_take_is_bought_anew(stage: Stage, reviewed: ScriptWith) -> None:
    # given pictures that a person does not want
    run = come_to_the_review(stage, reviewed())
    reject(run, "the second one looks away", stage.ledger, stage.tokens)
    # when the run is over
    ended = stage.play_out(run.name)
    # then it says why, and nothing more was bought
    assert (ended.status, ended.error) == ("FAILED", "StoryboardRejected")
    assert ended.cause == "the storyboard was rejected: the second one looks away"
    status = stage.document("tiny", "status.json")
    assert (status["state"], status["message"]) == ("failed", ended.cause)
    assert stage.bought() == PICTURES
    # when the second line gets another take
    again = come_to_the_review(stage, reviewed(take=2))
    # then its composite is bought once more, and nothing else
    assert again.name != run.name
    assert stage.bought() == sorted([*PICTURES, kontext.MULTI_ENDPOINT])
    assert [picture["file"] for picture in stage.document("tiny", "status.json")["pictures"]] == [
        AT_THE_DOOR,
        AT_THE_TABLE,
    ]
    # and once that is approved, the clips
    approve(again, stage.ledger, stage.tokens)
    assert stage.play_out(again.name).status == "SUCCEEDED"
    assert stage.bought() == sorted([*PICTURES, kontext.MULTI_ENDPOINT, *TWO_CLIPS])


def test_a_run_that_is_superseded_while_it_waits_ends_quietly(stage: Stage, reviewed: ScriptWith) -> None:
    # given a run that waits, and a newer state of the script that waits too
    older = come_to_the_review(stage, reviewed())
    newer = come_to_the_review(stage, reviewed(take=2))
    # when reconcile comes round
    reconcile(stage)
    ended = stage.play_out(older.name)
    # then the older one is over, without a word, and the newer one waits still
    assert ended.status == "SUCCEEDED"
    closed = stage.ledger.run("tiny", older.digest)
    assert closed is not None
    assert closed.state is RunState.SUPERSEDED
    assert stage.execution(newer.name).status == "RUNNING"
    assert stage.document("tiny", "status.json")["run"] == newer.name
    assert stage.document("tiny", "status.json")["state"] == "waiting_for_review"
    assert hedra.ENDPOINT not in stage.bought()


def test_a_review_that_nobody_answers_ends(deploy_plot: DeployPlot, reviewed: ScriptWith) -> None:
    # given a plot that waits two seconds, and not days
    stage = deploy_plot(wait_for_the_review_for_two_seconds)
    run = come_to_the_review(stage, reviewed())
    # when nobody answers
    ended = stage.play_out(run.name)
    # then that is said, and no clip was bought
    assert (ended.status, ended.error) == ("FAILED", "ReviewTimedOut")
    assert "nobody approved or rejected" in stage.document("tiny", "status.json")["message"]
    assert stage.bought() == PICTURES


def test_a_review_that_cannot_be_asked_for_fails_the_run(stage: Stage, reviewed: ScriptWith) -> None:
    # given a function that always dies
    def die(event: dict[str, Any], context: Any) -> None:
        raise MemoryError("no more memory")

    stage.functions.put("RequestReview", die)
    stage.upload("tiny", reviewed())
    stage.play_uploads()
    name = stage.run_name("tiny")
    stage.play_until(lambda: stage.waiting_messages("ReviewQueue"), without={"RequestReview"})
    # when its message has come to the dead letters, and reconcile comes round
    stage.bury("ReviewQueue", "ReviewDeadLetters")
    reconcile(stage)
    ended = stage.play_out(name)
    # then the run ends with a reason
    assert (ended.status, ended.error) == ("FAILED", "RequestUndeliverable")
    assert "review" in stage.document("tiny", "status.json")["message"]


def test_clips_that_are_there_need_no_review(stage: Stage, reviewed: ScriptWith) -> None:
    # given an episode that was reviewed and made
    run = come_to_the_review(stage, reviewed())
    approve(run, stage.ledger, stage.tokens)
    stage.play_out(run.name)
    # when only its text changes
    stage.upload("tiny", reviewed(text="Something else is said here."))
    stage.play_uploads()
    other = stage.run_name("tiny")
    # then it is made without asking anybody
    assert other != run.name
    assert stage.play_out(other).status == "SUCCEEDED"
    assert stage.bought() == sorted(PICTURES + TWO_CLIPS)
