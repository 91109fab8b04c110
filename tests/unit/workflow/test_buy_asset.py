"""Buying one asset: the order of the steps, and every answer that fal may give."""

from typing import Any

import pytest

from shared.keys import AssetKind, plan_key
from shared.ledger.records import Failure, RunState
from shared.ledger.states import ACCEPT, FAIL, SEND, STORE, JobState
from shared.ports import ObjectMissing
from shared.providers.errors import Scope
from shared.providers.outcomes import Accepted, ProviderUnreachable, Unconfirmed
from shared.workflow.buy_asset import CLAIM_LEASE, Answer, TryAgainLater, buy_asset
from tests.builders import EPISODE, RUN, claim_job, claim_of, waiter_of
from tests.fakes.faults import Crash, Fuse
from tests.unit.workflow.two_scenes import COMPOSITE, PLAN, PORTRAIT, refused
from tests.world import WEBHOOK, World, request_of


def test_an_asset_that_nobody_has_is_asked_for_once(world: World) -> None:
    # when a token asks for a composite
    answer = buy_asset(request_of("one", COMPOSITE), world.shop())
    # then fal has one job, whose request names its pictures where they were handed over, and our secret
    [job] = world.provider.invoice
    assert answer is Answer.SUBMITTED
    assert job.endpoint == PLAN.assets[COMPOSITE].first.endpoint
    assert job.arguments == {
        **PLAN.assets[COMPOSITE].first.arguments,
        "image_urls": [f"https://v3.fal.media/files/{n}-{name}" for n, (name, _) in enumerate(_uploads(world), 1)],
    }
    assert job.callback_url.startswith(f"{WEBHOOK}?")
    # and the ledger knows the job, the token waits, and nobody was answered
    stored = world.job(COMPOSITE)
    assert (stored.state, stored.request_id, stored.run) == (JobState.SUBMITTED, job.request_id, RUN)
    assert stored.expects(job.name.attempt, job.name.secret)
    assert stored.submitted_at == world.clock()
    assert [waiter.token for waiter in world.ledger.waiters(COMPOSITE)] == ["one"]
    assert world.tokens.answers == {}


def _uploads(world: World) -> list[tuple[str, str]]:
    assert len(world.provider.uploads) == 2
    assert world.provider.uploads[0][0].startswith("portrait-")
    assert world.provider.uploads[1][0].startswith("background-")
    return world.provider.uploads


def test_the_order_of_the_steps(world: World) -> None:
    # given every call noted
    calls: list[str] = []

    def note(function: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(function.__name__)
        return function(*args, **kwargs)

    # when an asset is bought
    buy_asset(request_of("one", COMPOSITE), world.shop(note))
    # then the waiter is written before the job is read, the claim comes before anything is handed over,
    # and that the POST is about to be made is written right before it
    assert calls.index("add_waiter") < calls.index("job") < calls.index("claim") < calls.index("upload")
    assert calls[-3:] == ["step", "submit", "step"]


def test_a_second_request_joins_the_first(world: World) -> None:
    buy_asset(request_of("one", PORTRAIT), world.shop())
    assert buy_asset(request_of("two", PORTRAIT), world.shop()) is Answer.WAITING
    assert len(world.provider.invoice) == 1
    assert {waiter.token for waiter in world.ledger.waiters(PORTRAIT)} == {"one", "two"}


def test_what_is_stored_is_answered_at_once_even_for_a_run_that_is_over(world: World) -> None:
    # given a stored asset, and a newer run of the episode
    job = claim_job(world.ledger, claim_of(PORTRAIT), 1000.0)
    assert job
    sent = world.ledger.step(job, SEND, 1001.0)
    assert sent
    assert world.ledger.step(sent, STORE, 1002.0)
    world.begin("newer", "other")
    # when the older run asks for it
    answer = buy_asset(request_of("one", PORTRAIT), world.shop())
    # then it has it, and nothing was sent
    assert answer is Answer.STORED
    assert world.tokens.answers == {"one": {"address": PORTRAIT}}
    assert world.ledger.waiters(PORTRAIT) == []
    assert world.provider.posts == 0


def test_what_is_stored_is_answered_where_the_plan_is_gone(world: World) -> None:
    """It is read beforehand, and not needed for this."""
    # given a stored asset, and a plan that nobody has any more
    buy_asset(request_of("one", PORTRAIT), world.shop())
    assert world.ledger.step(world.job(PORTRAIT), STORE, 1002.0)
    world.bucket.delete([plan_key(EPISODE, RUN)])
    # when it is asked for, then it is there; what is to be bought cannot be, and is said to be missing
    assert buy_asset(request_of("two", PORTRAIT), world.shop()) is Answer.STORED
    with pytest.raises(ObjectMissing):
        buy_asset(request_of("three", COMPOSITE), world.shop())
    assert world.provider.posts == 1


@pytest.mark.parametrize(("newest", "error"), [("newer", "Superseded"), (RUN, "RunEnded")])
def test_a_run_that_is_over_buys_nothing(world: World, newest: str, error: str) -> None:
    # given a run that was superseded, or has failed
    if newest == RUN:
        run = world.ledger.newest_run("lighthouse")
        assert run
        world.ledger.update_run(run, RunState.FAILED, {"ended_at": 1.0})
    else:
        world.begin(newest, "other")
    # when it asks for an asset
    answer = buy_asset(request_of("one", PORTRAIT), world.shop())
    # then its token is told so, and nothing was claimed or sent
    assert answer is Answer.RUN_OVER
    assert world.tokens.error("one") == error
    assert world.ledger.job(PORTRAIT) is None
    assert world.ledger.waiters(PORTRAIT) == []
    assert world.provider.posts == 0


def test_what_failed_in_this_run_is_not_tried_again(world: World) -> None:
    # given an asset that failed in this run
    job = claim_job(world.ledger, claim_of(PORTRAIT), 1000.0)
    assert job
    world.ledger.step(job, FAIL, 1000.0, {"failure": Failure(error="generation_timeout", message="it took too long")})
    # when another token of the run asks for it
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.FAILED
    # then it learns why
    answer = world.tokens.answers["one"]
    assert isinstance(answer, Failure)
    assert answer.error == "AssetFailed"
    assert "generation_timeout: it took too long" in answer.message
    assert world.provider.posts == 0


def test_a_refusal_that_may_pass_lets_the_request_come_again(world: World) -> None:
    # given a fal that is overloaded once
    world.provider.answers = [refused("http_429", Scope.RATE, retry=True)]
    with pytest.raises(TryAgainLater, match="http_429"):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    assert world.job(PORTRAIT).state is JobState.FREE
    # when the message comes again
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    # then it is the second attempt, with a secret of its own
    job = world.job(PORTRAIT)
    assert (job.attempt, len(set(job.secrets.values()))) == (2, 2)
    assert len(world.provider.invoice) == 1


def test_a_refusal_of_the_inputs_fails_the_asset_for_everybody(world: World) -> None:
    world.provider.answers = [refused("content_policy_violation", Scope.ASSET, retry=False)]
    world.ledger.add_waiter(waiter_of("other", PORTRAIT))
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.FAILED
    job = world.job(PORTRAIT)
    assert job.state is JobState.FAILED
    assert job.failure
    assert job.failure.permanent
    assert {world.tokens.error(token) for token in ("one", "other")} == {"AssetFailed"}


def test_a_refusal_of_one_job_fails_it_for_this_run_alone(world: World) -> None:
    world.provider.answers = [refused("cancelled", Scope.JOB, retry=False)]
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.FAILED
    assert world.tokens.error("one") == "AssetFailed"
    world.begin("later", "other")
    assert buy_asset(request_of("two", PORTRAIT, run="later"), world.shop()) is Answer.SUBMITTED


def test_a_file_of_which_fal_says_at_once_that_it_cannot_be_fetched_is_handed_over_afresh(world: World) -> None:
    # given a composite whose files fal cannot fetch, and says so instead of taking the job
    world.provider.answers = [refused("file_download_error", Scope.FILE, retry=True)]
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", COMPOSITE), world.shop())
    # when the message comes again
    assert buy_asset(request_of("one", COMPOSITE), world.shop()) is Answer.SUBMITTED
    # then both files were handed over once more
    assert len(world.provider.uploads) == 4


def test_an_unconfirmed_submit_is_never_repeated(world: World) -> None:
    # given a submit whose answer was lost
    world.provider.answers = [Unconfirmed("ReadTimeout")]
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.UNCONFIRMED
    # when the asset is asked for again and again, for days
    for _ in range(5):
        world.clock.forward(86_400)
        assert buy_asset(request_of("two", PORTRAIT), world.shop()) is Answer.WAITING
    # then fal was asked once, and the doubt is on record
    assert world.provider.posts == 1
    assert (world.job(PORTRAIT).state, world.job(PORTRAIT).doubt) == (JobState.UNCONFIRMED, "ReadTimeout")
    assert world.tokens.answers == {}


def test_files_that_cannot_be_handed_over_give_the_claim_back(world: World) -> None:
    # given a storage of fal's that is down once
    shop = world.shop(_failing_once("upload", ProviderUnreachable("storage")))
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", COMPOSITE), shop)
    assert world.job(COMPOSITE).state is JobState.FREE
    assert world.provider.posts == 0
    # then the next time it works at once, without waiting for a lease
    assert buy_asset(request_of("one", COMPOSITE), shop) is Answer.SUBMITTED


def _failing_once(name: str, error: Exception) -> Any:
    left = [error]

    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == name and left:
            raise left.pop()
        return function(*args, **kwargs)

    return call


def test_files_are_handed_over_once_while_they_lie_there_long_enough(world: World) -> None:
    # given clips of one picture
    clips = [asset for asset in PLAN.assets.values() if asset.kind is AssetKind.CLIP]
    same_picture = [clip for clip in clips if clip.first.inputs[0] == clips[0].first.inputs[0]][:2]
    for number, clip in enumerate(same_picture):
        buy_asset(request_of(f"{number}", clip.address), world.shop())
    # then the picture went to fal once
    names = [name for name, _ in world.provider.uploads]
    assert sum(name.startswith("composite-") for name in names) == 1


def test_a_file_that_fal_could_not_fetch_is_handed_over_afresh(world: World) -> None:
    # given a clip that failed in an earlier run because fal could not fetch a file
    buy_asset(request_of("one", COMPOSITE), world.shop())
    failure = Failure(error="file_download_error", message="a file could not be fetched")
    assert world.ledger.step(world.job(COMPOSITE), FAIL, 1.0, {"failure": failure})
    # when the next run asks for it
    world.begin("later", "other")
    assert buy_asset(request_of("two", COMPOSITE, run="later"), world.shop()) is Answer.SUBMITTED
    # then its files were handed over once more, and the new places are named
    assert len(world.provider.uploads) == 4
    first, second = world.provider.invoice
    assert first.arguments["image_urls"] != second.arguments["image_urls"]


@pytest.mark.parametrize("steps", [(), (SEND,)], ids=["claimed", "submitting"])
def test_a_request_comes_again_while_another_prepares_the_asset(world: World, steps: Any) -> None:
    """The other may die or be refused: then nobody would be left to ask for it."""
    # given an asset that somebody else has claimed, or is sending just now
    job = claim_job(world.ledger, claim_of(PORTRAIT), world.clock())
    for step in steps:
        assert job
        job = world.ledger.step(job, step, world.clock())
    # when it is asked for
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    # then nothing was sent, and the token waits
    assert world.provider.posts == 0
    assert [waiter.token for waiter in world.ledger.waiters(PORTRAIT)] == ["one"]


def test_a_crashed_preparation_is_taken_over_when_its_claim_has_lapsed(world: World) -> None:
    # given a function that died right after its claim
    world.fuse = Fuse(at=_number_of_call("claim"), done=True)
    with pytest.raises(Crash):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    assert world.job(PORTRAIT).state is JobState.CLAIMED
    # when its message comes back at once, and once more after the lease
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    world.clock.forward(CLAIM_LEASE)
    # then it is bought
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    assert len(world.provider.invoice) == 1


def _number_of_call(name: str) -> int:
    probe, calls = World(PLAN), list[str]()

    def note(function: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(function.__name__)
        return function(*args, **kwargs)

    probe.begin()
    buy_asset(request_of("one", PORTRAIT), probe.shop(note))
    return calls.index(name) + 1


def test_a_sender_that_died_leaves_a_doubt_and_no_second_post(world: World) -> None:
    # given a function that died while its POST was under way
    world.fuse = Fuse(at=_number_of_call("submit"), done=True)
    with pytest.raises(Crash):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    # when its message comes again, before and after the lease
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    world.clock.forward(CLAIM_LEASE)
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.WAITING
    # then the job is in doubt, and fal was asked once
    assert world.job(PORTRAIT).state is JobState.UNCONFIRMED
    assert world.provider.posts == 1


def test_an_announcement_whose_answer_was_lost_leaves_no_doubt(world: World) -> None:
    # given a ledger that takes the announcement of the POST, and then does not answer
    left = ["once"]

    def answer_lost(function: Any, *args: Any, **kwargs: Any) -> Any:
        done = function(*args, **kwargs)
        if left and function.__name__ == "step" and args[1] is SEND:
            left.pop()
            raise ConnectionError("read timed out")
        return done

    # when an asset is bought
    with pytest.raises(ConnectionError):
        buy_asset(request_of("one", PORTRAIT), world.shop(answer_lost))
    # then nothing was sent, the job is free, and the next time it is bought
    assert (world.provider.posts, world.job(PORTRAIT).state) == (0, JobState.FREE)
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED


def test_a_post_has_a_lease_of_its_own(world: World) -> None:
    """Handing files over may take most of the claim's lease: the POST must not be doubted while it is under way."""
    # given files that take long to hand over
    leases: list[float] = []

    def slow_upload(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == "upload":
            world.clock.forward(40)
        return function(*args, **kwargs)

    world.provider.on_submit = lambda: leases.append(world.job(COMPOSITE).lease_until - world.clock())
    # when the POST is made, then it has the whole lease before it
    buy_asset(request_of("one", COMPOSITE), world.shop(slow_upload))
    assert leases == [CLAIM_LEASE]


def test_a_callback_that_is_quicker_than_the_answer_is_not_undone(world: World) -> None:
    # given a job that is stored before its submit has returned
    def callback_at_once() -> None:
        assert world.ledger.step(world.job(PORTRAIT), STORE, world.clock())

    world.provider.on_submit = callback_at_once
    world.provider.answers = [Accepted("quick")]
    # when the submit returns
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    # then the job stays stored
    assert world.job(PORTRAIT).state is JobState.STORED
    assert world.ledger.step(world.job(PORTRAIT), ACCEPT, world.clock()) is None
