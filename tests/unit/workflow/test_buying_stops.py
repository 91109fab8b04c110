"""When nothing is bought: the account, an endpoint's outage, a cap, a job that is held."""

import pytest

from shared.ledger.budgets import Budget, BudgetKind, Limits, Usage
from shared.ledger.outages import ABSENT_CLOSED, ACCOUNT_CLOSED, OUTAGE_CLOSED, STRIKES
from shared.ledger.records import Failure
from shared.ledger.states import FAIL, HOLD, JobState
from shared.providers.errors import Scope, SortedError
from shared.providers.outcomes import Refused, Unconfirmed
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import CLAIM_LEASE, Answer, TryAgainLater, buy_asset
from shared.workflow.reconcile import reconcile
from shared.workflow.status import EpisodeState
from tests.builders import EPISODE, RUN
from tests.unit.workflow.two_scenes import COMPOSITE, PLAN, PORTRAIT, refused
from tests.world import World, request_of

LOCKED = "User is locked. Reason: Exhausted balance."


def locked() -> Refused:
    return Refused(SortedError("http_403", LOCKED, Scope.ACCOUNT, retry=False, may_be_charged=False))


def test_an_account_that_is_refused_pauses_the_run_and_fails_nothing(world: World) -> None:
    # given an account without a balance
    world.provider.answers = [locked()]
    # when an asset is asked for
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.PUT_OFF
    # then the asset is free, its money is given back, the token waits, and people are told what to do, once
    assert world.job(PORTRAIT).state is JobState.FREE
    assert world.ledger.spent(Budget(BudgetKind.EPISODE, EPISODE)) == Usage()
    assert world.tokens.answers == {}
    assert (world.status().state, LOCKED in world.status().message) == (EpisodeState.PAUSED, True)
    assert [name for name, _ in world.events.published] == ["Episode Paused"]
    # and another asset is not even tried
    assert buy_asset(request_of("two", COMPOSITE), world.shop()) is Answer.PUT_OFF
    assert world.provider.posts == 1
    assert world.ledger.job(COMPOSITE) is None
    assert len(world.events.published) == 1


def test_a_paused_run_goes_on_when_the_account_is_mended(world: World) -> None:
    # given a paused run, for two assets of which somebody waits
    world.provider.answers = [locked()]
    for token, address in (("one", PORTRAIT), ("two", COMPOSITE)):
        buy_asset(request_of(token, address), world.shop())
    # when reconcile looks while the account is left alone, and afterwards
    reconcile(world.reconciling())
    assert world.requests.sent == []
    world.clock.forward(ACCOUNT_CLOSED)
    reconcile(world.reconciling())
    # then both are asked for again, and bought
    requests = [AssetRequest.model_validate_json(body) for _, body, _ in world.requests.sent]
    assert {request.address for request in requests} == {PORTRAIT, COMPOSITE}
    assert {buy_asset(request, world.shop()) for request in requests} == {Answer.SUBMITTED}
    # and the status says that the run goes on
    assert world.status().state is EpisodeState.RUNNING
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert run.paused is None


def test_what_failed_in_an_earlier_run_waits_for_the_account_too(world: World) -> None:
    # given an asset that failed in an earlier run, not for good, and an account that is refused since
    assert buy_asset(request_of("early", PORTRAIT), world.shop()) is Answer.SUBMITTED
    assert world.ledger.step(world.job(PORTRAIT), FAIL, world.clock(), {"failure": Failure(error="late", message="")})
    reconcile(world.reconciling())
    world.clock.forward(60)
    world.begin("later", "other")
    world.provider.answers = [locked()]
    buy_asset(request_of("first", COMPOSITE, run="later"), world.shop())
    # when the next run asks for it
    assert buy_asset(request_of("one", PORTRAIT, run="later"), world.shop()) is Answer.PUT_OFF
    reconcile(world.reconciling())
    # then the old failure is no answer
    assert world.tokens.error("early") == "AssetFailed"
    assert "one" not in world.tokens.answers
    # and once the account is mended, it is bought
    world.clock.forward(ACCOUNT_CLOSED)
    reconcile(world.reconciling())
    requests = [AssetRequest.model_validate_json(body) for _, body, _ in world.requests.sent]
    assert {request.token for request in requests} == {"first", "one"}
    assert {buy_asset(request, world.shop()) for request in requests} == {Answer.SUBMITTED}


def clip_of(engine: int) -> str:
    clip = PLAN.parts[0].engines[engine].clip
    assert clip
    return clip.address


def test_an_engine_that_does_not_exist_is_skipped_for_all_lines(world: World) -> None:
    # given an endpoint that fal does not know
    world.provider.answers = [refused("http_404", Scope.ENDPOINT, retry=False)]
    first, second = clip_of(0), next(part.engines[0].clip for part in PLAN.parts[1:] if part.engines[0].clip)
    assert second
    # when clips of two lines are asked for
    answers = [buy_asset(request_of(address, address), world.shop()) for address in (first, second.address)]
    # then both step down, fal was asked once, and neither asset has failed
    assert answers == [Answer.SKIPPED, Answer.SKIPPED]
    assert {world.tokens.error(address) for address in (first, second.address)} == {"AssetFailed"}
    assert world.provider.posts == 1
    assert world.job(first).state is JobState.FREE
    # and the run remembers why it made do without them
    given_up = world.ledger.given_up(RUN)
    assert set(given_up) == {first, second.address}
    assert {failure.error for failure in given_up.values()} == {"EndpointLeftAlone"}
    # and after a while it is tried again
    world.clock.forward(ABSENT_CLOSED)
    assert buy_asset(request_of("later", first), world.shop()) is Answer.SUBMITTED


def test_a_picture_whose_endpoint_does_not_exist_ends_the_run_with_the_reason(world: World) -> None:
    world.provider.answers = [refused("http_404", Scope.ENDPOINT, retry=False)]
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SKIPPED
    answer = world.tokens.answers["one"]
    assert isinstance(answer, Failure)
    assert "http_404" in answer.message


def test_an_outage_of_an_engine_is_waited_out_where_there_is_no_other(world: World) -> None:
    # given an endpoint that has failed many times in a row
    down = refused("http_503", Scope.ENDPOINT, retry=True)
    for _ in range(STRIKES - 1):
        world.provider.answers = [down, down]
        for address in (PORTRAIT, clip_of(0)):
            with pytest.raises(TryAgainLater):
                buy_asset(request_of("one", address), world.shop())
    # when it fails once more
    world.provider.answers = [down, down]
    answers = [buy_asset(request_of("one", address), world.shop()) for address in (PORTRAIT, clip_of(0))]
    # then the picture waits, and the clip steps down
    assert answers == [Answer.PUT_OFF, Answer.SKIPPED]
    # and one success forgets it
    world.clock.forward(OUTAGE_CLOSED)
    assert buy_asset(request_of("two", PORTRAIT), world.shop()) is Answer.SUBMITTED
    assert world.ledger.outages([PLAN.assets[PORTRAIT].first.endpoint]) == {}


def test_too_many_requests_are_no_outage(world: World) -> None:
    for _ in range(3 * STRIKES):
        world.provider.answers = [refused("http_429", Scope.RATE, retry=True)]
        with pytest.raises(TryAgainLater):
            buy_asset(request_of("one", PORTRAIT), world.shop())
    assert world.ledger.outages([PLAN.assets[PORTRAIT].first.endpoint]) == {}


def test_a_cap_that_is_reached_buys_nothing_more(world: World) -> None:
    # given a day's budget for one image
    world.day_limits = Limits(images=1)
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.SUBMITTED
    # when another is asked for
    assert buy_asset(request_of("two", COMPOSITE), world.shop()) is Answer.OVER_CAP
    # then its token is told by how much, and nothing was claimed or sent
    answer = world.tokens.answers["two"]
    assert isinstance(answer, Failure)
    assert answer.error == "OverCap"
    assert "may use 1 images, 1 of them are used, and 1 more would be 1 too many" in answer.message
    assert world.ledger.job(COMPOSITE) is None
    assert world.provider.posts == 1
    # and what runs is still collected, and what is stored still had
    assert world.job(PORTRAIT).state is JobState.SUBMITTED
    assert buy_asset(request_of("three", PORTRAIT), world.shop()) is Answer.WAITING


def held(world: World, address: str) -> None:
    world.provider.answers = [Unconfirmed("ReadTimeout")]
    assert buy_asset(request_of("first", address), world.shop()) is Answer.UNCONFIRMED
    assert world.ledger.step(world.job(address), HOLD, world.clock())


def test_what_is_held_is_answered_at_once_and_never_bought_again(world: World) -> None:
    held(world, PORTRAIT)
    world.begin("later", "other")
    assert buy_asset(request_of("one", PORTRAIT, run="later"), world.shop()) is Answer.HELD
    assert world.tokens.error("one") == "AssetHeld"
    assert world.provider.posts == 1


@pytest.mark.parametrize("by", ["the stack's setting", "a person"])
def test_what_is_held_is_bought_once_more_when_somebody_said_so(world: World, by: str) -> None:
    # given a job that is held, and the word to buy such jobs again
    held(world, PORTRAIT)
    world.rebuy = by == "the stack's setting"
    world.begin("later", "other", rebuy=by == "a person")
    # when it is asked for
    assert buy_asset(request_of("one", PORTRAIT, run="later"), world.shop()) is Answer.SUBMITTED
    # then the ledger remembers that it may be paid twice
    assert world.job(PORTRAIT).possible_duplicates == 1
    assert world.provider.posts == 2


def test_a_run_buys_what_is_held_once_more_and_then_never_again(world: World) -> None:
    # given a stack that rebuys, and an asset that was bought once more and is held again
    world.rebuy = True
    held(world, PORTRAIT)
    world.provider.answers = [Unconfirmed("ReadTimeout")]
    assert buy_asset(request_of("one", PORTRAIT), world.shop()) is Answer.UNCONFIRMED
    assert world.ledger.step(world.job(PORTRAIT), HOLD, world.clock())
    # when somebody waits for it, then nobody asks for it a third time, and whoever does is told
    assert reconcile(world.reconciling()).watched == {"held": 1}
    assert world.requests.sent == []
    assert buy_asset(request_of("two", PORTRAIT), world.shop()) is Answer.HELD
    assert {world.tokens.error(token) for token in ("first", "one", "two")} == {"AssetHeld"}
    assert world.provider.posts == 2


def test_a_refusal_after_doubt_still_settles_the_doubt(world: World) -> None:
    # given a submitter so slow that another one has doubted its job
    def doubted() -> None:
        world.clock.forward(CLAIM_LEASE)
        assert buy_asset(request_of("two", PORTRAIT), world.shop()) is Answer.WAITING
        assert world.job(PORTRAIT).state is JobState.UNCONFIRMED

    world.provider.on_submit = doubted
    world.provider.answers = [refused("http_429", Scope.RATE, retry=True)]
    # when fal certainly refuses it
    with pytest.raises(TryAgainLater):
        buy_asset(request_of("one", PORTRAIT), world.shop())
    # then it is free again
    assert world.job(PORTRAIT).state is JobState.FREE
