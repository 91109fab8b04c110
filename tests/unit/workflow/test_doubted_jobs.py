"""Jobs in doubt: found in their provider's list of requests, held when nobody can tell, found again after all."""

import pytest

from shared.keys import AssetKind
from shared.ledger.states import ACCEPT, JobState
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import Answer, buy_asset
from shared.workflow.open_jobs import settle_doubt
from tests.builders import TWO_SCENES, plan_of
from tests.fakes.provider import Invoiced, Lost
from tests.unit.workflow.looking_after import DEADLINE, DELIVERED, buy, cycle, lose
from tests.unit.workflow.two_scenes import OTHER_PORTRAIT, PLAN, PORTRAIT
from tests.world import World


def test_a_job_whose_answer_and_callback_were_lost_is_found_in_the_list(world: World) -> None:
    # given a job that fal has and has finished, and of which we have heard nothing
    request_id = lose(world)
    world.provider.outcomes = {request_id: DELIVERED}
    # when reconcile looks
    assert cycle(world).watched == {"found, finished": 1}
    # then it is ours, bought once
    assert (world.job(PORTRAIT).state, world.job(PORTRAIT).request_id) == (JobState.STORED, request_id)
    assert world.tokens.answers == {"one": {"address": PORTRAIT}}
    assert world.provider.posts == 1


def world_with_another_take() -> tuple[World, str]:
    """Return a world whose run wants the portrait twice, in two takes, and the address of the second."""
    plan = plan_of({**TWO_SCENES, "characters": [{**character, "take": 2} for character in TWO_SCENES["characters"]]})
    second = next(
        address
        for address, asset in plan.assets.items()
        if asset.first.arguments == PLAN.assets[PORTRAIT].first.arguments and asset.kind is AssetKind.PORTRAIT
    )
    world = World(plan.model_copy(update={"assets": plan.assets | PLAN.assets}))
    world.begin()
    return world, second


def test_a_request_in_the_list_belongs_to_one_job() -> None:
    """A new take sends the very same request: what is known to be another job's is not taken for the lost one."""
    # given two takes of one portrait: the first is at fal, the second was lost before it came there
    world, second = world_with_another_take()
    buy(world)
    world.provider.answers = [Lost()]
    buy(world, second, "two")
    world.provider.invoice.pop()
    # when reconcile looks into the list, which shows the first
    seen = cycle(world)
    # then the second stays in doubt
    assert seen.watched == {"queued": 1, "unconfirmed": 1}
    assert world.job(second).state is JobState.UNCONFIRMED


def test_two_lost_jobs_of_the_very_same_request_are_left_to_their_callbacks() -> None:
    # given two takes of one portrait, of which both were lost, and only one came to fal
    world, second = world_with_another_take()
    lose(world)
    world.provider.answers = [Lost()]
    buy(world, second, "two")
    world.provider.invoice.pop()
    # when reconcile looks into the list, which shows one request, then nobody can tell whose it is
    assert cycle(world).watched == {"unconfirmed": 2}


def test_lost_jobs_of_different_requests_are_told_apart_in_the_list(world: World) -> None:
    # given two portraits of which fal has both, and whose answers were lost
    for address in (PORTRAIT, OTHER_PORTRAIT):
        lose(world, address)
    # when reconcile looks into the list, then each is found as its own
    assert cycle(world).watched == {"found, queued": 2}
    for job in world.provider.invoice:
        assert world.job(job.name.address).request_id == job.request_id


@pytest.mark.parametrize(("same", "later"), [(False, 0), (True, 241)], ids=["another input", "much later"])
def test_what_somebody_else_has_asked_for_is_not_taken_for_a_lost_job(world: World, same: bool, later: float) -> None:
    # given a job that was lost before it came to fal, and a request of our account that a person has sent
    lose(world)
    lost = world.provider.invoice.pop()
    arguments = lost.arguments if same else {**lost.arguments, "prompt": "a lighthouse at dawn"}
    world.provider.invoice.append(Invoiced("by-hand", lost.endpoint, arguments, "", lost.sent_at + later))
    world.clock.forward(later)
    # when reconcile looks into the list, then the job stays in doubt
    assert cycle(world).watched == {"unconfirmed": 1}
    assert world.job(PORTRAIT).request_id is None


@pytest.mark.parametrize("listing", ["not yet", "only what has ended", "without inputs", "unreachable"])
def test_what_the_list_does_not_show_proves_nothing(world: World, listing: str) -> None:
    # given a lost job, and a list that does not show it
    lose(world)
    world.platform.lists = listing != "not yet"
    world.platform.lists_unfinished = listing != "only what has ended"
    world.platform.keeps_inputs = listing != "without inputs"
    world.platform.unreachable = listing == "unreachable"
    # when reconcile looks, until shortly before nobody will hear of it any more
    for _ in range(10):
        assert cycle(world).watched == {"unconfirmed": 1}
        world.clock.forward(DEADLINE / 10 - 1)
    # then it is still in doubt, and after that it is held: everybody is told, and it is counted
    assert world.job(PORTRAIT).state is JobState.UNCONFIRMED
    world.clock.forward(60)
    assert cycle(world).watched == {"held": 1}
    assert world.tokens.error("one") == "AssetHeld"
    assert cycle(world).held == 1
    # and fal was asked for it once
    assert world.provider.posts == 1


def test_a_held_job_that_turns_up_after_all_is_kept(world: World) -> None:
    # given a job that is held
    request_id = lose(world)
    world.platform.lists = False
    world.clock.forward(DEADLINE + 1)
    cycle(world)
    assert world.job(PORTRAIT).state is JobState.HELD
    # when the list shows it days later
    world.platform.lists = True
    world.provider.outcomes = {request_id: DELIVERED}
    cycle(world)
    # then it is stored
    assert world.job(PORTRAIT).state is JobState.STORED


def test_a_held_job_is_bought_once_more_where_the_stack_is_set_so(world: World) -> None:
    # given a job in doubt, and a stack that rebuys
    lose(world)
    world.platform.lists = False
    world.rebuy = True
    world.clock.forward(DEADLINE + 1)
    # when its time is over
    assert cycle(world).watched == {"bought once more": 1}
    [(_, body, _)] = world.requests.sent
    assert buy_asset(AssetRequest.model_validate_json(body), world.shop()) is Answer.SUBMITTED
    # then nobody was failed, and the ledger remembers
    assert world.tokens.answers == {}
    assert world.job(PORTRAIT).possible_duplicates == 1


def test_a_job_that_is_confirmed_at_the_last_moment_is_not_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a job in doubt as a cycle has seen it, its time over, whose callback comes before the cycle comes to it
    lose(world)
    world.platform.lists = False
    world.clock.forward(DEADLINE + 1)
    seen = world.ledger.jobs([PORTRAIT])
    assert world.ledger.step(seen[PORTRAIT], ACCEPT, world.clock(), {"request_id": "request-1"})
    monkeypatch.setattr(world.ledger, "jobs", lambda _: seen)
    # then nobody is told that it is lost
    assert cycle(world).watched == {"changed meanwhile": 1}
    assert world.job(PORTRAIT).state is JobState.SUBMITTED
    assert world.tokens.answers == {}


def test_a_held_job_that_nobody_waits_for_is_not_said_to_be_bought_once_more(world: World) -> None:
    # given a job in doubt for which nobody waits any more, and a stack that rebuys
    lose(world)
    for waiter in world.ledger.waiters(PORTRAIT):
        world.ledger.remove_waiter(waiter)
    world.platform.lists = False
    world.rebuy = True
    world.clock.forward(DEADLINE + 1)
    # then it is held
    assert cycle(world).watched == {"held": 1}
    assert world.requests.sent == []


def test_a_job_of_which_it_is_not_known_what_was_sent_is_taken_for_none_in_the_list(world: World) -> None:
    # given a lost job without its request, which nothing would tell from any other
    lose(world)
    lost = world.job(PORTRAIT).model_copy(update={"sent_input": None})
    # when it is looked for, then nothing is found for it, and nothing is sent
    assert settle_doubt(lost, [lost], world.clock(), world.reconciling().jobs) == "unconfirmed"
    assert (world.job(PORTRAIT).request_id, world.provider.posts) == (None, 1)
