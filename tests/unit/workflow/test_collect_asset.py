"""Bringing a result home: whose it is, what it is, and that it is stored once."""

import hashlib
from itertools import product
from typing import Any

import pytest

from shared.downloads import DownloadFailed, DownloadRefused
from shared.fal.lifetimes import RESULT_LIFETIME
from shared.keys import AssetKind, FileRef
from shared.ledger.records import Failure, Handover, Job
from shared.ledger.states import ACCEPT, DOUBT, FAIL, RELEASE, SEND, SETTLED, STORE, JobState
from shared.media.errors import MediaRefused
from shared.providers.callbacks import CallbackUnreadable
from shared.providers.errors import Scope, SortedError
from shared.providers.names import ProviderName
from shared.providers.outcomes import Failed, Finished, Gone, InProgress, JobOutcome, ProviderUnreachable
from shared.workflow.buy_asset import buy_asset
from shared.workflow.collect_asset import (
    MAX_REFUSALS,
    Collected,
    InboxMessage,
    ResultNotReady,
)
from tests.builders import (
    ADDRESS,
    SECRET,
    addresses_of,
    callback,
    claim_job,
    claim_of,
    image_delivered,
    job_failed,
    open_jobs,
    waiter_of,
)
from tests.fakes.faults import Crash, Fuse
from tests.fakes.provider import Invoiced
from tests.unit.workflow.job_at_fal import collect, failure_of, world_with_a_job_at_fal
from tests.unit.workflow.two_scenes import PLAN
from tests.world import World, answer_to, request_of

KEY = FileRef.of_asset(AssetKind.PORTRAIT, ADDRESS).key
ELSEWHERE = {"request_id": "request-1", "status": "OK", "payload": None, "payload_error": "not serialisable"}
NO_REASON = {"request_id": "request-1", "status": "ERROR", "payload": None, "error": "Invalid status code: 500"}


@pytest.fixture
def world() -> World:
    return world_with_a_job_at_fal()


def next_attempt(world: World) -> Job:
    """Let the job fail, and a later run have it at fal once more."""
    assert world.ledger.step(world.job(ADDRESS), FAIL, 1.0, {"failure": Failure(error="timeout", message="slow")})
    job = claim_job(world.ledger, claim_of(run="later", secret="second"), world.clock())
    assert job
    sent = world.ledger.step(job, SEND, world.clock())
    assert sent
    accepted = world.ledger.step(sent, ACCEPT, world.clock(), {"request_id": "request-2"})
    assert accepted
    return accepted


def test_a_result_is_stored_and_everybody_is_woken(world: World) -> None:
    # when fal delivers
    assert collect(callback(), world) is Collected.STORED
    # then the file lies under its address as it came, and the ledger says what it is
    assert world.bucket.get(KEY) == world.files.data
    assert world.bucket.content_type(KEY) == "image/png"
    job = world.job(ADDRESS)
    assert (job.state, job.size, job.content_type) == (JobState.STORED, len(world.files.data), "image/png")
    assert job.sha256 == hashlib.sha256(world.files.data).hexdigest()
    assert job.settled_at == world.clock()
    # and both tokens go on
    assert world.tokens.answers == {"one": {"address": ADDRESS}, "two": {"address": ADDRESS}}
    assert world.ledger.waiters(ADDRESS) == []
    assert open_jobs(world.ledger) == []


def test_everybody_is_woken_by_who_finds_the_job_settled_meanwhile(world: World) -> None:
    """Whoever settled it may have died before it could wake anybody."""
    # given a result that another delivery's collector stores, and dies, while it is fetched here
    world.files.on_fetch = lambda: world.ledger.step(world.job(ADDRESS), STORE, world.clock())
    # when it is collected here
    assert collect(callback(), world) is Collected.STORED
    # then both tokens go on
    assert set(world.tokens.answers) == {"one", "two"}


def test_what_fal_has_made_need_not_be_given_to_it(world: World) -> None:
    # given a picture that has just come
    collect(callback(), world)
    # then it lies where fal made it, for as long as fal was asked to keep it
    place = world.ledger.handover(ADDRESS, ProviderName.FAL)
    sent_at = world.job(ADDRESS).sent_at
    assert sent_at == world.clock()
    assert place == Handover(url=world.files.fetched[0], expires_at=sent_at + RESULT_LIFETIME)


def test_a_clip_is_stored_and_nothing_is_made_of_it(caplog: pytest.LogCaptureFixture) -> None:
    # given a clip at fal
    world, clip = World(PLAN), min(addresses_of(PLAN, AssetKind.CLIP))
    world.begin()
    buy_asset(request_of("one", clip, kind=AssetKind.CLIP), world.shop())
    # when fal delivers
    assert collect(answer_to(world.provider.invoice[0]), world) is Collected.STORED
    # then it lies under its address, and nobody has looked for a picture in it, or remembers it as an input
    assert world.bucket.get(FileRef.of_asset(AssetKind.CLIP, clip).key) == world.files.data
    assert caplog.records == []
    assert world.ledger.handover(clip, ProviderName.FAL) is None


def test_a_second_delivery_changes_nothing(world: World) -> None:
    collect(callback(), world)
    before = world.job(ADDRESS)
    world.files.data = b"something else"
    assert collect(callback(), world) is Collected.KNOWN
    assert world.job(ADDRESS) == before
    assert len(world.files.fetched) == 1


@pytest.mark.parametrize(
    "message",
    [
        callback(secret="guessed"),
        callback(secret=""),
        callback(attempt=2),
        callback(attempt=0),
        callback(address="b" * 40),
        InboxMessage(query="", body="{}"),
        InboxMessage(query=f"address={ADDRESS}&attempt=1", body="{}"),
        InboxMessage(query=f"address={ADDRESS}&attempt=one&secret={SECRET}", body="{}"),
        InboxMessage(query=f"address={ADDRESS}&attempt=1&secret={SECRET}&more=x", body="{}"),
        InboxMessage(query="%%%", body="{}"),
    ],
)
def test_what_no_job_of_ours_expects_is_dropped(world: World, message: InboxMessage) -> None:
    before = world.job(ADDRESS)
    assert collect(message, world) is Collected.FOREIGN
    assert world.job(ADDRESS) == before
    assert (world.files.fetched, world.bucket.writes, world.tokens.answers) == ([], [], {})


@pytest.mark.parametrize("body", [{}, {"request_id": 7, "status": "OK"}, {"request_id": "r", "status": "DONE"}])
def test_a_body_that_fal_does_not_document_is_an_error(world: World, body: dict[str, Any]) -> None:
    query = callback().query
    for provider, text in product((ProviderName.FAL, None), (str(body), "[]", "not JSON")):
        with pytest.raises(CallbackUnreadable):
            collect(InboxMessage(provider=provider, query=query, body=text), world)
    assert world.job(ADDRESS).state is JobState.SUBMITTED


@pytest.mark.parametrize("steps", [(SEND,), (SEND, DOUBT)], ids=["submitting", "unconfirmed"])
def test_a_result_before_its_submit_was_recorded(steps: Any) -> None:
    # given a job whose submit has not been recorded, or was never answered
    world = World()
    job = claim_job(world.ledger, claim_of(), 1.0)
    for step in steps:
        assert job
        job = world.ledger.step(job, step, 2.0)
    # when fal delivers
    assert collect(callback(), world) is Collected.STORED
    # then it is stored, under the request's id
    assert (world.job(ADDRESS).state, world.job(ADDRESS).request_id) == (JobState.STORED, "request-1")


def test_a_job_that_failed_says_why(world: World) -> None:
    assert collect(callback(body=job_failed("content_policy_violation")), world) is Collected.FAILED
    assert failure_of(world) == Failure(
        error="content_policy_violation", message="prompt: it cannot be done", permanent=True
    )
    assert {world.tokens.error(token) for token in ("one", "two")} == {"AssetFailed"}
    assert world.ledger.waiters(ADDRESS) == []


OUTAGE = SortedError("http_500", "fal answered with status 500", Scope.ENDPOINT, retry=False)
VERDICT = SortedError("http_422", "prompt: too short", Scope.ASSET, retry=False)


@pytest.mark.parametrize(
    ("outcome", "error", "permanent"),
    [
        (Failed(OUTAGE), "http_500", False),
        (Failed(VERDICT), "http_422", True),
        (Gone(), "no_reason_given", False),
    ],
)
@pytest.mark.parametrize("payload", [None, {"detail": "Internal error"}, []])
def test_a_failure_without_a_reason_is_looked_up(
    world: World, outcome: JobOutcome, error: str, permanent: bool, payload: Any
) -> None:
    """A callback has no status: without a type, an outage looks like a verdict on the inputs."""
    world.provider.outcomes = {"request-1": outcome}
    assert collect(callback(body={**NO_REASON, "payload": payload}), world) is Collected.FAILED
    assert (failure_of(world).error, failure_of(world).permanent) == (error, permanent)


def test_a_result_that_did_not_fit_is_fetched(world: World) -> None:
    world.provider.outcomes = {"request-1": Finished(image_delivered()["payload"])}
    assert collect(callback(body=ELSEWHERE), world) is Collected.STORED
    assert world.bucket.get(KEY) == world.files.data


@pytest.mark.parametrize("outcome", [Gone(), InProgress(), ProviderUnreachable("down")])
def test_a_result_that_cannot_be_had_yet_comes_again(world: World, outcome: Any) -> None:
    world.provider.outcomes = {"request-1": outcome}
    with pytest.raises((ResultNotReady, ProviderUnreachable)):
        collect(callback(body=ELSEWHERE), world)
    assert world.job(ADDRESS).state is JobState.SUBMITTED
    assert world.tokens.answers == {}


@pytest.mark.parametrize(
    ("payload", "error", "permanent"),
    [
        ({"images": []}, "NoMediaReturned", False),
        ({"pictures": 7}, "NoMediaReturned", False),
        ({"images": [{"url": ""}]}, "NoMediaReturned", False),
        ({"images": [{"url": "https://v3.fal.media/x"}], "has_nsfw_concepts": [True]}, "BlockedByContentPolicy", True),
    ],
)
def test_a_result_without_a_picture(world: World, payload: dict[str, Any], error: str, permanent: bool) -> None:
    body = {"request_id": "request-1", "status": "OK", "payload": payload}
    assert collect(callback(body=body), world) is Collected.FAILED
    assert (failure_of(world).error, failure_of(world).permanent) == (error, permanent)
    assert not world.bucket.exists(KEY)


@pytest.mark.parametrize("refusal", [MediaRefused("is no picture"), DownloadRefused("not from there")])
def test_a_file_that_is_not_what_it_should_be_is_fetched_again_a_few_times(world: World, refusal: Exception) -> None:
    # given a file that is cut short on its way, again and again
    world.refuse_file = refusal
    for _ in range(MAX_REFUSALS - 1):
        with pytest.raises(ResultNotReady, match=str(refusal)):
            collect(callback(), world)
        assert world.job(ADDRESS).state is JobState.SUBMITTED
    # then in the end it has failed, with nothing stored
    assert collect(callback(), world) is Collected.FAILED
    assert failure_of(world).message == str(refusal)
    assert not world.bucket.exists(KEY)


def test_a_file_that_was_cut_short_once_is_not_lost(world: World) -> None:
    world.refuse_file = MediaRefused("is no picture")
    with pytest.raises(ResultNotReady):
        collect(callback(), world)
    world.refuse_file = None
    assert collect(callback(), world) is Collected.STORED


def test_the_time_that_fal_worked_is_on_record(world: World) -> None:
    world.provider.invoice.append(Invoiced("request-1", "fal-ai/ideogram/v3", {}, ""))
    world.provider.outcomes = {"request-1": Finished(image_delivered()["payload"], 12.5)}
    collect(callback(), world)
    assert world.job(ADDRESS).run_seconds == 12.5


def test_a_result_is_kept_also_where_nobody_can_say_how_long_it_took(world: World) -> None:
    world.provider.outcomes = {"request-1": ProviderUnreachable("down")}
    assert collect(callback(), world) is Collected.STORED
    assert world.job(ADDRESS).run_seconds is None


def test_a_job_in_doubt_is_confirmed_before_anything_else() -> None:
    """Whatever happens to the file then, the job is found again at fal."""
    world = World()
    sent_at = world.clock() - 60
    job = claim_job(world.ledger, claim_of(), sent_at - 1)
    assert job
    sent = world.ledger.step(job, SEND, sent_at, {"sent_at": sent_at})
    assert sent
    assert world.ledger.step(sent, DOUBT, sent_at + 1)

    def down() -> None:
        raise DownloadFailed("v3.fal.media: ReadTimeout")

    world.files.on_fetch = down
    with pytest.raises(DownloadFailed):
        collect(callback(), world)
    assert (world.job(ADDRESS).state, world.job(ADDRESS).request_id) == (JobState.SUBMITTED, "request-1")
    assert world.job(ADDRESS).submitted_at == sent_at


def test_a_file_that_cannot_be_fetched_just_now_comes_again(world: World) -> None:
    def down() -> None:
        raise DownloadFailed("v3.fal.media: ReadTimeout")

    world.files.on_fetch = down
    with pytest.raises(DownloadFailed):
        collect(callback(), world)
    assert world.job(ADDRESS).state is JobState.SUBMITTED


def test_a_late_result_of_a_job_that_was_given_up_is_kept(world: World) -> None:
    assert world.ledger.step(world.job(ADDRESS), FAIL, 1.0, {"failure": Failure(error="overdue", message="too late")})
    assert collect(callback(), world) is Collected.STORED
    assert (world.job(ADDRESS).state, world.job(ADDRESS).failure) == (JobState.STORED, None)


@pytest.mark.parametrize("released", [False, True], ids=["claimed", "free"])
def test_a_late_result_settles_a_job_that_is_about_to_be_bought_again(world: World, released: bool) -> None:
    # given a job that failed, and the next attempt at it, of which nothing was sent
    assert world.ledger.step(world.job(ADDRESS), FAIL, 1.0, {"failure": Failure(error="timeout", message="slow")})
    again = claim_job(world.ledger, claim_of(run="later", secret="second"), world.clock())
    assert again
    if released:
        assert world.ledger.step(again, RELEASE, world.clock())
    # when the first attempt's result comes
    assert collect(callback(), world) is Collected.STORED
    # then it is the asset, and nothing more can be sent
    assert world.ledger.step(again, SEND, world.clock()) is None
    assert claim_job(world.ledger, claim_of(run="third"), world.clock() + 9999) is None


@pytest.mark.parametrize(
    "body",
    [
        job_failed("content_policy_violation"),
        image_delivered(has_nsfw_concepts=[True]),
        {"request_id": "request-1", "status": "OK", "payload": {"images": []}},
        NO_REASON,
    ],
    ids=["error", "blocked", "empty", "no reason"],
)
def test_an_earlier_attempt_cannot_fail_the_present_one(world: World, body: dict[str, Any]) -> None:
    # given a second attempt at fal
    next_attempt(world)
    # when the first one turns out to have no result
    assert collect(callback(body=body), world) is Collected.KNOWN
    # then the second one goes on
    assert world.job(ADDRESS).state is JobState.SUBMITTED
    assert world.tokens.answers == {}


def test_news_of_an_earlier_attempt_confirms_nothing_of_the_present_one(world: World) -> None:
    # given a second attempt whose POST is under way
    assert world.ledger.step(world.job(ADDRESS), FAIL, 1.0, {"failure": Failure(error="timeout", message="slow")})
    job = claim_job(world.ledger, claim_of(run="later", secret="second"), world.clock())
    assert job
    assert world.ledger.step(job, SEND, world.clock())
    # when fal says that the first one has failed
    assert collect(callback(body=job_failed("content_policy_violation")), world) is Collected.KNOWN
    # then nobody takes the first one's request for the second's
    assert (world.job(ADDRESS).state, world.job(ADDRESS).request_id) == (JobState.SUBMITTING, None)


def test_an_earlier_attempts_result_is_as_good(world: World) -> None:
    next_attempt(world)
    assert collect(callback(), world) is Collected.STORED
    assert world.tokens.answers["one"] == {"address": ADDRESS}


def test_a_result_that_is_overtaken_by_a_new_claim_comes_again(world: World) -> None:
    # given a failed job that is claimed once more while an old result is being fetched
    assert world.ledger.step(world.job(ADDRESS), FAIL, 1.0, {"failure": Failure(error="timeout", message="slow")})
    world.files.on_fetch = lambda: claim_job(world.ledger, claim_of(run="later", secret="second"), world.clock())
    # when it is collected, it is not lost: it comes again, and is stored then
    with pytest.raises(ResultNotReady):
        collect(callback(), world)
    assert collect(callback(), world) is Collected.STORED


def calls_to_collect(body: dict[str, Any]) -> int:
    world = World()
    job = claim_job(world.ledger, claim_of(), 1.0)
    assert job
    world.ledger.step(job, SEND, 1.0)
    world.ledger.add_waiter(waiter_of("one"))
    world.ledger.add_waiter(waiter_of("two"))
    collect(callback(body=body), world)
    return world.fuse.calls


@pytest.mark.parametrize("body", [image_delivered(), job_failed("no_media_generated")], ids=["result", "failure"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_loses_nothing(world: World, body: dict[str, Any], done: bool) -> None:
    for at in range(1, calls_to_collect(body) + 1):
        # given a fresh job, and a crash at one call
        fresh = World()
        job = claim_job(fresh.ledger, claim_of(), 1.0)
        assert job
        fresh.ledger.step(job, SEND, 1.0)
        for token in ("one", "two"):
            fresh.ledger.add_waiter(waiter_of(token))
        fresh.fuse = Fuse(at=at, done=done)
        # when the message comes a second time
        with pytest.raises(Crash):
            collect(callback(body=body), fresh)
        collect(callback(body=body), fresh)
        # then the job is settled, and both tokens were told
        assert fresh.job(ADDRESS).state in SETTLED
        assert set(fresh.tokens.answers) == {"one", "two"}
        assert fresh.ledger.waiters(ADDRESS) == []
