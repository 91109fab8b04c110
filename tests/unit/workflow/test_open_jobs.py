"""Bringing open jobs to an end: found at their provider, cancelled when overdue, held when it has forgotten them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keys import AssetKind
from shared.ledger.states import SETTLED, JobState
from shared.providers.errors import Scope, SortedError
from shared.providers.outcomes import Accepted, Failed, Gone, InProgress, ProviderUnreachable, Queued
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import Answer, buy_asset
from shared.workflow.collect_asset import Collected, InboxMessage, collect_asset
from shared.workflow.reconcile import reconcile
from tests.builders import addresses_of, waiter_of
from tests.fakes.provider import Lost
from tests.unit.workflow.looking_after import DEADLINE, DELIVERED, buy, cycle
from tests.unit.workflow.two_scenes import PLAN, PORTRAIT
from tests.world import PATIENCE, World, request_of

CLIP = min(addresses_of(PLAN, AssetKind.CLIP))


def test_a_result_that_the_queue_has_forgotten_is_found_in_the_list(world: World) -> None:
    # given a finished job that nobody collected in time
    buy(world)
    job = world.provider.invoice[0]
    world.provider.outcomes = {job.request_id: Gone()}
    world.platform = replace(world.platform)
    listed = world.platform.requests_between

    def with_output(endpoint: str, since: float, until: float) -> Any:
        return [replace(request, outcome=DELIVERED) for request in listed(endpoint, since, until)]

    world.platform.requests_between = with_output  # type: ignore[method-assign]
    # then it is delivered from there
    assert cycle(world).watched == {"found in the list": 1}
    assert world.job(PORTRAIT).state is JobState.STORED


def test_a_job_that_fal_has_forgotten_is_held_and_never_taken_for_free(world: World) -> None:
    buy(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: Gone()}
    assert cycle(world).watched == {"gone at its provider": 1}
    world.clock.forward(DEADLINE + 1)
    assert cycle(world).watched == {"held": 1}
    assert world.job(PORTRAIT).state is JobState.HELD


def test_a_result_that_was_deleted_is_waited_for_no_longer(world: World) -> None:
    # given a job that its provider has finished, and whose result it has deleted
    buy(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: Gone(is_deleted=True)}
    # when it is looked after
    assert cycle(world).watched == {"held": 1}
    # then whoever waits is told at once, and nobody has bought it again
    assert world.job(PORTRAIT).state is JobState.HELD
    assert world.tokens.error("one") == "AssetHeld"
    assert world.provider.posts == 1


def test_a_deleted_result_is_still_taken_from_the_list(world: World) -> None:
    # given a job whose result was deleted, but stands in the list of requests
    buy(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: Gone(is_deleted=True)}
    listed = world.platform.requests_between
    world.platform.requests_between = lambda *args: [  # type: ignore[method-assign]
        replace(request, outcome=DELIVERED) for request in listed(*args)
    ]
    # then it is delivered
    assert cycle(world).watched == {"found in the list": 1}
    assert world.job(PORTRAIT).state is JobState.STORED


@pytest.mark.parametrize(("address", "limit"), [(PORTRAIT, PATIENCE.picture_run), (CLIP, PATIENCE.clip_run)])
def test_an_overdue_job_is_cancelled_and_over_only_when_fal_says_so(world: World, address: str, limit: float) -> None:
    # given a job that waits in fal's queue for an hour, and is then worked on
    buy(world, address)
    [job] = world.provider.invoice
    world.clock.forward(3600)
    assert cycle(world).watched == {"queued": 1}
    world.provider.outcomes = {job.request_id: InProgress()}
    cycle(world)
    # when it has been worked on for as long as it may
    world.clock.forward(limit)
    assert cycle(world).watched == {"in progress": 1}
    assert world.provider.cancelled == []
    world.clock.forward(1)
    assert cycle(world).watched == {"cancelled": 1}
    # then it is cancelled once, and still nobody is told anything: it may finish all the same
    cycle(world)
    assert world.provider.cancelled == [job.request_id]
    assert (world.job(address).state, world.tokens.answers) == (JobState.SUBMITTED, {})
    # and when fal says that it is over, everybody learns it, with a reason in words
    error = SortedError("client_cancelled", "cancelled", Scope.JOB, retry=False)
    world.provider.outcomes = {job.request_id: Failed(error)}
    cycle(world)
    failure = world.job(address).failure
    assert failure
    assert (failure.error, failure.permanent) == ("Overdue", False)
    assert world.tokens.error("one") == "AssetFailed"


def test_an_overdue_job_that_finishes_all_the_same_is_kept(world: World) -> None:
    buy(world)
    [job] = world.provider.invoice
    world.provider.outcomes = {job.request_id: InProgress()}
    cycle(world)
    world.clock.forward(PATIENCE.picture_run + 1)
    cycle(world)
    world.provider.outcomes = {job.request_id: DELIVERED}
    cycle(world)
    assert world.job(PORTRAIT).state is JobState.STORED


def test_a_job_that_cannot_be_cancelled_is_held_in_the_end(world: World) -> None:
    # given an overdue job that fal goes on with, whatever it is told
    buy(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: InProgress()}
    cycle(world)
    world.clock.forward(PATIENCE.picture_run + 1)
    cycle(world)
    # when an hour has passed since it was told to stop
    world.clock.forward(PATIENCE.callback + 1)
    cycle(world)
    # then nobody waits for it any more, and nothing else was bought in its stead
    assert world.job(PORTRAIT).state is JobState.HELD
    assert world.tokens.error("one") == "AssetHeld"


def test_a_job_that_waits_too_long_in_fals_queue_is_cancelled(world: World) -> None:
    buy(world)
    world.clock.forward(PATIENCE.start + 1)
    cycle(world)
    assert world.provider.cancelled == [world.provider.invoice[0].request_id]


def test_a_cancel_that_does_not_get_through_is_tried_again(world: World) -> None:
    buy(world)

    def unreachable(_: str) -> None:
        raise ProviderUnreachable("down")

    world.provider.on_cancel = unreachable
    world.clock.forward(PATIENCE.start + 1)
    assert cycle(world).watched == {"provider unreachable": 1}
    assert world.job(PORTRAIT).cancelled_at is None


def test_a_lost_wake_up_is_repeated(world: World) -> None:
    # given a stored asset whose settler died before it woke anybody
    buy(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: DELIVERED}
    world.ledger.add_waiter(waiter_of("two", PORTRAIT))
    reconcile(world.reconciling())
    [body] = world.inbox.bodies
    desk = world.collecting()
    collect_asset(InboxMessage.model_validate_json(body), replace(desk, tokens=_Deaf()))  # type: ignore[arg-type]
    assert world.job(PORTRAIT).state in SETTLED
    world.ledger.add_waiter(waiter_of("one", PORTRAIT))
    world.ledger.add_waiter(waiter_of("two", PORTRAIT))
    # when reconcile passes
    assert reconcile(world.reconciling()).watched == {"woken": 1}
    # then all are awake, and after one more cycle nobody looks after the address any more
    assert set(world.tokens.answers) == {"one", "two"}
    reconcile(world.reconciling())
    assert world.ledger.watched() == []


class _Deaf:
    def succeed(self, token: str, output: object) -> None:
        pass


def test_what_is_free_and_waited_for_is_asked_for_again(world: World) -> None:
    # given an asset for which somebody waits, and a message that was lost
    world.ledger.add_waiter(waiter_of("one", PORTRAIT))
    assert reconcile(world.reconciling()).watched == {"asked again": 1}
    # then the request is there once more, and buys it
    [(kind, body, delay)] = world.requests.sent
    assert (kind, delay) == (AssetKind.PORTRAIT, 0)
    assert buy_asset(AssetRequest.model_validate_json(body), world.shop()) is Answer.SUBMITTED
    assert world.provider.jobs_per_address == {PORTRAIT: 1}


def test_whoever_cannot_buy_passes_the_question_on(world: World) -> None:
    # given an asset that is free, for which an ended run and a living one wait
    world.ledger.claim_run("other", "d", 1.0, name=lambda _: "other-1", again=frozenset())
    dead, alive = request_of("dead", PORTRAIT, run="long gone"), request_of("alive", PORTRAIT, "other-1", "other")
    for request in (dead, alive):
        world.ledger.add_waiter(request.waiter(world.clock()))
    # when the first is asked on behalf of
    assert buy_asset(dead, world.shop()) is Answer.RUN_OVER
    # then it asks for the other
    [(_, body, _)] = world.requests.sent
    assert AssetRequest.model_validate_json(body) == alive


def test_a_cycle_that_takes_too_long_leaves_the_rest_to_the_next(world: World) -> None:
    # given many open jobs, and a fal that answers slowly
    for address in sorted(PLAN.assets):
        buy(world, address, f"token of {address}")
    look_up = world.provider.look_up

    def slow(endpoint: str, request_id: str) -> Any:
        world.clock.forward(60)
        return look_up(endpoint, request_id)

    world.provider.look_up = slow  # type: ignore[method-assign]
    # when a cycle runs, then it ends in time, and the next one begins elsewhere
    seen = reconcile(world.reconciling())
    assert seen.watched == {"queued": 3, "left for the next cycle": len(PLAN.assets) - 3}
    # and runs, which are few, have a while of their own
    assert seen.runs == {"running": 1}


def test_a_cycle_that_takes_too_long_leaves_runs_to_the_next(world: World) -> None:
    # given many runs, and a Step Functions that answers slowly
    for number in range(8):
        world.begin(f"run-{number}", f"digest-{number}")
    is_running = world.executions.is_running

    def slow(execution_arn: str) -> bool:
        world.clock.forward(60)
        return is_running(execution_arn)

    world.executions.is_running = slow  # type: ignore[method-assign]
    # when a cycle runs, then some are left to the next one, and none is lost
    seen = reconcile(world.reconciling()).runs
    assert 0 < seen["left for the next cycle"] < len(world.ledger.open_runs())
    assert seen.total() == len(world.ledger.open_runs()) + seen["closed"]


@given(
    times=st.lists(st.integers(0, 4000), min_size=1, max_size=12), outcome=st.sampled_from(["lost", "gone", "stuck"])
)
def test_no_token_waits_longer_than_all_limits_together(times: list[int], outcome: str) -> None:
    # given a job of which nobody will ever hear
    world = World(PLAN)
    world.begin()
    world.platform.lists = False
    world.provider.answers = [Lost() if outcome == "lost" else Accepted("request-1")]
    buy(world)
    world.provider.outcomes = {"request-1": InProgress() if outcome == "stuck" else Gone()}
    # when reconcile passes at any times, and then often enough for every limit to pass one after another
    for pause in [*times, *[300] * 60]:
        world.clock.forward(pause)
        cycle(world)
    # then its waiter has been told, and it was bought once at most
    assert world.tokens.error("one") == "AssetHeld"
    assert world.provider.posts == 1


def test_the_queue_is_not_taken_for_work(world: World) -> None:
    buy(world)
    assert cycle(world).watched == {"queued": 1}
    assert world.job(PORTRAIT).started_at is None
    assert isinstance(world.provider.look_up("x", "request-1"), Queued)


def test_the_collector_takes_what_the_list_gave(world: World) -> None:
    """A failure in the list reaches the ledger with fal's own type."""
    buy(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: Gone()}
    error = SortedError("content_policy_violation", "flagged", Scope.ASSET, retry=False)
    listed = world.platform.requests_between
    world.platform.requests_between = lambda *args: [  # type: ignore[method-assign]
        replace(request, outcome=Failed(error)) for request in listed(*args)
    ]
    reconcile(world.reconciling())
    [body] = world.inbox.bodies
    assert collect_asset(InboxMessage.model_validate_json(body), world.collecting()) is Collected.FAILED
    failure = world.job(PORTRAIT).failure
    assert failure
    assert (failure.error, failure.permanent) == ("content_policy_violation", True)
