"""Looking after open jobs, runs and dead letters: nothing waits for ever, nothing is lost."""

from dataclasses import replace
from threading import Barrier

import pytest

from shared.ledger.budgets import Usage
from shared.ledger.outages import ACCOUNT_CLOSED, account_of
from shared.ledger.rules import NEVER
from shared.ledger.states import ACCEPT, CANCEL, DOUBT, HOLD, SEND, WITHDRAW, JobState, Transition
from shared.providers.errors import Scope, SortedError
from shared.providers.names import ProviderName
from shared.providers.outcomes import Failed, Finished, Gone, InProgress, JobOutcome, ProviderUnreachable, Queued
from shared.workflow.asking import AssetRequest
from shared.workflow.collect_asset import Collected, InboxMessage, collect_asset
from shared.workflow.reconcile import STARTING_LIMIT, CycleTroubled, reconcile
from shared.workflow.record_outcome import RunEnd, record_outcome
from shared.workflow.status import EpisodeState
from tests.builders import (
    ADDRESS,
    EPISODE,
    RUN,
    TWO_SCENES,
    claim_job,
    claim_of,
    image_delivered,
    open_jobs,
    plan_of,
    waiter_of,
)
from tests.fakes.provider import Invoiced
from tests.world import World, request_of

ACCOUNT_AT_FAL = account_of(ProviderName.FAL)


def open_job(world: World, *steps: Transition, address: str = ADDRESS, request_id: str = "request-1") -> None:
    job = claim_job(world.ledger, claim_of(address), world.clock())
    for step in steps:
        assert job
        job = world.ledger.step(job, step, world.clock(), {"request_id": request_id} if step is ACCEPT else {})
    world.provider.invoice.append(Invoiced(request_id, "fal-ai/ideogram/v3", {}, ""))


@pytest.fixture
def world() -> World:
    return World()


def test_a_finished_job_goes_into_the_inbox_and_can_be_collected(world: World) -> None:
    # given a job whose callback never came
    open_job(world, SEND, ACCEPT)
    world.ledger.add_waiter(waiter_of("one"))
    world.provider.outcomes = {"request-1": Finished(image_delivered()["payload"])}
    # when it is looked after
    assert reconcile(world.reconciling()).watched == {"finished": 1}
    # then the inbox has what fal would have sent
    [body] = world.inbox.bodies
    assert collect_asset(InboxMessage.model_validate_json(body), world.collecting()) is Collected.STORED
    assert world.tokens.answers == {"one": {"address": ADDRESS}}


def test_a_result_that_no_queue_carries_is_fetched_by_who_collects_it(world: World) -> None:
    # given a job with a result that is far longer than any message may be
    open_job(world, SEND, ACCEPT)
    world.provider.outcomes = {"request-1": Finished({**image_delivered()["payload"], "logs": "x" * 1_100_000})}
    # when it is looked after
    assert reconcile(world.reconciling()).watched == {"finished": 1}
    # then the inbox is only told that it is there, and it is stored
    [body] = world.inbox.bodies
    assert len(body) < 1000
    assert collect_asset(InboxMessage.model_validate_json(body), world.collecting()) is Collected.STORED


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (SortedError("http_500", "fal answered with status 500", Scope.ENDPOINT, retry=False), False),
        (SortedError("content_policy_violation", "flagged", Scope.ASSET, retry=False), True),
    ],
)
def test_a_failed_job_is_recorded_as_fal_says_it(world: World, error: SortedError, permanent: bool) -> None:
    open_job(world, SEND, ACCEPT)
    world.provider.outcomes = {"request-1": Failed(error)}
    assert reconcile(world.reconciling()).watched == {"failed": 1}
    [body] = world.inbox.bodies
    assert collect_asset(InboxMessage.model_validate_json(body), world.collecting()) is Collected.FAILED
    failure = world.job(ADDRESS).failure
    assert failure
    assert (failure.error, failure.message, failure.permanent) == (error.name, error.message, permanent)


@pytest.mark.parametrize(
    ("outcome", "seen"),
    [
        (Queued(), "queued"),
        (InProgress(), "in progress"),
        (Gone(), "gone at its provider"),
        (ProviderUnreachable("x"), "provider unreachable"),
    ],
)
def test_what_is_not_over_stays_open(world: World, outcome: object, seen: str) -> None:
    open_job(world, SEND, ACCEPT)
    world.provider.outcomes = {"request-1": outcome}  # type: ignore[dict-item]
    assert reconcile(world.reconciling()).watched == {seen: 1}
    assert (world.job(ADDRESS).state, world.inbox.sent) == (JobState.SUBMITTED, [])


def test_an_engines_clock_starts_once(world: World) -> None:
    # given a job that is seen in progress for the first time, and again
    open_job(world, SEND, ACCEPT)
    world.provider.outcomes = {"request-1": InProgress()}
    began = world.clock()
    for _ in range(2):
        reconcile(world.reconciling())
        world.clock.forward(300)
    # then the first time counts
    assert world.job(ADDRESS).started_at == began


def test_a_lost_sender_leaves_a_doubt(world: World) -> None:
    # given a job whose sender has not come back
    open_job(world, SEND)
    assert reconcile(world.reconciling()).watched == {"submitting": 1}
    world.clock.forward(90)
    assert reconcile(world.reconciling()).watched == {"doubted": 1}
    assert world.job(ADDRESS).state is JobState.UNCONFIRMED


def test_a_lapsed_claim_is_given_back(world: World) -> None:
    # given a claim whose owner died, and whose message is gone
    open_job(world)
    world.ledger.add_waiter(waiter_of("one"))
    assert reconcile(world.reconciling()).watched == {"claimed": 1}
    world.clock.forward(90)
    assert reconcile(world.reconciling()).watched == {"released": 1}
    # then it is nobody's, and no open job any more
    assert world.job(ADDRESS).state is JobState.FREE
    assert open_jobs(world.ledger) == []
    # and it is asked for again at once
    [(_, body, _)] = world.requests.sent
    assert AssetRequest.model_validate_json(body).token == "one"


def test_a_claim_is_not_given_back_once_its_owner_sends_after_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a lapsed claim as a cycle has seen it, whose owner wakes up and sends before the cycle comes to it
    open_job(world)
    world.clock.forward(90)
    seen = world.ledger.jobs([ADDRESS])
    assert world.ledger.step(seen[ADDRESS], SEND, world.clock())
    monkeypatch.setattr(world.ledger, "jobs", lambda _: seen)
    # when the cycle comes to it, then it is left alone: free again, it would be bought twice
    assert reconcile(world.reconciling()).watched == {"changed meanwhile": 1}
    assert world.job(ADDRESS).state is JobState.SUBMITTING


def test_a_job_in_doubt_is_left_to_its_callback(world: World) -> None:
    open_job(world, SEND, DOUBT)
    assert reconcile(world.reconciling()).watched == {"unconfirmed": 1}
    assert world.job(ADDRESS).state is JobState.UNCONFIRMED


def test_one_job_that_cannot_be_looked_after_keeps_none_of_the_others_waiting(world: World) -> None:
    # given three jobs, the oldest of which makes the look-up break, and a run that was stopped
    for number, address in enumerate("abc", start=1):
        open_job(world, SEND, ACCEPT, address=address * 40, request_id=f"request-{number}")
        world.clock.forward(1)
    payload = image_delivered()["payload"]
    world.provider.outcomes = {
        "request-1": RuntimeError("broken"),
        "request-2": Finished(payload),
        "request-3": Finished(payload),
    }
    world.begin()
    world.executions.ended.add(RUN)
    world.dead_letters.letters = ["no request", request_of("one", ADDRESS).model_dump_json()]
    # when a cycle runs, then it says what broke
    with pytest.raises(ExceptionGroup) as raised:
        reconcile(world.reconciling())
    assert isinstance(raised.value, CycleTroubled)
    assert len(raised.value.exceptions) == 2
    # and what it saw all the same, for the alarms
    assert raised.value.cycle.watched == {"trouble": 1, "finished": 2}
    assert raised.value.cycle.oldest_open == 3
    # and all the others were looked after
    assert len(world.inbox.bodies) == 2
    assert world.ledger.open_runs() == []
    assert world.tokens.error("one") == "RequestUndeliverable"
    assert world.dead_letters.letters == ["no request"]


def test_jobs_are_looked_after_several_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given two jobs, of which neither is answered about before both are asked about
    for number, address in enumerate("ab", start=1):
        open_job(world, SEND, ACCEPT, address=address * 40, request_id=f"request-{number}")
    together = Barrier(2, timeout=10)

    def meet(*_: object) -> Queued:
        together.wait()
        return Queued()

    monkeypatch.setattr(world.provider, "look_up", meet)
    # when two are looked after at once, then neither waits in vain
    assert reconcile(replace(world.reconciling(), workers=2)).watched == {"queued": 2}


def test_the_age_of_the_oldest_open_job(world: World) -> None:
    assert reconcile(world.reconciling()).oldest_open == 0
    open_job(world, SEND, ACCEPT)
    world.clock.forward(500)
    open_job(world, SEND, ACCEPT, address="b" * 40, request_id="request-2")
    assert reconcile(world.reconciling()).oldest_open == 500
    # and one that waits for a person counts by itself
    assert world.ledger.step(world.job(ADDRESS), HOLD.only_from(JobState.SUBMITTED), world.clock())
    seen = reconcile(world.reconciling())
    assert (seen.oldest_open, seen.held, seen.open) == (0, 1, 2)


def test_a_run_that_never_began_is_started_once_more(world: World) -> None:
    # given a claimed run whose starter died
    world.ledger.claim_run(EPISODE, "d", world.clock(), name=lambda _: RUN, again=NEVER)
    assert reconcile(world.reconciling()).runs["restarted"] == 0
    assert world.executions.started == {}
    # when it should have begun long ago
    world.clock.forward(STARTING_LIMIT)
    assert reconcile(world.reconciling()).runs["restarted"] == 1
    # then it is started as its upload would have started it
    assert world.executions.started == {RUN: {"episode_id": EPISODE, "digest": "d"}}


def test_a_run_that_was_stopped_before_it_was_planned_is_closed(world: World) -> None:
    # given an execution that somebody stopped at once: its name cannot be used again
    world.ledger.claim_run(EPISODE, "d", world.clock(), name=lambda _: RUN, again=NEVER)
    world.executions.start(RUN, {})
    world.executions.ended.add(RUN)
    world.clock.forward(STARTING_LIMIT)
    # then it is closed, and says so
    assert reconcile(world.reconciling()).runs["closed"] == 1
    assert world.ledger.open_runs() == []
    assert world.status().state is EpisodeState.FAILED


def test_a_run_that_was_stopped_is_closed() -> None:
    # given a running run, whose execution ends without a word
    world = World(plan_of(TWO_SCENES))
    world.begin()
    assert reconcile(world.reconciling()).runs["closed"] == 0
    world.executions.ended.add(RUN)
    # when it is looked after
    assert reconcile(world.reconciling()).runs["closed"] == 1
    # then its status says so, and it is closed once
    assert (world.status().state, world.status().message) == (
        EpisodeState.FAILED,
        "the execution was stopped, timed out or is gone",
    )
    assert reconcile(world.reconciling()).runs["closed"] == 0
    assert len(world.events.published) == 1


def test_a_run_that_ended_by_itself_meanwhile_keeps_its_end() -> None:
    world = World(plan_of(TWO_SCENES))
    world.begin()
    desk = world.reconciling()
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN), world.closing())
    world.executions.ended.add(RUN)
    assert reconcile(desk).runs["closed"] == 0
    assert world.status().state is EpisodeState.DONE


def test_dead_letters_answer_their_tokens(world: World) -> None:
    # given requests for an asset that nobody could handle
    requests = [request_of(token, ADDRESS) for token in ("one", "two")]
    for request in requests:
        world.ledger.add_waiter(request.waiter(world.clock()))
    world.dead_letters.letters = [request.model_dump_json() for request in requests]
    # when a cycle runs, then their runs are told
    assert reconcile(world.reconciling()).dead_letters == 2
    assert {world.tokens.error(token) for token in ("one", "two")} == {"RequestUndeliverable"}
    assert world.dead_letters.letters == []
    # and from then on nobody has the asset bought for them, or looks after it
    world.requests.sent.clear()
    assert reconcile(world.reconciling()).watched == {"wanted no more": 1}
    assert (world.requests.sent, world.ledger.watched()) == ([], [])


@pytest.mark.parametrize(
    ("outcome", "missed"),
    [
        (Finished(image_delivered()["payload"]), 1),
        (Failed(SortedError("http_500", "fal answered with status 500", Scope.ENDPOINT, retry=False)), 1),
        (InProgress(), 0),
        (Gone(), 0),
    ],
)
def test_a_result_of_which_no_callback_has_told_is_counted(world: World, outcome: JobOutcome, missed: int) -> None:
    # given a job whose callback never came
    open_job(world, SEND, ACCEPT)
    world.provider.outcomes = {"request-1": outcome}
    # then it is counted when it is over at fal, and only then
    seen = reconcile(world.reconciling())
    assert (seen.callbacks_missed, seen.open) == (missed, 1)


@pytest.mark.parametrize("asked", ["cancelled_at", "withdrawn_at"])
def test_a_job_that_fal_was_asked_to_end_misses_no_callback(world: World, asked: str) -> None:
    # given a job that is overdue, or that nobody wants, and that fal has ended as it was asked to
    open_job(world, SEND, ACCEPT)
    transition = CANCEL if asked == "cancelled_at" else WITHDRAW
    world.ledger.step(world.job(ADDRESS), transition, world.clock(), {asked: world.clock()})
    world.provider.outcomes = {
        "request-1": Failed(SortedError("client_cancelled", "Request was cancelled", Scope.JOB, retry=False))
    }
    # then it is collected, and counts for no callback that was missed
    seen = reconcile(world.reconciling())
    assert (seen.callbacks_missed, len(world.inbox.bodies)) == (0, 1)


def test_what_a_day_has_cost_so_far(world: World) -> None:
    # given a job of yesterday and one of today
    open_job(world, SEND, ACCEPT)
    world.clock.forward(86_400)
    open_job(world, SEND, ACCEPT, address="b" * 40, request_id="request-2")
    # then today's is what the day has cost
    assert reconcile(world.reconciling()).today == Usage(usd=0.06, images=1)


def test_an_account_counts_as_refused_between_two_tries_too(world: World) -> None:
    # given fal that refused the account
    assert not reconcile(world.reconciling()).account_refused
    until = world.clock() + ACCOUNT_CLOSED
    world.ledger.note_outage(ACCOUNT_AT_FAL, "no balance", world.clock(), until=until)
    # when time goes by without another try
    refused = []
    for _ in range(5):
        refused.append(reconcile(world.reconciling()).account_refused)
        world.clock.forward(300)
    # then it counts as refused for a while, though it may be tried again already, and not for ever
    assert refused == [True, True, True, True, False]


def test_an_account_that_is_accepted_again_counts_as_refused_no_more(world: World) -> None:
    world.ledger.note_outage(ACCOUNT_AT_FAL, "no balance", world.clock(), until=world.clock() + ACCOUNT_CLOSED)
    assert reconcile(world.reconciling()).account_refused
    world.ledger.end_outage(ACCOUNT_AT_FAL)
    assert not reconcile(world.reconciling()).account_refused
