"""How a run ends: once, with a reason, told beside the script and on the bus, and only by the newest run."""

import json
from threading import Barrier
from typing import Any

import pytest

from shared.keys import AssetKind, bill_key, plan_key, status_key, storyboard_key
from shared.ledger.records import Failure, PartOutcome, RunState
from shared.ledger.states import FAIL, SEND, STORE
from shared.storyboard.pictures import pictures_to_show, thumbnail_of
from shared.workflow.record_outcome import ClosedRun, RunEnd, record_outcome
from shared.workflow.status import EpisodeState, EpisodeStatus
from tests.builders import EPISODE, RUN, TWO_SCENES, addresses_of, claim_job, claim_of, plan_of
from tests.fakes.faults import Crash, Fuse
from tests.world import BUCKET, World

PLAN = plan_of(TWO_SCENES)
PORTRAIT, OTHER_PORTRAIT = sorted(addresses_of(PLAN, AssetKind.PORTRAIT))
BILL = f"episodes/{EPISODE}/bill.json"
STATUS, PAGE, PLAN_KEY = status_key(EPISODE), storyboard_key(EPISODE), plan_key(EPISODE, RUN)
THUMBNAIL = thumbnail_of(pictures_to_show(PLAN)[0].address).key


@pytest.fixture
def world() -> World:
    return running()


def running() -> World:
    world = World(PLAN)
    world.begin()
    return world


def end(world: World, error: str = "", message: str = "", run: str = RUN, episode_id: str = EPISODE) -> ClosedRun:
    failure = Failure(error=error, message=message) if error else None
    return record_outcome(RunEnd(episode_id=episode_id, run=run, failure=failure), world.closing())


def store(world: World, address: str, run: str = RUN) -> None:
    job = claim_job(world.ledger, claim_of(address, run=run), 1.0)
    assert job
    sent = world.ledger.step(job, SEND, 1.0)
    assert sent
    world.ledger.step(sent, STORE, 2.0, {"request_id": "r"})


def bill(world: World) -> dict[str, Any]:
    content = json.loads(world.bucket.get(BILL))
    assert isinstance(content, dict)
    return content


def test_a_run_that_succeeded(world: World) -> None:
    # given one asset bought in this run, one bought before, and a line made with a lesser engine
    store(world, PORTRAIT)
    store(world, OTHER_PORTRAIT, run="earlier")
    outcome = PartOutcome(part=1, engine="still", seconds=4.8, stepped_down=("hedra", "fabric"))
    world.ledger.note_part(RUN, outcome)
    # when it ends
    assert end(world) == ClosedRun(state=RunState.DONE)
    # then the run is closed, and the status says so in words
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert (run.state, run.ended_at) == (RunState.DONE, world.clock())
    status = world.status()
    assert (status.state, status.episode, status.run) == (EpisodeState.DONE, "episode.mp4", RUN)
    assert status.seconds == pytest.approx(4 * 4.8)
    assert [trouble.error for trouble in status.troubles] == ["SteppedDown"]
    assert "line 2" in status.troubles[0].what
    # and the bill says what this run paid, and what was there
    assert (bill(world)["bought"], bill(world)["reused"], bill(world)["total_usd"]) == (1, 1, 0.06)
    assert (status.attempt, status.spent_usd, status.possibly_spent_usd) == (1, 0.06, 0)
    assert (status.expected_usd, status.ceiling_usd) == (PLAN.quote.expected_usd, PLAN.quote.ceiling_usd)
    # and what the whole episode has cost
    assert status.spent_by_episode_usd == 0.12
    # and which line was stepped down, and why
    assert [(entry["line"], entry["engine"]) for entry in bill(world)["stepped_down"]] == [(2, "still")]
    # and the bill is kept for this attempt too
    assert world.bucket.get(bill_key(EPISODE, RUN)) == world.bucket.get(BILL)
    # and there was one event, which says the same
    ((kind, told),) = world.events.published
    assert (kind, told["state"], told["run"], told["attempt"]) == ("Episode Done", "done", RUN, 1)
    assert (told["seconds"], told["stepped_down"]) == (status.seconds, 1)
    kept = f"s3://{BUCKET}/{bill_key(EPISODE, RUN)}"
    assert told["spent"] == {"usd": 0.06, "possibly_usd": 0, "bought": 1, "reused": 1, "bill": kept}


@pytest.mark.parametrize("left", [None, b"", b"{"])
def test_a_run_whose_plan_is_gone_ends_all_the_same(world: World, left: bytes | None) -> None:
    # given a run whose plan somebody has deleted, or damaged
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.plan_key
    if left is None:
        world.bucket.remove(run.plan_key)
    else:
        world.bucket.put(run.plan_key, left, "application/json")
    # when its execution fails of that
    closed = end(world, "PlanUnreadable", "the plan cannot be read")
    # then it is closed with the reason, without a bill
    assert closed == ClosedRun(state=RunState.FAILED, error="PlanUnreadable", message="the plan cannot be read")
    assert (world.status().state, world.status().message) == (EpisodeState.FAILED, "the plan cannot be read")
    assert not world.bucket.exists(BILL)


def done_with(document: dict[str, Any]) -> EpisodeStatus:
    """Return the status of an episode of this script, once its run has succeeded."""
    world = World(plan_of(document))
    world.begin()
    assert end(world).state is RunState.DONE
    return world.status()


def test_the_status_names_what_lies_beside_the_script() -> None:
    # given two videos, with cards, pauses and captions
    edit = {"title_card": True, "end_card": {"title": "Thank you"}, "pause": 0.32}
    status = done_with({**TWO_SCENES, "outputs": ["9:16", "16:9"], "aspect_ratio": "16:9", "edit": edit})
    # then it names both, the one whose aspect ratio was generated first
    assert status.videos == {"16:9": "episode.mp4", "9:16": "episode-9x16.mp4"}
    assert list(status.videos) == ["16:9", "9:16"]
    assert status.episode == "episode.mp4"
    # and the captions, and how long it lasts with all that the edit adds
    assert status.captions == ("captions.srt", "captions.vtt")
    assert status.seconds == pytest.approx(2.88 + 4 * 4.8 + 3 * 0.32 + 3.84)


def test_the_status_of_an_episode_without_text_names_no_captions() -> None:
    silent = [
        {**scene, "lines": [{key: line[key] for key in ("character", "position", "audio")} for line in scene["lines"]]}
        for scene in TWO_SCENES["scenes"]
    ]
    status = done_with({**TWO_SCENES, "scenes": silent})
    assert (status.captions, status.videos) == (None, {"16:9": "episode.mp4"})


def test_the_status_of_a_run_that_failed_names_no_video(world: World) -> None:
    end(world, "PartFailed", "line 2 failed")
    status = world.status()
    assert (status.episode, status.videos, status.captions, status.seconds) == (None, None, None, None)


def test_a_failure_says_which_asset_and_why(world: World) -> None:
    # given a portrait that fal refused
    job = claim_job(world.ledger, claim_of(PORTRAIT), 1.0)
    assert job
    failure = Failure(error="content_policy_violation", message="prompt: flagged", permanent=True)
    world.ledger.step(job, FAIL, 1.0, {"failure": failure})
    # when the plot reports that some shot failed
    closed = end(world, "ShotFailed", "A shot could not be made; status.json says which")
    # then the reason is the asset's own
    label = PLAN.assets[PORTRAIT].label
    assert closed == ClosedRun(state=RunState.FAILED, error="ShotFailed", message=f"{label}: prompt: flagged")
    assert world.status().message == closed.message
    assert [trouble.error for trouble in world.status().troubles] == ["content_policy_violation"]
    assert world.events.published[0][0] == "Episode Failed"


def test_a_rejection_keeps_its_own_reason_and_needs_no_plan() -> None:
    world = World()
    world.begin()
    assert end(world, "OverCap", "too dear").message == "too dear"
    assert world.status().message == "too dear"
    assert not world.bucket.exists(BILL)


def test_the_first_failure_wins(world: World) -> None:
    first = end(world, "AccountRefused", "no balance")
    assert end(world, "PartFailed", "a part could not be made") == first
    assert end(world) == first
    assert world.status().message == "no balance"
    assert len(world.events.published) == 1


def test_a_superseded_run_writes_nothing_but_its_bill(world: World) -> None:
    # given a newer run of the episode
    store(world, PORTRAIT)
    world.begin("newer", "other")
    before = list(world.bucket.writes)
    # when the older one learns of it
    assert end(world, "Superseded", "a newer run has taken over").state is RunState.SUPERSEDED
    # then it is closed without a word, and asking again changes nothing
    assert [run.name for run in world.ledger.open_runs()] == ["newer"]
    assert (world.bucket.writes, world.events.published) == ([*before, bill_key(EPISODE, RUN)], [])
    assert json.loads(world.bucket.get(bill_key(EPISODE, RUN)))["total_usd"] == 0.06
    assert end(world, "ShotFailed", "later").state is RunState.SUPERSEDED


def test_an_older_run_that_fails_leaves_the_newer_ones_papers_alone(world: World) -> None:
    # given a newer run that is done
    world.begin("newer", "other")
    end(world, run="newer")
    before = (world.bucket.get(BILL), world.status())
    # when the older one fails
    assert end(world, "PartFailed", "too late").state is RunState.FAILED
    # then status and bill beside the script are the newer one's, and its own bill is kept
    assert json.loads(world.bucket.get(bill_key(EPISODE, RUN)))["run"] == RUN
    assert (world.bucket.get(BILL), world.status()) == before
    assert world.status().run == "newer"


def test_an_execution_that_never_had_a_run_fails() -> None:
    """As one that was started by hand with an id that names no episode."""
    closed = end(World(), "EpisodeIdInvalid", "'../x' is no episode's id", episode_id="../x")
    assert closed == ClosedRun(state=RunState.FAILED, error="EpisodeIdInvalid", message="'../x' is no episode's id")


@pytest.mark.parametrize("error", ["", "PartFailed"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_and_once_more(error: str, done: bool) -> None:
    world = running()
    end(world, error, "why")
    papers = (world.status(), bill(world))
    for at in range(1, world.fuse.calls + 1):
        # given a call that died somewhere
        fresh = running()
        fresh.fuse = Fuse(at=at, done=done)
        with pytest.raises(Crash):
            end(fresh, error, "why")
        # when it is made once more, as the plot does
        closed = end(fresh, error, "why")
        # then the run is closed, and everything is written and told
        assert closed.state is (RunState.FAILED if error else RunState.DONE)
        assert (fresh.status(), bill(fresh)) == papers
        assert len(fresh.events.published) in {1, 2}  # an event may come twice, and is never lost


def test_whoever_sees_a_run_closed_finds_its_papers(world: World) -> None:
    # given every write noted once it is done
    done: list[str] = []

    class Noting(Fuse):
        def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
            answer = super().call(function, *args, **kwargs)
            if function.__name__ == "put":
                done.append(str(args[0]))
            if function.__name__ in {"publish", "update_run"}:
                done.append(function.__name__)
            return answer

    world.fuse = Noting()
    # when a run ends, then both bills, status and page come before the event that names them, and that before its close
    end(world)
    *papers, event, close = done
    assert sorted(papers) == sorted([bill_key(EPISODE, RUN), BILL, STATUS, PAGE])
    assert (event, close) == ("publish", "update_run")
    # and the status, by which people learn of it, comes after the bill
    assert papers.index(BILL) < papers.index(STATUS)


@pytest.mark.parametrize(
    "at_once",
    [
        {("put", bill_key(EPISODE, RUN)), ("put", BILL), ("get", THUMBNAIL)},
        {("put", STATUS), ("put", PAGE)},
        {("get", PLAN_KEY), ("parts", RUN), ("given_up", RUN)},
    ],
    ids=["bills, and pictures of the page", "status and page", "plan, parts and reasons"],
)
def test_what_needs_nothing_of_each_other_is_done_at_once(world: World, at_once: set[tuple[str, str]]) -> None:
    # given calls of which each begins only when all the others do
    together = Barrier(len(at_once), timeout=10)

    class Meeting(Fuse):
        def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
            if args and (function.__name__, str(args[0])) in at_once:
                together.wait()
            return super().call(function, *args, **kwargs)

    world.fuse = Meeting()
    # when the run ends, then none of them waits in vain
    assert end(world).state is RunState.DONE
    assert not together.broken


@pytest.mark.parametrize("key", [bill_key(EPISODE, RUN), BILL, STATUS])
def test_a_paper_that_cannot_be_written_leaves_the_run_open_and_untold(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    # given a bucket that refuses one of them
    put = world.bucket.put

    def refusing(wanted: str, data: bytes, content_type: str) -> None:
        if wanted == key:
            raise OSError("not today")
        put(wanted, data, content_type)

    monkeypatch.setattr(world.bucket, "put", refusing)
    # when the run ends, then that fails, and can be made up for
    with pytest.raises(OSError, match="not today"):
        end(world)
    assert world.events.published == []
    assert [run.name for run in world.ledger.open_runs()] == [RUN]
    monkeypatch.undo()
    assert end(world).state is RunState.DONE
    assert world.bucket.exists(key)


def test_two_that_end_a_run_at_once_leave_one_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a failure that is closed while another one is being told
    publish = world.events.publish

    def overtaken(*event: Any) -> None:
        monkeypatch.setattr(world.events, "publish", publish)
        publish(*event)
        end(world, "AccountRefused", "no balance")

    monkeypatch.setattr(world.events, "publish", overtaken)
    # when both are through
    closed = end(world, "PartFailed", "a part could not be made")
    # then the ledger, the status and the plot have the reason that was closed first
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.failure
    assert closed.message == run.failure.message == world.status().message == "no balance"


def test_a_run_that_was_ended_and_taken_up_again_meanwhile_says_nothing_of_the_next_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a failure that is closed while another one is being told, and a retry that begins at once
    publish = world.events.publish

    def overtaken(*event: Any) -> None:
        monkeypatch.setattr(world.events, "publish", publish)
        end(world, "AccountRefused", "no balance")
        world.begin("again")

    monkeypatch.setattr(world.events, "publish", overtaken)
    # when the first attempt is through
    assert end(world, "PartFailed", "a part could not be made").state is RunState.SUPERSEDED
    # then the next one goes on, and nothing beside the script calls it ended
    assert [run.name for run in world.ledger.open_runs()] == ["again"]
    assert (world.status().run, world.status().message) == (RUN, "no balance")
