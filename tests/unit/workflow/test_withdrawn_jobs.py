"""Jobs of a cancelled run: fal cancels what nobody else waits for, and whoever begins to wait for it gets it."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.ledger.records import Run
from shared.ledger.rules import AFTER_FAILURE
from shared.ledger.states import JobState
from shared.providers.errors import Scope, SortedError
from shared.providers.outcomes import Failed, Finished, InProgress, ProviderUnreachable
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import TryAgainLater, buy_asset
from shared.workflow.cancel_run import cancel_run
from shared.workflow.collect_asset import InboxMessage, collect_asset
from shared.workflow.reconcile import Reconciled, reconcile
from tests.builders import EPISODE, image_delivered
from tests.fakes.faults import Crash, Fuse, Stage, Wired
from tests.unit.workflow.two_scenes import PLAN, PORTRAIT
from tests.world import PATIENCE, World, request_of

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER_EPISODE = "harbour"
OTHER_RUN = "harbour-1"
DELIVERED = Finished(image_delivered()["payload"])
STOPPED = Failed(SortedError("client_cancelled", "Request was cancelled", Scope.JOB, retry=False))
MOST_CYCLES = 12


def begin_other(world: World, episode_id: str = OTHER_EPISODE) -> Run:
    name = f"{episode_id}-1"
    return world.ledger.claim_run(episode_id, "digest", world.clock(), name=lambda _: name, again=AFTER_FAILURE)


def ask(world: World) -> None:
    buy_asset(request_of("one", PORTRAIT), world.shop())


def ask_in_other(world: World) -> None:
    buy_asset(request_of("two", PORTRAIT, OTHER_RUN, OTHER_EPISODE), world.shop())


def cancel(world: World, episode_id: str = EPISODE) -> None:
    cancel_run(episode_id, "", world.closing(), Wired(world.executions, world.fuse.call))


def stop_what_is_cancelled(world: World) -> None:
    """Have fal stop a job as soon as it is asked to."""
    world.provider.on_cancel = lambda request_id: world.provider.outcomes.update({request_id: STOPPED})


def collect(world: World) -> None:
    bodies, world.inbox.sent = world.inbox.bodies, []
    for body in bodies:
        collect_asset(InboxMessage.model_validate_json(body), world.collecting())


def cycle(world: World) -> Reconciled:
    """Reconcile, and collect what it put into the inbox."""
    seen = reconcile(world.reconciling())
    collect(world)
    return seen


def finish(world: World) -> None:
    """Have fal finish every job that it was not asked to cancel, or would not."""
    for job in world.provider.invoice:
        world.provider.outcomes.setdefault(job.request_id, DELIVERED)


def answer_requests(world: World) -> None:
    """Hand every request that was sent once more to its function, until each is handled."""
    while world.requests.sent:
        sent, world.requests.sent = world.requests.sent, []
        for kind, body, _ in sent:
            try:
                buy_asset(AssetRequest.model_validate_json(body), world.shop())
            except TryAgainLater:
                world.clock.forward(120)
                world.requests.send(kind, body)


def test_a_job_that_nobody_else_waits_for_is_cancelled_at_fal(world: World) -> None:
    # given a portrait that fal works on
    ask(world)
    [job] = world.provider.invoice
    world.provider.outcomes = {job.request_id: InProgress()}
    stop_what_is_cancelled(world)
    # when its run is cancelled, and reconcile looks
    cancel(world)
    assert cycle(world).watched == {"withdrawn": 1}
    # then fal is asked to cancel it, and until fal says that it has, it is under way
    assert world.provider.cancelled == [job.request_id]
    assert world.job(PORTRAIT).state is JobState.SUBMITTED
    # and then it is over, with the reason, and nobody is looked after any more
    cycle(world)
    failure = world.job(PORTRAIT).failure
    assert failure
    assert (failure.error, failure.permanent, failure.may_be_charged) == ("Cancelled", False, True)
    cycle(world)
    assert (world.ledger.waiters(PORTRAIT), world.ledger.watched()) == ([], [])
    assert (world.provider.posts, world.requests.sent) == (1, [])


@pytest.mark.parametrize("comes", ["before", "after"])
def test_what_fal_finished_all_the_same_is_kept(world: World, comes: str) -> None:
    # given a portrait whose run was cancelled, and which fal finishes before or after it is asked to cancel it
    ask(world)
    [job] = world.provider.invoice
    if comes == "before":
        world.provider.outcomes = {job.request_id: DELIVERED}
    cancel(world)
    cycle(world)
    world.provider.outcomes = {job.request_id: DELIVERED}
    cycle(world)
    # then it is kept
    assert world.job(PORTRAIT).state is JobState.STORED
    assert len(world.provider.cancelled) == (comes == "after")


def test_a_job_on_which_another_run_waits_goes_on(world: World) -> None:
    ask(world)
    begin_other(world)
    ask_in_other(world)
    cancel(world)
    assert cycle(world).watched == {"queued": 1}
    assert world.provider.cancelled == []
    # and when that run is cancelled too, nobody is left
    cancel(world, OTHER_EPISODE)
    assert cycle(world).watched == {"withdrawn": 1}


def test_a_job_for_which_a_cancelled_run_waited_goes_on_for_the_one_that_bought_it(world: World) -> None:
    ask(world)
    begin_other(world)
    ask_in_other(world)
    cancel(world, OTHER_EPISODE)
    assert cycle(world).watched == {"queued": 1}
    assert world.provider.cancelled == []


def test_a_run_that_only_failed_takes_nothing_back(world: World) -> None:
    ask(world)
    run = world.ledger.newest_run(EPISODE)
    assert run
    world.executions.ended.add(run.name)
    assert cycle(world).runs == {"closed": 1}
    assert cycle(world).watched == {"queued": 1}
    assert world.provider.cancelled == []


def test_a_newer_run_of_the_episode_may_want_what_the_cancelled_one_had_asked_for(world: World) -> None:
    ask(world)
    cancel(world)
    world.begin("lighthouse-2", "another digest")
    assert cycle(world).watched == {"queued": 1}
    assert world.provider.cancelled == []


def test_a_cancel_that_does_not_get_through_is_asked_for_again(world: World) -> None:
    ask(world)
    cancel(world)

    def unreachable(_: str) -> None:
        raise ProviderUnreachable("down")

    world.provider.on_cancel = unreachable
    assert cycle(world).watched == {"provider unreachable": 1}
    stop_what_is_cancelled(world)
    assert cycle(world).watched == {"withdrawn": 1}
    assert len(world.provider.cancelled) == 2
    cycle(world)
    assert world.job(PORTRAIT).was_withdrawn


def test_a_job_that_fal_does_not_stop_is_held_in_the_end(world: World) -> None:
    ask(world)
    world.provider.outcomes = {world.provider.invoice[0].request_id: InProgress()}
    cancel(world)
    cycle(world)
    for seconds in (PATIENCE.picture_run, PATIENCE.callback):
        world.clock.forward(seconds + 1)
        cycle(world)
    assert world.job(PORTRAIT).state is JobState.HELD


def test_what_the_inputs_are_refused_for_is_no_matter_of_cancelling(world: World) -> None:
    ask(world)
    [job] = world.provider.invoice
    cancel(world)
    cycle(world)
    refusal = SortedError("content_policy_violation", "flagged", Scope.ASSET, retry=False)
    world.provider.outcomes = {job.request_id: Failed(refusal)}
    cycle(world)
    assert world.job(PORTRAIT).is_refused_for_good


def test_the_next_attempt_buys_what_was_cancelled(world: World) -> None:
    # given a portrait that was cancelled with its run
    ask(world)
    stop_what_is_cancelled(world)
    cancel(world)
    cycle(world)
    cycle(world)
    # when the run is taken up again
    world.begin("lighthouse-0123456789abcdef-2")
    buy_asset(request_of("three", PORTRAIT, "lighthouse-0123456789abcdef-2"), world.shop())
    world.provider.outcomes[world.provider.invoice[-1].request_id] = DELIVERED
    cycle(world)
    # then it is bought
    assert world.tokens.answers["three"] == {"address": PORTRAIT}


def test_who_begins_to_wait_while_fal_is_being_asked_gets_it_all_the_same(world: World) -> None:
    # given a job that is being cancelled since nobody waits for it, and another run that asks for it just then
    ask(world)
    cancel(world)
    begin_other(world)

    def stop(request_id: str) -> None:
        world.provider.outcomes[request_id] = STOPPED
        ask_in_other(world)

    world.provider.on_cancel = stop
    cycle(world)
    # when fal says that it is over
    cycle(world)
    # then that run is not told that it failed, but asks for it itself
    assert "two" not in world.tokens.answers
    answer_requests(world)
    assert world.provider.posts == 2
    world.provider.outcomes[world.provider.invoice[-1].request_id] = DELIVERED
    cycle(world)
    assert world.tokens.answers["two"] == {"address": PORTRAIT}


def test_who_goes_on_gets_it_though_one_that_was_cancelled_as_well_began_to_wait_first(world: World) -> None:
    # given a job that is being cancelled, for which two others begin to wait, the first of which is cancelled too
    ask(world)
    cancel(world)
    for episode_id in (OTHER_EPISODE, "mill"):
        begin_other(world, episode_id)

    def stop(request_id: str) -> None:
        world.provider.outcomes[request_id] = STOPPED
        for token, episode_id in (("two", OTHER_EPISODE), ("three", "mill")):
            buy_asset(request_of(token, PORTRAIT, f"{episode_id}-1", episode_id), world.shop())
        cancel(world, OTHER_EPISODE)

    world.provider.on_cancel = stop
    cycle(world)
    # when fal says that it is over
    cycle(world)
    answer_requests(world)
    # then without another look of reconcile, the second has asked for it
    assert world.provider.posts == 2
    assert [waiter.token for waiter in world.ledger.waiters(PORTRAIT)] == ["three"]


@given(
    turns=st.lists(st.integers(0, 3), min_size=1, max_size=60),
    deaths=st.sets(st.integers(0, 70), max_size=3),
    heeds=st.booleans(),
    finishes=st.booleans(),
    another_cancels=st.booleans(),
)
@example(turns=[0] * 40 + [1], deaths=set(), heeds=True, finishes=False, another_cancels=False)
def test_whatever_happens_at_once_nothing_is_bought_twice_lost_or_waited_for_in_vain(
    turns: list[int], deaths: set[int], heeds: bool, finishes: bool, another_cancels: bool
) -> None:
    # given a portrait that fal has for a run
    world = World(PLAN)
    world.begin()
    ask(world)
    begin_other(world)
    if heeds:
        stop_what_is_cancelled(world)
    stage, step = Stage(), [0]
    world.fuse = stage  # type: ignore[assignment]  # has a turn before each call, in the place of blowing at one

    def dies(_: int) -> bool:
        step[0] += 1
        return step[0] in deaths

    # when the run is cancelled, another asks for the portrait, and perhaps is cancelled too, reconcile looks and fal
    # finishes it or does not, all at once, and some of them die
    def look_twice() -> None:
        reconcile(world.reconciling())
        collect(world)
        reconcile(world.reconciling())

    callers: list[Callable[[], object]] = [lambda: cancel(world), lambda: ask_in_other(world), look_twice]
    if another_cancels:
        callers.append(lambda: cancel(world, OTHER_EPISODE))
    if finishes:
        callers.append(lambda: stage.call(finish, world))
    raised = stage.run(callers, turns, dies)
    assert not [error for error in raised if error and not isinstance(error, Crash | TryAgainLater)]
    # then, once messages have come again and reconcile has looked a few times,
    world.fuse = Fuse()
    cancel(world)
    if another_cancels:
        cancel(world, OTHER_EPISODE)
    if raised[1]:
        again = request_of("two", PORTRAIT, OTHER_RUN, OTHER_EPISODE)
        world.requests.send(again.kind, again.model_dump_json())
    for _ in range(MOST_CYCLES):
        answer_requests(world)
        cycle(world)
        world.clock.forward(300)
        finish(world)
    # who goes on has the portrait
    if not another_cancels:
        assert world.tokens.answers["two"] == {"address": PORTRAIT}
    # fal made it once at most, and what it made is kept
    made = [job for job in world.provider.invoice if world.provider.outcomes[job.request_id] is DELIVERED]
    assert len(made) == (world.job(PORTRAIT).state is JobState.STORED)
    # and nothing waits, is open or is looked after
    assert world.ledger.waiters(PORTRAIT) == []
    assert not world.job(PORTRAIT).is_open
    assert world.ledger.watched() == []
