"""Money is spent once: whatever crashes, in whatever order things happen, and however often messages come again."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.keys import AssetKind
from shared.ledger.rules import AFTER_FAILURE
from shared.ledger.states import SETTLED, JobState
from shared.providers.errors import Scope, SortedError
from shared.providers.outcomes import Accepted, Refused, SubmitOutcome, Unconfirmed
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import TryAgainLater, buy_asset
from shared.workflow.collect_asset import InboxMessage, collect_asset
from shared.workflow.reconcile import reconcile
from tests.builders import TWO_SCENES, addresses_of, plan_of
from tests.fakes.faults import Crash, Fuse, Stage
from tests.fakes.provider import Lost
from tests.world import World, answer_to, request_of

PLAN = plan_of(TWO_SCENES)
PORTRAIT, OTHER = sorted(addresses_of(PLAN, AssetKind.PORTRAIT))
COMPOSITE = min(addresses_of(PLAN, AssetKind.COMPOSITE))
RECEIVES = 60
"""Far more often than a queue delivers: what is not quiet by then never is."""


def redeliver(requests: list[AssetRequest], world: World) -> None:
    """Deliver messages again and again until each has been handled once without an error."""
    for _ in range(RECEIVES):
        left = []
        for request in requests:
            try:
                buy_asset(request, world.shop())
            except (Crash, TryAgainLater):
                left.append(request)
            world.clock.forward(7)
        if not left:
            return
        requests = left
    pytest.fail(f"{len(requests)} requests still come again")


def check_money_and_tokens(tokens: list[str], address: str, world: World) -> None:
    # at most one job was accepted
    assert world.provider.jobs_per_address[address] <= 1
    # every token is answered, or it waits for an asset that is not settled and is looked after
    open_tokens = {token for token in tokens if token not in world.tokens.answers}
    watched = {watch.address for watch in world.ledger.watched()}
    if open_tokens:
        assert world.job(address).state not in SETTLED
        assert open_tokens <= {waiter.token for waiter in world.ledger.waiters(address)}
        assert address in watched
    job = world.ledger.job(address)
    assert job is None or not job.is_open or address in watched


def play_out(world: World) -> None:
    """Let hours pass, as the plot's queues and reconcile see them: nobody may be left waiting after that."""
    for _ in range(50):
        reconcile(world.reconciling())
        asked, world.requests.sent = world.requests.sent, []
        redeliver([AssetRequest.model_validate_json(body) for _, body, _ in asked], world)
        for body in world.inbox.bodies:
            collect_asset(InboxMessage.model_validate_json(body), world.collecting())
        deliver_what_was_bought(world)
        world.clock.forward(300)


def deliver_what_was_bought(world: World) -> None:
    for job in list(world.provider.invoice):
        for _ in range(2):  # fal delivers at least once
            collect_asset(answer_to(job), world.collecting())


def calls_of_a_purchase() -> int:
    world = World(PLAN)
    world.begin()
    buy_asset(request_of("one", COMPOSITE), world.shop())
    return world.fuse.calls


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, calls_of_a_purchase() + 1))
def test_a_crash_at_any_call(at: int, done: bool) -> None:
    # given two tokens that want one composite, and a crash at one call of the first
    world = World(PLAN)
    world.begin()
    world.fuse = Fuse(at=at, done=done)
    requests = [request_of("one", COMPOSITE), request_of("two", COMPOSITE)]
    # when the messages come again until all is quiet
    redeliver(requests, world)
    # then it was bought at most once
    check_money_and_tokens(["one", "two"], COMPOSITE, world)
    # and when fal delivers, everybody has it
    deliver_what_was_bought(world)
    if world.provider.invoice:
        assert world.tokens.answers == {"one": {"address": COMPOSITE}, "two": {"address": COMPOSITE}}
    else:
        assert world.job(COMPOSITE).state is JobState.UNCONFIRMED  # it died at the POST: nobody knows
        # and in the end everybody is told so
        play_out(world)
        assert world.job(COMPOSITE).state is JobState.HELD
        assert {world.tokens.error(token) for token in ("one", "two")} == {"AssetHeld"}
        assert world.ledger.waiters(COMPOSITE) == []


def test_a_crash_is_noticed_by_the_count_of_calls() -> None:
    """The test above is worth nothing if the fuse is not in the calls that matter."""
    assert calls_of_a_purchase() >= 15


ANSWERS: dict[str, SubmitOutcome | Lost | BaseException] = {
    "accepted": Accepted("x"),
    "overloaded": Refused(SortedError("http_429", "slow down", Scope.RATE, retry=True)),
    "blocked": Refused(SortedError("content_policy_violation", "no", Scope.ASSET, retry=False)),
    "locked": Refused(SortedError("http_403", "no balance", Scope.ACCOUNT, retry=False)),
    "lost": Unconfirmed("ReadTimeout"),
    "accepted and lost": Lost("ReadTimeout"),
    "down": Refused(SortedError("http_503", "down", Scope.ENDPOINT, retry=True)),
    "absent": Refused(SortedError("http_404", "no such application", Scope.ENDPOINT, retry=False)),
    "crash": Crash(),
}


# The first one's submit is refused after the others have put its job in doubt, and it dies before it can wake them.
@example(answers=["blocked"], choices=[0, 0, 0, 0, 1, 35, 1, 1, 1, 1, 37, 36], callers=3)
@settings(max_examples=120, deadline=None)
@given(
    answers=st.lists(st.sampled_from(sorted(ANSWERS)), max_size=4),
    choices=st.lists(st.integers(0, 40), min_size=10, max_size=60),
    callers=st.integers(2, 4),
)
def test_any_interleaving_with_crashes_and_stalls(answers: list[str], choices: list[int], callers: int) -> None:
    # given several functions that handle requests for one asset, of two episodes, call by call in any order;
    # some of them die, and sometimes the clock leaps so that leases lapse under them
    world = World(PLAN)
    world.begin()
    world.ledger.claim_run("other", "d", 1.0, name=lambda _: "other-1", again=AFTER_FAILURE)
    world.provider.answers = [ANSWERS[name] for name in answers]
    requests = [
        request_of(f"token-{n}", PORTRAIT) if n % 2 else request_of(f"token-{n}", PORTRAIT, "other-1", "other")
        for n in range(callers)
    ]
    stage = Stage()

    def between(choice: int) -> bool:
        if choice >= 36:
            world.clock.forward(50)
        return choice == 35

    # when they run, and what was not handled comes again
    raised = stage.run(
        [lambda request=request: buy_asset(request, world.shop(stage.call)) for request in requests],  # type: ignore[misc]
        choices,
        between,
    )
    assert all(isinstance(error, Crash | TryAgainLater | None) for error in raised), raised
    redeliver([request for request, error in zip(requests, raised, strict=True) if error], world)
    # then fal has at most one job, and nobody is forgotten
    tokens = [request.token for request in requests]
    check_money_and_tokens(tokens, PORTRAIT, world)
    # and when fal delivers and reconcile has passed, everybody is answered, and nothing that fal has is lost
    play_out(world)
    check_money_and_tokens(tokens, PORTRAIT, world)
    assert set(tokens) <= set(world.tokens.answers)
    if world.provider.invoice:
        assert world.job(PORTRAIT).state is JobState.STORED
    if world.job(PORTRAIT).state is JobState.HELD:
        assert {"lost", "crash"} & set(answers) or 35 in choices


def test_a_retry_that_ends_elsewhere_leaves_nobody_waiting() -> None:
    """The request that had the claim may be over before it comes again; another one has to take its place."""
    # given two episodes that want one portrait; the first is refused for now, and its run is superseded meanwhile
    world = World(PLAN)
    world.begin()
    world.ledger.claim_run("other", "d", 1.0, name=lambda _: "other-1", again=AFTER_FAILURE)
    first, second = request_of("one", PORTRAIT), request_of("two", PORTRAIT, "other-1", "other")
    world.provider.answers = [ANSWERS["overloaded"]]

    def second_comes_meanwhile() -> None:
        if world.provider.posts == 1:
            with pytest.raises(TryAgainLater):
                buy_asset(second, world.shop())

    world.provider.on_submit = second_comes_meanwhile
    with pytest.raises(TryAgainLater):
        buy_asset(first, world.shop())
    world.begin("newer", "other digest")
    # when both come again
    redeliver([first, second], world)
    # then the first was told that it is over, and the second has its job
    assert world.tokens.error("one") == "Superseded"
    assert [waiter.token for waiter in world.ledger.waiters(PORTRAIT)] == ["two"]
    assert world.job(PORTRAIT).state is JobState.SUBMITTED


def test_a_late_result_spares_the_next_attempt_its_post() -> None:
    # given a job that failed at fal, and a later run that is about to buy it again
    world = World(PLAN)
    world.begin()
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [first] = world.provider.invoice
    error = {"request_id": first.request_id, "status": "ERROR", "payload": {"error_type": "request_timeout"}}
    failed = answer_to(first).model_copy(update={"body": json.dumps(error)})
    collect_asset(failed, world.collecting())
    world.begin("later", "other")
    stage = Stage()
    calls: list[str] = []

    def between(_: int) -> bool:
        # when the first result comes after all, between the claim and the POST
        if world.job(PORTRAIT).state is JobState.CLAIMED and not calls:
            calls.append("delivered")
            collect_asset(answer_to(first), world.collecting())
        return False

    [raised] = stage.run(
        [lambda: buy_asset(request_of("two", PORTRAIT, run="later"), world.shop(stage.call))], [0], between
    )
    # then nothing is sent, and the second token has the result of the first attempt
    assert (raised, calls) == (None, ["delivered"])
    assert world.provider.posts == 1
    assert world.tokens.answers["two"] == {"address": PORTRAIT}
