"""A provider that is away for longer than anything is waited for: nothing hangs, and what a person decides is done."""

import pytest

from shared.keys import AssetKind
from shared.ledger.outages import STRIKES
from shared.ledger.records import RunState
from shared.ledger.rules import AFTER_FAILURE
from shared.ledger.states import JobState
from shared.providers.media import FileLifetimes
from shared.providers.names import ProviderName
from shared.providers.outcomes import Finished, Gone, InProgress, JobOutcome, ProviderUnreachable, Queued, Refused
from shared.workflow.buy_asset import Answer, buy_asset
from shared.workflow.collect_asset import InboxMessage, collect_asset
from shared.workflow.reconcile import Reconciled, reconcile
from tests.builders import RUN, addresses_of, image_delivered
from tests.fakes.provider import Lost, MemoryProvider
from tests.unit.workflow.test_standing_in import DOWN, PLAN
from tests.world import PATIENCE, World, request_of

FAL, REPLICATE, HEDRA = ProviderName.FAL, ProviderName.REPLICATE, ProviderName.HEDRA
PORTRAIT = min(addresses_of(PLAN, AssetKind.PORTRAIT))
DEADLINE = PATIENCE.start + PATIENCE.picture_run + PATIENCE.callback
LIFETIMES = FileLifetimes(upload=3600, upload_margin=600, result=18_000, results_are_inputs=False)


@pytest.fixture
def world() -> World:
    world = World(PLAN)
    world.stand_ins = {
        name: MemoryProvider(name=name, lifetimes=LIFETIMES, clock=world.clock) for name in (REPLICATE, HEDRA)
    }
    world.begin()
    return world


def cycle(world: World) -> Reconciled:
    """Reconcile, and collect what it put into the inbox."""
    seen = reconcile(world.reconciling())
    bodies, world.inbox.sent = world.inbox.bodies, []
    for body in bodies:
        collect_asset(InboxMessage.model_validate_json(body), world.collecting())
    return seen


def let_a_person_decide(world: World) -> str:
    """Start the episode's next run, which buys once more what is held; return its name."""
    [run] = [run for run in world.ledger.open_runs() if run.name == RUN]
    assert world.ledger.update_run(run, RunState.FAILED)
    again = world.ledger.claim_run(
        run.episode_id,
        run.digest,
        world.clock(),
        name=lambda number: f"again-{number}",
        again=AFTER_FAILURE,
        rebuy=True,
    )
    return again.name


def test_a_job_is_held_whose_provider_cannot_be_asked_until_its_time_is_over(world: World) -> None:
    # given a job that fal has accepted, and a fal that went away
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.provider.invoice
    world.provider.outcomes = {job.request_id: ProviderUnreachable("down")}
    # then it is waited for
    world.clock.forward(DEADLINE)
    assert cycle(world).watched == {"provider unreachable": 1}
    assert (world.job(PORTRAIT).state, world.tokens.answers) == (JobState.SUBMITTED, {})
    # and not for ever
    world.clock.forward(1)
    assert cycle(world).watched == {"held": 1}
    assert world.tokens.error("one") == "AssetHeld"


def test_a_held_job_is_bought_once_more_at_another_provider(world: World) -> None:
    # given a job of which nobody can tell whether fal has it, and a person who decides
    world.provider.answers = [Lost()]
    world.platform.lists = False
    buy_asset(request_of("one", PORTRAIT), world.shop())
    world.clock.forward(DEADLINE + 1)
    cycle(world)
    assert world.job(PORTRAIT).state is JobState.HELD
    run = let_a_person_decide(world)
    # when the next run asks for it
    assert buy_asset(request_of("two", PORTRAIT, run=run), world.shop()) is Answer.SUBMITTED
    # then fal is not asked a second time, since it may still be as it was
    assert world.job(PORTRAIT).provider is REPLICATE
    assert (world.provider.posts, world.job(PORTRAIT).possible_duplicates) == (1, 1)


def test_answers_that_are_lost_in_a_row_are_an_outage_too(world: World) -> None:
    # given a fal of whose answers nothing can be read, the last but one before that is an outage
    first, second = sorted(addresses_of(PLAN, AssetKind.PORTRAIT))
    place = PLAN.assets[first].first.place
    for _ in range(STRIKES - 2):
        world.ledger.note_outage(str(place), "lost", world.clock())
    world.provider.answers = [Lost(), Lost()]
    # when two more are lost
    background = min(addresses_of(PLAN, AssetKind.BACKGROUND))
    assert PLAN.assets[background].first.place == place
    assert buy_asset(request_of("one", first), world.shop()) is Answer.UNCONFIRMED
    assert buy_asset(request_of("two", background), world.shop()) is Answer.UNCONFIRMED
    # then fal is left alone for a while, and no further job comes into doubt
    assert buy_asset(request_of("three", second), world.shop()) is Answer.SUBMITTED
    assert world.job(second).provider is REPLICATE
    # and those that are in doubt are nobody else's
    assert {world.job(address).state for address in (first, background)} == {JobState.UNCONFIRMED}


def lose_touch(world: World, who: ProviderName) -> MemoryProvider:
    """Let a provider accept a portrait, and be away until the job is held; return it."""
    providers = {FAL: world.provider, **world.stand_ins}
    for name in ProviderName:
        if name is who:
            break
        providers[name].answers = [Refused(DOWN)]
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = providers[who].invoice
    providers[who].outcomes = {job.request_id: ProviderUnreachable("down")}
    world.clock.forward(DEADLINE + 1)
    assert cycle(world).watched == {"held": 1}
    return providers[who]


@pytest.mark.parametrize("who", ProviderName)
@pytest.mark.parametrize("lists", [False, True])
def test_what_a_provider_made_while_it_was_away_is_kept(world: World, who: ProviderName, *, lists: bool) -> None:
    # given a job that was held while its provider was away
    world.platform.lists = lists
    provider = lose_touch(world, who)
    # when it is back, and has made it
    provider.outcomes = {provider.invoice[0].request_id: Finished(image_delivered()["payload"])}
    cycle(world)
    # then it is stored
    assert world.job(PORTRAIT).state is JobState.STORED


@pytest.mark.parametrize("standing", [Queued(), InProgress()])
def test_a_job_goes_on_that_a_provider_still_has_when_it_is_back(world: World, standing: JobOutcome) -> None:
    # given a job that was held while its provider was away
    provider = lose_touch(world, HEDRA)
    # when it is back, and has the job
    provider.outcomes = {provider.invoice[0].request_id: standing}
    assert cycle(world).watched == {"found again": 1}
    # then the job is not lost any more: nobody buys it once more
    run = let_a_person_decide(world)
    assert buy_asset(request_of("two", PORTRAIT, run=run), world.shop()) is Answer.WAITING
    assert world.job(PORTRAIT).state is JobState.SUBMITTED


@pytest.mark.parametrize("outcome", [Gone(), ProviderUnreachable("down")])
def test_a_held_job_stays_so_while_its_provider_does_not_say_otherwise(
    world: World, outcome: JobOutcome | Exception
) -> None:
    provider = lose_touch(world, HEDRA)
    provider.outcomes = {provider.invoice[0].request_id: outcome}
    world.ledger.add_waiter(request_of("two", PORTRAIT).waiter(world.clock()))
    # then whoever waits learns it, in every cycle
    assert cycle(world).watched == {"held": 1}
    assert world.tokens.error("two") == "AssetHeld"


def test_a_held_job_that_was_told_to_stop_is_not_waited_for_again(world: World) -> None:
    # given a job that took too long, and that its provider goes on with, whatever it is told
    buy_asset(request_of("one", PORTRAIT), world.shop())
    world.provider.outcomes = {world.provider.invoice[0].request_id: InProgress()}
    world.platform.lists = False
    cycle(world)
    for pause in (PATIENCE.picture_run, PATIENCE.callback):
        world.clock.forward(pause + 1)
        cycle(world)
    assert world.job(PORTRAIT).state is JobState.HELD
    # then a person may still have it bought
    cycle(world)
    run = let_a_person_decide(world)
    assert buy_asset(request_of("two", PORTRAIT, run=run), world.shop()) is Answer.SUBMITTED
