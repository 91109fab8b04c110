"""A review: pictures laid out, told once, waited for, and answered by a person; whatever dies on the way."""

import json
from typing import Any

import pytest

from shared.keys import AssetKind
from shared.ledger.records import Failure, Run, RunState
from shared.ledger.states import SEND, STORE
from shared.plan.recordings import ReadInputs
from shared.script.models import Script
from shared.workflow import plan_episode as planning
from shared.workflow.plan_answer import PlanAnswer, PlanOutcome
from shared.workflow.plan_episode import PlanInput, PlanRequest, plan_episode
from shared.workflow.reconcile import reconcile
from shared.workflow.record_outcome import RunEnd, record_outcome
from shared.workflow.request_review import REVIEW_SECONDS, Approved, Asked, ReviewRequest, go_on, request_review
from shared.workflow.review import STORYBOARD_REJECTED, NoReviewWaiting, approve, is_waiting_for_review, reject
from shared.workflow.status import EpisodeState
from tests.builders import EPISODE, RUN, TWO_SCENES, addresses_of, claim_job, claim_of, inputs_of, plan_of
from tests.fakes.faults import Crash, Fuse
from tests.world import World

PLAN = plan_of(TWO_SCENES)
REQUEST = ReviewRequest(token="a-token", episode_id=EPISODE, run=RUN, plan_key=f"plans/{EPISODE}/{RUN}.json")
FOLDER = f"episodes/{EPISODE}/"


def store(world: World, address: str, content_type: str) -> None:
    job = claim_job(world.ledger, claim_of(address), 1.0)
    assert job
    sent = world.ledger.step(job, SEND, 1.0)
    assert sent
    world.ledger.step(sent, STORE, 1.0, {"content_type": content_type})
    world.bucket.put(PLAN.assets[address].file.key, f"picture {address}".encode(), content_type)


def painted() -> World:
    """Return a world in which a run has all its pictures; the last one is a JPEG."""
    world = World(PLAN)
    world.begin()
    for shot in PLAN.shots:
        last = shot is PLAN.shots[-1]
        store(world, shot.composite, "image/jpeg" if last else "image/png")
    for kind in (AssetKind.PORTRAIT, AssetKind.BACKGROUND):
        for address in addresses_of(PLAN, kind):
            store(world, address, "image/png")
    return world


@pytest.fixture
def world() -> World:
    return painted()


def run_of(world: World) -> Run:
    run = world.ledger.newest_run(EPISODE)
    assert run
    return run


def waiting(world: World) -> Run:
    assert request_review(REQUEST, world.reviewing()) is Asked.WAITING
    return run_of(world)


def laid_out(world: World) -> dict[str, bytes]:
    listed = [stored.key for stored in world.bucket.list(FOLDER + "storyboard/")]
    return {key.removeprefix(FOLDER): world.bucket.get(key) for key in listed}


def test_each_composite_is_laid_out_in_the_order_of_the_shots(world: World) -> None:
    # when a review is asked for
    waiting(world)
    # then each shot's composite lies beside the script, with the suffix of what it is
    expected = [
        "storyboard/01-alex-in-scene-1.png",
        "storyboard/02-mara-in-scene-1.png",
        "storyboard/03-mara-in-scene-2.jpg",
    ]
    assert laid_out(world) == {
        file: f"picture {shot.composite}".encode() for file, shot in zip(expected, PLAN.shots, strict=True)
    }
    assert [world.bucket.content_type(FOLDER + file) for file in expected] == ["image/png"] * 2 + ["image/jpeg"]
    # and the status names them, with the lines in which they are seen
    pictures = world.status().pictures
    assert pictures
    assert [picture.file for picture in pictures] == expected
    assert [picture.what for picture in pictures] == [
        "Alex in scene 1, lines 1, 3",
        "Mara in scene 1, line 2",
        "Mara in scene 2, line 4",
    ]
    assert pictures[2].uri == f"s3://a-bucket/{FOLDER}storyboard/03-mara-in-scene-2.jpg"


def test_status_and_event_say_what_the_clips_cost_and_how_to_answer(world: World) -> None:
    # when a review is asked for
    run = waiting(world)
    # then the run holds the token, and waits
    assert (run.review_token, run.state, is_waiting_for_review(run)) == ("a-token", RunState.RUNNING, True)
    # and the status says the price of the clips alone: the pictures are paid for
    status = world.status()
    assert status.state is EpisodeState.WAITING_FOR_REVIEW
    clips = [PLAN.assets[part.engines[0].clip.address].price_usd for part in PLAN.parts if part.engines[0].clip]
    assert status.expected_usd == pytest.approx(sum(clips))
    assert status.ceiling_usd is not None
    assert status.ceiling_usd > sum(clips)
    assert f"${sum(clips):.2f}" in status.message
    # and both ways to answer
    how = status.how_to_answer
    assert how
    assert how["approve"] == f"episode approve {EPISODE} --stack a-stack"
    assert how["reject"].startswith(f"episode reject {EPISODE} --stack a-stack --reason ")
    assert how["approve_by_api"].startswith("aws stepfunctions send-task-success ")
    assert how["reject_by_api"].startswith(f"aws stepfunctions send-task-failure --error {STORYBOARD_REJECTED} ")
    assert all("--task-token a-token" in how[name] for name in how if name.endswith("_by_api"))
    # and the event says the same
    ((kind, told),) = world.events.published
    assert kind == "Episode Waiting For Review"
    document = json.loads(world.bucket.get(f"{FOLDER}status.json"))
    shared_fields = ("message", "pictures", "how_to_answer", "answer_until", "expected_usd", "ceiling_usd")
    assert {name: told[name] for name in shared_fields} == {name: document[name] for name in shared_fields}
    assert (told["run"], told["attempt"]) == (RUN, 1)
    # and until when
    world.clock.forward(REVIEW_SECONDS)
    waiting_until = status.answer_until
    world.reviewing().status.of_run(run, EpisodeState.RUNNING, "later")
    assert world.status().updated_at == waiting_until


def test_the_page_lies_there_before_anybody_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a bus that notes whether the page, which takes longest, is there when it is told
    there: list[bool] = []
    publish = world.events.publish

    def noting(detail_type: str, detail: Any) -> None:
        there.append(world.bucket.exists(FOLDER + "storyboard.html"))
        publish(detail_type, detail)

    monkeypatch.setattr(world.events, "publish", noting)
    waiting(world)
    assert there == [True]


def test_a_message_that_comes_twice_tells_once(world: World) -> None:
    # given a review that was asked for
    waiting(world)
    written = list(world.bucket.writes)
    # when the message comes again
    assert request_review(REQUEST, world.reviewing()) is Asked.WAITING
    # then nothing is written or told again
    assert world.bucket.writes == written
    assert len(world.events.published) == 1


def test_a_message_that_comes_after_the_answer_changes_nothing(world: World) -> None:
    # given a storyboard that was approved
    approve(waiting(world), world.ledger, world.tokens)
    go_on(Approved(episode_id=EPISODE, run=RUN), world.reviewing())
    # when the message comes again
    assert request_review(REQUEST, world.reviewing()) is Asked.ANSWERED
    # then the run goes on, as the status says
    assert world.status().state is EpisodeState.RUNNING
    assert not is_waiting_for_review(run_of(world))
    assert len(world.events.published) == 1


@pytest.mark.parametrize("done", [False, True])
def test_a_crash_at_any_call_is_made_up_for_when_the_message_comes_again(done: bool) -> None:
    # given how many calls there are
    calm = painted()
    calm.fuse = Fuse()
    waiting(calm)
    assert calm.fuse.calls > 8
    for at in range(1, calm.fuse.calls + 1):
        # when the function dies at one of them, and the message comes again
        world = painted()
        world.fuse = Fuse(at=at, done=done)
        with pytest.raises(Crash):
            request_review(REQUEST, world.reviewing())
        assert world.tokens.answers == {}
        # then it is as if nothing had happened, but that it may have been told twice
        assert is_waiting_for_review(waiting(world))
        assert laid_out(world) == laid_out(calm)
        assert world.status() == calm.status()
        assert len(world.events.published) in {1, 2}


def test_a_run_that_is_over_is_not_reviewed(world: World) -> None:
    # given a newer run
    world.begin("newer", "f" * 16)
    # when the review of the older one is asked for
    assert request_review(REQUEST, world.reviewing()) is Asked.RUN_OVER
    # then it ends, and nobody is told to look at it
    assert world.tokens.error("a-token") == "Superseded"
    assert (laid_out(world), world.events.published) == ({}, [])


def test_a_run_that_has_ended_is_not_reviewed(world: World) -> None:
    # given a run that was closed meanwhile, because a shot failed
    world.ledger.update_run(run_of(world), RunState.FAILED, {"ended_at": world.clock()})
    # then its token fails
    assert request_review(REQUEST, world.reviewing()) is Asked.RUN_OVER
    assert world.tokens.error("a-token") == "RunEnded"


def test_a_shot_whose_lines_bring_their_own_videos_has_no_picture_to_look_at() -> None:
    # given a first scene of generated lines, and a second one whose line brings its video
    script: dict[str, Any] = json.loads(json.dumps(TWO_SCENES))
    script["scenes"][1]["lines"][0]["clip"] = "own/keeper.mp4"
    plan = plan_of(script)
    world = World(plan)
    world.begin()
    for shot in plan.shots[:2]:
        store(world, shot.composite, "image/png")
    # when its review is asked for
    waiting(world)
    # then the other two are shown
    assert len(laid_out(world)) == 2


def test_an_approval_lets_the_plot_go_on_and_is_noted(world: World) -> None:
    # given a run that waits
    run = waiting(world)
    # when a person approves
    approve(run, world.ledger, world.tokens)
    # then the token succeeds, and nobody is waited for any more
    assert world.tokens.error("a-token") == ""
    after = run_of(world)
    assert (after.review_token, after.reviewed, is_waiting_for_review(after)) == (None, True, False)
    with pytest.raises(NoReviewWaiting, match="approved already"):
        approve(after, world.ledger, world.tokens)


def test_an_approval_by_step_functions_own_api_is_noted_too(world: World) -> None:
    # given a token that was answered past the command line
    waiting(world)
    world.tokens.succeed("a-token", {})
    # when the plot goes on
    go_on(Approved(episode_id=EPISODE, run=RUN), world.reviewing())
    # then status and ledger say so
    assert world.status().state is EpisodeState.RUNNING
    assert world.status().pictures is None
    assert (run_of(world).review_token, run_of(world).reviewed) == (None, True)


def test_an_approval_of_a_run_that_was_taken_over_is_not_noted(world: World) -> None:
    waiting(world)
    newer = world.begin("newer", "f" * 16)
    go_on(Approved(episode_id=EPISODE, run=RUN), world.reviewing())
    assert run_of(world) == newer


def test_a_rejection_ends_the_run_with_its_reason(world: World) -> None:
    # given a run that waits
    run = waiting(world)
    # when a person rejects, and the plot reports what it was told
    reject(run, "Mara has no coat in scene 2", world.ledger, world.tokens)
    answer = world.tokens.answers["a-token"]
    assert isinstance(answer, Failure)
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN, failure=answer), world.closing())
    # then that is why the run ended
    assert (run_of(world).state, answer.error) == (RunState.FAILED, STORYBOARD_REJECTED)
    assert world.status().state is EpisodeState.FAILED
    assert world.status().message == "the storyboard was rejected: Mara has no coat in scene 2"
    # and there is nothing to approve any more
    with pytest.raises(NoReviewWaiting, match="Mara has no coat"):
        approve(run_of(world), world.ledger, world.tokens)


def test_who_waits_for_nobody_cannot_be_approved(world: World) -> None:
    with pytest.raises(NoReviewWaiting, match="does not wait for a review"):
        approve(run_of(world), world.ledger, world.tokens)
    assert world.tokens.answers == {}


def test_a_review_that_a_newer_run_makes_needless_is_ended(world: World) -> None:
    # given a run that waits, which reconcile leaves alone while it is the newest
    waiting(world)
    assert reconcile(world.reconciling()).runs == {"running": 1}
    assert world.tokens.answers == {}
    # when there is a newer one, and reconcile comes round
    world.begin("newer", "f" * 16)
    assert reconcile(world.reconciling()).runs["review ended"] == 1
    # then the older run learns that it was taken over
    assert world.tokens.error("a-token") == "Superseded"


def test_a_review_that_cannot_be_asked_for_ends_the_run(world: World) -> None:
    # given a message that failed again and again
    world.dead_letters.letters = [REQUEST.model_dump_json()]
    # when reconcile comes round
    assert reconcile(world.reconciling()).dead_letters == 1
    # then its token fails, so that the plot records why
    answer = world.tokens.answers["a-token"]
    assert isinstance(answer, Failure)
    assert answer.error == "RequestUndeliverable"
    assert "review" in answer.message
    assert world.dead_letters.letters == []


# Which runs are reviewed at all


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> World:
    def read(script: Script, *_: object) -> ReadInputs:
        return inputs_of(script)

    monkeypatch.setattr("shared.workflow.plan_episode.read_files", read)
    world = World()
    for number in range(1, 5):
        world.bucket.put(f"{FOLDER}audio/0{number}.mp3", b"sound", "audio/mpeg")
    return world


def planned(world: World, run: str = RUN, **fields: Any) -> PlanAnswer:
    document = {**TWO_SCENES, **fields}
    world.bucket.put(FOLDER + "script.json", json.dumps(document).encode(), "application/json")
    request = PlanRequest(episode_id=EPISODE, run=run, execution_arn=run, input=PlanInput(episode_id=EPISODE))
    return plan_episode(request, world.planning())


@pytest.mark.parametrize(("review", "wanted"), [("storyboard", True), ("none", False)])
def test_a_script_may_ask_for_a_review(folder: World, review: str, wanted: bool) -> None:
    assert planned(folder, review=review).review is wanted


def test_without_a_clip_to_pay_for_there_is_nothing_to_review(folder: World) -> None:
    # given a script of stills, and one whose clips are all there
    assert not planned(folder, review="storyboard", engines=["still"]).review
    for address in addresses_of(PLAN, AssetKind.CLIP):
        store(folder, address, "video/mp4")
    # then nobody is asked
    assert not planned(folder, "execution-2", review="storyboard").review


def test_what_was_approved_stays_so_for_the_next_attempt(folder: World) -> None:
    # given an approved run that failed
    assert planned(folder, review="storyboard").review
    run = run_of(folder)
    folder.ledger.update_run(run, RunState.RUNNING, {"review_token": "a-token"})
    approve(run_of(folder), folder.ledger, folder.tokens)
    folder.ledger.update_run(run, RunState.FAILED, {"ended_at": 1.0})
    # then its next attempt does not ask about the same pictures
    assert not planned(folder, "execution-2", review="storyboard").review
    # but another state of the script does
    assert planned(folder, "execution-3", review="storyboard", style="noir").review


def test_what_was_rejected_is_asked_about_again(folder: World) -> None:
    # given a rejected run
    assert planned(folder, review="storyboard").review
    folder.ledger.update_run(run_of(folder), RunState.FAILED, {"ended_at": 1.0})
    # then its next attempt asks again
    assert planned(folder, "execution-2", review="storyboard").review


def test_a_script_that_is_too_long_for_a_review_is_refused(folder: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MAX_REVIEWED_PARTS", 3)
    refused = planned(folder, review="storyboard")
    assert (refused.outcome, refused.error) == (PlanOutcome.REJECTED, "TooManyParts")
    assert "4 parts, and with review: storyboard one run carries 3" in refused.message
    # but without one it is made
    assert planned(folder, "execution-2").outcome is PlanOutcome.PLANNED
