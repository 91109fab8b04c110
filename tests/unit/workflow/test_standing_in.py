"""When a provider is unavailable: who is asked instead, when, and that nothing is bought at two of them."""

import json
from dataclasses import replace

import pytest

from shared.keys import AssetKind
from shared.ledger.outages import ACCOUNT_CLOSED, OUTAGE_CLOSED, STRIKES, account_of
from shared.ledger.states import WITHDRAW, JobState
from shared.providers.errors import Scope, SortedError
from shared.providers.media import FileLifetimes
from shared.providers.names import Place, ProviderName
from shared.providers.outcomes import Accepted, InProgress, ProviderUnreachable, Queued, Refused
from shared.workflow.buy_asset import Answer, TryAgainLater, buy_asset
from shared.workflow.collect_asset import Collected, InboxMessage, collect_asset
from shared.workflow.reconcile import reconcile
from tests.builders import EPISODE, EVERYBODY, TWO_SCENES, addresses_of, job_failed, plan_of
from tests.fakes.provider import Lost, MemoryProvider
from tests.world import PATIENCE, World, answer_to, request_of

FAL, REPLICATE, HEDRA = ProviderName.FAL, ProviderName.REPLICATE, ProviderName.HEDRA
DOWN = SortedError("connection_failed", "no connection", Scope.ENDPOINT, retry=True, may_be_charged=False)
NO_BALANCE = SortedError("http_402", "no balance", Scope.ACCOUNT, retry=False, may_be_charged=False)
TOO_SOON = SortedError("http_429", "slow down", Scope.RATE, retry=True, may_be_charged=False)
BROKE = SortedError("internal_error", "the runner broke", Scope.ENDPOINT, retry=True, may_be_charged=False)
SHORT_LIVED = FileLifetimes(upload=3600, upload_margin=600, result=18_000, results_are_inputs=False)


PLAN = plan_of({**TWO_SCENES, "providers": "resilient", "engines": ["kling", "still"]}, router=EVERYBODY)
PORTRAIT = min(addresses_of(PLAN, AssetKind.PORTRAIT))
COMPOSITE = min(addresses_of(PLAN, AssetKind.COMPOSITE))
KLING = min(addresses_of(PLAN, AssetKind.CLIP))


@pytest.fixture
def world() -> World:
    world = World(PLAN)
    world.stand_ins = {
        REPLICATE: MemoryProvider(name=REPLICATE, lifetimes=SHORT_LIVED, clock=world.clock),
        HEDRA: MemoryProvider(name=HEDRA, lifetimes=SHORT_LIVED, replays_safely=True, clock=world.clock),
    }
    world.begin()
    return world


def where(world: World, address: str) -> Place:
    return world.job(address).place


def everything_asked_for(world: World) -> dict[ProviderName, int]:
    return {name: len(provider.invoice) for name, provider in {FAL: world.provider, **world.stand_ins}.items()}


def test_fal_is_asked_while_nothing_is_wrong_with_it(world: World) -> None:
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    assert everything_asked_for(world) == {FAL: 1, REPLICATE: 0, HEDRA: 0}


@pytest.mark.parametrize("refusal", [DOWN, NO_BALANCE])
def test_the_next_one_is_asked_where_fal_certainly_does_not_have_it(world: World, refusal: SortedError) -> None:
    # given a fal that is down, or refuses the account
    world.provider.answers = [Refused(refusal)]
    # when a portrait is asked for
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    # then Replicate has it, at Replicate's price, and the run is not paused
    assert everything_asked_for(world) == {FAL: 0, REPLICATE: 1, HEDRA: 0}
    job, offer = world.job(PORTRAIT), PLAN.assets[PORTRAIT].offers[1]
    assert (job.place, job.usage) == (offer.place, PLAN.assets[PORTRAIT].usage_by(offer))
    assert job.earlier_places == {"1": PLAN.assets[PORTRAIT].first.place}
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.paused is None
    # and it calls back on a path of its own
    assert world.stand_ins[REPLICATE].invoice[0].callback_url.startswith("https://hooks.example.test/replicate?")


def test_each_is_asked_in_turn_and_the_last_one_again_later(world: World) -> None:
    world.provider.answers = [Refused(DOWN)]
    world.stand_ins[REPLICATE].answers = [Refused(DOWN)]
    world.stand_ins[HEDRA].answers = [Refused(DOWN)]
    with pytest.raises(TryAgainLater, match="no connection"):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    assert world.job(PORTRAIT).state is JobState.FREE
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    assert where(world, PORTRAIT).provider is FAL


def test_who_is_only_busy_is_asked_again_later(world: World) -> None:
    world.provider.answers = [Refused(TOO_SOON)]
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    assert everything_asked_for(world) == {FAL: 0, REPLICATE: 0, HEDRA: 0}


def test_a_provider_is_skipped_for_a_while(world: World) -> None:
    # given an endpoint of fal's that failed often enough in a row
    place = PLAN.assets[PORTRAIT].first.place
    world.ledger.note_outage(str(place), "down", world.clock(), until=world.clock() + OUTAGE_CLOSED)
    # then it is not tried at all
    buy_asset(request_of("one", PORTRAIT), world.shop())
    assert (world.provider.posts, where(world, PORTRAIT).provider) == (0, REPLICATE)
    # but its other endpoints are, and itself after a while
    buy_asset(request_of("two", COMPOSITE), world.shop())
    assert where(world, COMPOSITE).provider is FAL
    world.clock.forward(OUTAGE_CLOSED)
    [_, other] = sorted(addresses_of(PLAN, AssetKind.PORTRAIT))
    buy_asset(request_of("three", other), world.shop())
    assert where(world, other).provider is FAL


def test_the_run_is_paused_only_where_every_account_is_refused(world: World) -> None:
    until = world.clock() + ACCOUNT_CLOSED
    for name in ProviderName:
        world.ledger.note_outage(account_of(name), f"{name} refuses", world.clock(), until=until)
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.PUT_OFF
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.paused == "fal refuses"
    # and it is not asked for while that is so
    assert reconcile(world.reconciling()).watched == {"paused": 1}
    world.ledger.end_outage(account_of(HEDRA))
    assert reconcile(world.reconciling()).watched == {"asked again": 1}


def test_no_run_is_paused_for_an_account_while_another_provider_is_only_out_of_order(world: World) -> None:
    # given a fal that refuses the account, and stand-ins whose endpoints are left alone for a while
    until = world.clock() + OUTAGE_CLOSED
    world.ledger.note_outage(account_of(FAL), "fal refuses", world.clock(), until=until)
    for offer in PLAN.assets[PORTRAIT].offers[1:]:
        world.ledger.note_outage(str(offer.place), "down", world.clock(), until=until)
    # when a portrait is asked for
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.PUT_OFF
    # then it waits, and nobody is told to act: it goes on by itself
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.paused is None


def test_a_doubt_at_one_provider_is_settled_before_another_is_paid(world: World) -> None:
    # given a submit to fal whose answer was lost
    world.provider.answers = [Lost()]
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.UNCONFIRMED
    # when everybody asks for it, and fal is closed for its failures
    place = PLAN.assets[PORTRAIT].first.place
    world.ledger.note_outage(str(place), "down", world.clock(), until=world.clock() + OUTAGE_CLOSED)
    for token in ("two", "three"):
        assert buy_asset(request_of(token, PORTRAIT), world.shop()) is Answer.WAITING
    reconcile(world.reconciling())
    # then nobody else has been asked
    assert everything_asked_for(world) == {FAL: 1, REPLICATE: 0, HEDRA: 0}
    # and fal's callback settles it for all
    assert collect_asset(answer_to(world.provider.invoice[0]), world.collecting()) is Collected.STORED
    assert set(world.tokens.answers) == {"one", "two", "three"}


def test_a_doubt_at_who_knows_our_keys_is_settled_by_asking_once_more(world: World) -> None:
    # given a submit to Hedra whose answer was lost
    world.provider.answers, world.stand_ins[REPLICATE].answers = [Refused(DOWN)], [Refused(DOWN)]
    world.stand_ins[HEDRA].answers = [Lost()]
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.UNCONFIRMED
    # when reconcile sends the same under the same key
    assert reconcile(world.reconciling()).watched == {"found, queued": 1}
    # then it is the same job
    assert world.job(PORTRAIT).request_id == world.stand_ins[HEDRA].invoice[0].request_id
    assert (world.stand_ins[HEDRA].posts, len(world.stand_ins[HEDRA].invoice)) == (2, 1)


def test_a_key_is_not_trusted_for_ever(world: World) -> None:
    world.provider.answers, world.stand_ins[REPLICATE].answers = [Refused(DOWN)], [Refused(DOWN)]
    world.stand_ins[HEDRA].answers = [Lost()]
    buy_asset(request_of("one", PORTRAIT), world.shop())
    world.clock.forward(901)
    assert reconcile(world.reconciling()).watched == {"unconfirmed": 1}
    assert world.stand_ins[HEDRA].posts == 1


def test_a_file_that_fal_cannot_take_goes_to_the_next(world: World) -> None:
    world.provider.upload_fails = ProviderUnreachable("storage")
    assert buy_asset(request_of("one", COMPOSITE), world.shop()) is Answer.SUBMITTED
    # then Replicate got the files, and the ledger knows where each provider has them
    assert where(world, COMPOSITE).provider is REPLICATE
    assert len(world.stand_ins[REPLICATE].uploads) == 2
    file = PLAN.assets[COMPOSITE].offers[1].inputs[0].file
    assert world.ledger.handover(file.address, REPLICATE)
    assert world.ledger.handover(file.address, FAL) is None
    # and it counts as a failure of fal's: files that cannot be handed over are an outage as any other
    place = str(PLAN.assets[COMPOSITE].first.place)
    assert world.ledger.outages([place])[place].strikes == 1


def test_what_an_endpoint_gives_up_is_tried_at_the_next_provider(world: World) -> None:
    # given a portrait that fal accepted and then failed with a fault of its own
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.provider.invoice
    body = json.dumps({"request_id": job.request_id, "status": "ERROR", "payload": {"error_type": BROKE.name}})
    message = InboxMessage(provider=FAL, query=job.name.query, body=body)
    assert collect_asset(message, world.collecting()) is Collected.ASKED_AGAIN
    # when it is asked for again
    buy_asset(request_of("one", PORTRAIT), world.shop())
    # then by Replicate, and fal's outage is not yet one
    assert where(world, PORTRAIT).provider is REPLICATE
    assert STRIKES > 1
    # and a late result of fal's attempt is fal's, fetched from fal's hosts, and kept
    late = answer_to(job)
    assert collect_asset(late.model_copy(update={"provider": REPLICATE}), world.collecting()) is Collected.FOREIGN
    desk = world.collecting()
    assert collect_asset(late, replace(desk, downloaders={FAL: desk.downloaders[FAL]})) is Collected.STORED


def test_the_next_run_begins_with_the_first_provider_again(world: World) -> None:
    # given a portrait that fal has given up in this run
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.provider.invoice
    body = json.dumps({"request_id": job.request_id, "status": "ERROR", "payload": {"error_type": BROKE.name}})
    collect_asset(InboxMessage(provider=FAL, query=job.name.query, body=body), world.collecting())
    # when a later run asks for it, then whoever the script names first is asked first
    world.begin("later", "other")
    buy_asset(request_of("two", PORTRAIT, run="later"), world.shop())
    assert where(world, PORTRAIT).provider is FAL


def test_a_job_that_took_too_long_goes_to_the_next_provider_once_it_is_stopped(world: World) -> None:
    # given a clip that fal works on for longer than it may
    buy_asset(request_of("one", KLING, kind=AssetKind.CLIP), world.shop())
    [job] = world.provider.invoice
    world.provider.outcomes[job.request_id] = InProgress()
    reconcile(world.reconciling())
    world.clock.forward(PATIENCE.clip_run + 1)
    assert reconcile(world.reconciling()).watched == {"cancelled": 1}
    # then nobody else is asked before fal says that it has ended
    assert buy_asset(request_of("two", KLING, kind=AssetKind.CLIP), world.shop()) is Answer.WAITING
    assert everything_asked_for(world) == {FAL: 1, REPLICATE: 0, HEDRA: 0}
    # and then Replicate is, while the bill keeps what fal may charge
    body = json.dumps({"request_id": job.request_id, "status": "ERROR", "payload": {"error_type": "client_cancelled"}})
    message = InboxMessage(provider=FAL, query=job.name.query, body=body)
    assert collect_asset(message, world.collecting()) is Collected.ASKED_AGAIN
    buy_asset(request_of("one", KLING, kind=AssetKind.CLIP), world.shop())
    assert (where(world, KLING).provider, world.job(KLING).charged_attempts) == (REPLICATE, 1)


def test_a_job_that_nobody_wants_goes_to_no_other_provider(world: World) -> None:
    # given a portrait that fal was asked to end, since its run was cancelled
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.provider.invoice
    assert world.ledger.step(world.job(PORTRAIT), WITHDRAW, world.clock(), {"withdrawn_at": world.clock()})
    # when fal has ended it
    body = json.dumps({"request_id": job.request_id, "status": "ERROR", "payload": {"error_type": "client_cancelled"}})
    message = InboxMessage(provider=FAL, query=job.name.query, body=body)
    # then it is over
    assert collect_asset(message, world.collecting()) is Collected.FAILED
    assert world.job(PORTRAIT).was_withdrawn


def test_what_each_provider_has_given_up_has_failed(world: World) -> None:
    # given providers that end each job without a reason
    for _ in ProviderName:
        buy_asset(request_of("one", PORTRAIT), world.shop())
        name = where(world, PORTRAIT).provider
        job = ([world.provider, *world.stand_ins.values()][list(ProviderName).index(name)]).invoice[-1]
        body = json.dumps(
            {"request_id": job.request_id, "status": "ERROR", "payload": {"error_type": "client_cancelled"}}
        )
        message = InboxMessage(provider=name, query=job.name.query, body=body)
        collected = collect_asset(message, world.collecting())
    # then each was asked once, and it is over
    assert everything_asked_for(world) == {FAL: 1, REPLICATE: 1, HEDRA: 1}
    assert (collected, world.job(PORTRAIT).state) == (Collected.FAILED, JobState.FAILED)


def test_what_was_refused_for_its_content_is_refused(world: World) -> None:
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.provider.invoice
    body = json.dumps(job_failed("content_policy_violation", job.request_id))
    message = InboxMessage(provider=FAL, query=job.name.query, body=body)
    assert collect_asset(message, world.collecting()) is Collected.FAILED
    assert everything_asked_for(world) == {FAL: 1, REPLICATE: 0, HEDRA: 0}


def test_a_callback_counts_only_from_the_provider_that_was_asked(world: World) -> None:
    buy_asset(request_of("one", PORTRAIT), world.shop())
    message = answer_to(world.provider.invoice[0])
    for name in (REPLICATE, HEDRA):
        assert collect_asset(message.model_copy(update={"provider": name}), world.collecting()) is Collected.FOREIGN
    assert world.job(PORTRAIT).state is JobState.SUBMITTED


def test_a_result_is_an_input_only_where_its_provider_says_so(world: World) -> None:
    world.provider.answers = [Refused(DOWN)]
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.stand_ins[REPLICATE].invoice
    payload: dict[str, object] = {"images": [{"url": "https://replicate.delivery/a.png"}]}
    message = answer_to(job, payload).model_copy(update={"provider": REPLICATE})
    assert collect_asset(message, world.collecting()) is Collected.STORED
    assert world.ledger.handover(PORTRAIT, REPLICATE) is None


def test_reconcile_looks_each_job_up_at_its_own_provider(world: World) -> None:
    world.provider.answers = [Refused(DOWN)]
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.stand_ins[REPLICATE].invoice
    world.stand_ins[REPLICATE].outcomes[job.request_id] = Queued()
    world.provider.outcomes[job.request_id] = ProviderUnreachable("never asked")
    assert reconcile(world.reconciling()).watched == {"queued": 1}


def test_whoever_was_refused_last_time_is_not_forgotten_by_who_accepts(world: World) -> None:
    # given fal's account refused and Replicate accepting
    world.provider.answers = [Refused(replace(NO_BALANCE))]
    world.stand_ins[REPLICATE].answers = [Accepted("r")]
    buy_asset(request_of("one", PORTRAIT), world.shop())
    # then fal's refusal is still on record, for the alarm
    assert set(world.ledger.outages([account_of(FAL), account_of(REPLICATE)])) == {account_of(FAL)}
    assert reconcile(world.reconciling()).account_refused
