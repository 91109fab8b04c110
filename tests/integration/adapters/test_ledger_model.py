"""The ledger in DynamoDB against a model of it, and money against an invoice, in any order of events and crashes."""

import json
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import shared.workflow.buy_asset
import tests.fakes.ledger
from shared.keys import AssetKind
from shared.ledger.budgets import Budget, BudgetKind, CapReached, Limits, Usage
from shared.ledger.dynamodb import DynamoLedger
from shared.ledger.records import Failure
from shared.ledger.states import FAIL, SETTLED, TRANSITIONS, JobState
from shared.plan.models import Plan
from shared.ports import Ledger
from shared.providers.errors import Scope, SortedError
from shared.providers.names import ProviderName
from shared.providers.outcomes import Finished, InProgress, Refused, Unconfirmed
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import TryAgainLater, buy_asset
from shared.workflow.collect_asset import ResultNotReady, collect_asset
from shared.workflow.reconcile import reconcile
from tests.builders import (
    DIGEST,
    EPISODE,
    EVERYBODY,
    TWO_SCENES,
    addresses_of,
    claim_of,
    job_failed,
    plan_of,
    waiter_of,
)
from tests.fakes.broken_rules import claim_also_what_was_sent
from tests.fakes.faults import Crash, Fuse
from tests.fakes.ledger import MemoryLedger
from tests.fakes.provider import Invoiced, Lost, MemoryProvider
from tests.integration.adapters.conftest import Atomic
from tests.world import World, answer_to, request_of

ADDRESSES = ["a" * 40, "b" * 40, "ab" * 20]
EPISODES = ["lighthouse", "other"]
STEPS = [step for step in TRANSITIONS if step.name != "claim"]


class LedgerModel(RuleBasedStateMachine):
    """Does the same to the ledger in DynamoDB and to its model in memory, and compares what comes of it."""

    make_ledger: Callable[[], DynamoLedger]

    @initialize()
    def begin(self) -> None:
        self.real, self.model = type(self).make_ledger(), MemoryLedger()
        self.now = 1000.0
        self.known: dict[str, list[Any]] = {}

    def both(self, act: Callable[[Any], Any]) -> Any:
        real, model = act(self.real), act(self.model)
        assert real == model
        return real

    @rule(
        address=st.sampled_from(ADDRESSES),
        episode=st.sampled_from(EPISODES),
        run=st.integers(1, 3),
        rebuy=st.booleans(),
        cap=st.sampled_from([None, 0.05, 0.2]),
    )
    def claim(self, address: str, episode: str, run: int, rebuy: bool, cap: float | None) -> None:
        claim = claim_of(
            address,
            run=f"{episode}-{run}",
            episode_id=episode,
            secret=f"secret {self.now}",
            rebuy=rebuy,
            episode_limits=Limits(usd=cap),
            day_limits=Limits(images=4),
        )
        job = self.both(lambda ledger: ledger.claim(claim, self.now))
        if job and not isinstance(job, CapReached):
            self.known.setdefault(address, []).append(job)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), step=st.sampled_from(STEPS), charged=st.booleans())
    def step(self, data: st.DataObject, step: Any, charged: bool) -> None:
        # of any attempt, also one that is over
        job = data.draw(st.sampled_from(self.known[data.draw(st.sampled_from(sorted(self.known)))]))
        failure = Failure(error="broken", message="it broke", permanent=charged, may_be_charged=charged)
        changes = {"failure": failure} if step is FAIL else {"doubt": step.name}
        self.both(lambda ledger: ledger.step(job, step, self.now, changes))

    @precondition(lambda self: self.known)
    @rule(data=st.data(), request_id=st.sampled_from(["r1", "r2"]))
    def adopt(self, data: st.DataObject, request_id: str) -> None:
        job = data.draw(st.sampled_from(self.known[data.draw(st.sampled_from(sorted(self.known)))]))
        self.both(lambda ledger: ledger.adopt(job, request_id, self.now))

    @rule(address=st.sampled_from(ADDRESSES), who=st.sampled_from(["one", "two", "three"]))
    def wait(self, address: str, who: str) -> None:
        self.both(lambda ledger: ledger.add_waiter(waiter_of(who, address)))

    @rule(address=st.sampled_from(ADDRESSES), who=st.sampled_from(["one", "two", "three"]))
    def answer(self, address: str, who: str) -> None:
        self.both(lambda ledger: ledger.remove_waiter(waiter_of(who, address)))

    @rule(seconds=st.sampled_from([1, 50, 90, 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "real"):
            return
        self.both(lambda ledger: ledger.jobs(ADDRESSES))
        self.both(lambda ledger: sorted(watch.address for watch in ledger.watched()))
        for address in ADDRESSES:
            self.both(partial(_tokens, address))
        for episode in EPISODES:
            self.both(methodcaller("spent", Budget(BudgetKind.EPISODE, episode)))
        self.both(lambda ledger: ledger.spent(Budget(BudgetKind.DAY, "1970-01-01")))


FAL_ALONE = plan_of(TWO_SCENES)
RESILIENT = plan_of({**TWO_SCENES, "providers": "resilient"}, router=EVERYBODY)


def wanted(plan: Plan) -> list[str]:
    """Return a portrait and a clip of a plan."""
    return [min(addresses_of(plan, kind)) for kind in (AssetKind.PORTRAIT, AssetKind.CLIP)]


WANTED = wanted(FAL_ALONE)
assert wanted(RESILIENT) == WANTED  # who stands in changes no address

SUBMITS: dict[str, Any] = {
    "accepted": None,
    "accepted and lost": Lost(),
    "lost": Unconfirmed("ReadTimeout"),
    "overloaded": Refused(SortedError("http_429", "slow down", Scope.RATE, retry=True, may_be_charged=False)),
    "down": Refused(SortedError("http_503", "down", Scope.ENDPOINT, retry=True, may_be_charged=False)),
    "blocked": Refused(SortedError("content_policy_violation", "no", Scope.ASSET, retry=False)),
    "locked": Refused(SortedError("http_403", "no balance", Scope.ACCOUNT, retry=False, may_be_charged=False)),
    "crash": Crash(),
}


class MoneyModel(RuleBasedStateMachine):
    """The workflow on a ledger: requests, callbacks, crashes and time in any order; and the providers' invoices."""

    make_ledger: Callable[[], Ledger]
    plan: Plan

    @initialize(down=st.integers(0, 2))
    def begin(self, down: int) -> None:
        """Begin with the first providers down, for new jobs and for good, as far as there are others."""
        self.down = down if self.plan is RESILIENT else 0
        self.world = World(type(self).plan, type(self).make_ledger())
        self.world.stand_ins = {
            name: MemoryProvider(name=name, replays_safely=name is ProviderName.HEDRA, clock=self.world.clock)
            for name in (ProviderName.REPLICATE, ProviderName.HEDRA)
        }
        self.world.begin()
        self.world.ledger.claim_run("other", "d", 1.0, name=lambda _: "other-1", again=frozenset())
        self.queue: list[AssetRequest] = []
        self.asked: set[str] = set()
        self.runs = 1

    @property
    def providers(self) -> list[MemoryProvider]:
        return [self.world.provider, *self.world.stand_ins.values()]

    @property
    def invoice(self) -> list[tuple[MemoryProvider, Invoiced]]:
        """Every job that any provider has."""
        return [(provider, job) for provider in self.providers for job in provider.invoice]

    def attempt(self, act: Callable[[], object], dies_at: int | str | None, *, done: bool = False) -> bool:
        self.world.fuse = Fuse(at=dies_at, done=done)
        try:
            act()
        except (Crash, TryAgainLater, ResultNotReady):
            return False
        finally:
            self.world.fuse = Fuse()
        return True

    @rule(address=st.sampled_from(WANTED), other=st.booleans())
    def ask(self, address: str, other: bool) -> None:
        run = self.world.ledger.newest_run(EPISODE)
        assert run
        token = f"token {len(self.asked)}"
        name, episode = ("other-1", "other") if other else (run.name, EPISODE)
        self.asked.add(token)
        self.queue.append(request_of(token, address, name, episode, self.plan.assets[address].kind))

    @precondition(lambda self: self.queue)
    @rule(
        pick=st.integers(0, 20),
        twice=st.booleans(),
        answer=st.just("accepted") | st.sampled_from(sorted(SUBMITS)),
        down=st.integers(0, 2),
        dies_at=st.none() | st.just("submit") | st.just("claim") | st.integers(1, 20),
        done=st.booleans(),
    )
    def handle(self, pick: int, twice: bool, answer: str, down: int, dies_at: int | str | None, done: bool) -> None:
        """Handle a request, with the first providers down, and the next one answering so."""
        request = self.queue[pick % len(self.queue)]
        down = max(down, self.down)
        for provider in self.providers[:down]:
            provider.answers = [SUBMITS["down"]]
        self.providers[down].answers = [SUBMITS[answer]] if SUBMITS[answer] else []
        handled = self.attempt(lambda: buy_asset(request, self.world.shop()), dies_at, done=done)
        for provider in self.providers:
            provider.answers = []
        if handled and not twice:
            self.queue.remove(request)

    @precondition(lambda self: self.invoice)
    @rule(
        pick=st.integers(0, 20),
        verdict=st.sampled_from(["delivered", "timeout", "blocked"]),
        dies_at=st.none() | st.integers(1, 12),
        done=st.booleans(),
    )
    def call_back(self, pick: int, verdict: str, dies_at: int | None, done: bool) -> None:
        provider, job = self.invoice[pick % len(self.invoice)]
        message = answer_to(job).model_copy(update={"provider": provider.name})
        # What a provider has said of a job once, it goes on saying.
        verdict = self.said.setdefault(job.request_id, verdict)
        if verdict != "delivered":
            error = {"timeout": "generation_timeout", "blocked": "content_policy_violation"}[verdict]
            message = message.model_copy(update={"body": json.dumps(job_failed(error, job.request_id))})
        self.attempt(lambda: collect_asset(message, self.world.collecting()), dies_at, done=done)

    @property
    def said(self) -> dict[str, str]:
        if not hasattr(self, "_said"):
            self._said: dict[str, str] = {}
        return self._said

    @rule(dies_at=st.none() | st.integers(1, 40), listed=st.booleans(), known=st.booleans())
    def look_after(self, dies_at: int | None, listed: bool, known: bool) -> None:
        self.world.platform.lists = listed
        for provider in self.providers:
            provider.outcomes = {
                job.request_id: InProgress() for job in provider.invoice if job.request_id not in self.said or not known
            }
        self.attempt(lambda: reconcile(self.world.reconciling()), dies_at)
        self.take_what_was_asked_again()
        self.world.inbox.sent = []

    def take_what_was_asked_again(self) -> None:
        asked, self.world.requests.sent = self.world.requests.sent, []
        self.queue += [AssetRequest.model_validate_json(body) for _, body, _ in asked]

    @rule(seconds=st.sampled_from([1, 95, 400, 1000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.forward(seconds)

    @precondition(lambda self: self.runs < 4)
    @rule()
    def newer_run(self) -> None:
        self.runs += 1
        self.world.begin(f"run-{self.runs}", f"{DIGEST}-{self.runs}")

    @invariant()
    def nothing_is_bought_twice(self) -> None:
        if not hasattr(self, "world"):
            return
        billed = [job for _, job in self.invoice if self.said.get(job.request_id) in {None, "delivered"}]
        addresses = [job.name.address for job in billed]
        assert len(addresses) == len(set(addresses))

    def deliver_everything(self) -> None:
        for index, (provider, job) in enumerate(self.invoice):
            if self.said.setdefault(job.request_id, "delivered") == "delivered":
                message = answer_to(job).model_copy(update={"provider": provider.name})
                provider.outcomes[job.request_id] = Finished(json.loads(message.body or "")["payload"])
                collect_asset(message, self.world.collecting())
            else:
                self.call_back(index, "", None, done=False)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        # Then calm comes: fal answers, everything is delivered, and hours pass.
        world = self.world
        world.platform.lists = True
        for _ in range(20):
            self.deliver_everything()
            reconcile(world.reconciling())
            self.take_what_was_asked_again()
            queue, self.queue = self.queue, []
            for request in queue:
                for provider in self.providers[: self.down]:
                    provider.answers = [SUBMITS["down"]]
                if not self.attempt(partial(buy_asset, request, world.shop()), None):
                    self.queue.append(request)
            world.inbox.sent = []
            if not self.queue and not world.ledger.watched():
                break
            world.clock.forward(1200)
        # Everybody has been answered, what fal was paid for is stored, and budgets hold what may have been charged.
        assert self.asked <= set(world.tokens.answers)
        for _, job in self.invoice:
            if self.said[job.request_id] == "delivered":
                assert world.job(job.name.address).state is JobState.STORED
        jobs = world.ledger.jobs(WANTED).values()
        assert all(job.state in SETTLED | {JobState.HELD, JobState.FREE} for job in jobs)
        self.nothing_is_bought_twice()
        spent = world.ledger.spent(Budget(BudgetKind.EPISODE, EPISODE)) + world.ledger.spent(
            Budget(BudgetKind.EPISODE, "other")
        )
        charged = [job for job in jobs if job.state in {JobState.STORED, JobState.HELD} or _may_be_charged(job)]
        assert spent == sum((job.usage for job in charged), Usage())


def _tokens(address: str, ledger: Any) -> list[str]:
    return sorted(waiter.token for waiter in ledger.waiters(address))


def _may_be_charged(job: Any) -> bool:
    return job.state is JobState.FAILED and job.failure is not None and job.failure.may_be_charged


@pytest.fixture
def make_ledger(aws: Callable[[str], Any], table: str) -> Callable[[], DynamoLedger]:
    client: Any = Atomic(aws("dynamodb"))

    def make() -> DynamoLedger:
        for page in aws("dynamodb").get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                aws("dynamodb").delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
        return DynamoLedger(client, table)

    return make


SETTINGS = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a shorter example would take minutes to find
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
ON_DYNAMODB = settings(SETTINGS, max_examples=25, stateful_step_count=30)
IN_MEMORY = settings(SETTINGS, max_examples=400, stateful_step_count=30)
"""The ledger in memory keeps the same contract, as the first test shows, and is many times as fast."""


def play(
    machine: type[LedgerModel | MoneyModel],
    make_ledger: Callable[[], Ledger],
    how: settings = ON_DYNAMODB,
    plan: Plan = RESILIENT,
) -> None:
    of_this_test = type(machine.__name__, (machine,), {"make_ledger": staticmethod(make_ledger), "plan": plan})
    run_state_machine_as_test(of_this_test, settings=how)


def test_the_ledger_in_dynamodb_does_what_the_one_in_memory_does(make_ledger: Callable[[], DynamoLedger]) -> None:
    play(LedgerModel, make_ledger, settings(SETTINGS, max_examples=40, stateful_step_count=25))


def test_money_is_spent_once_and_everybody_answered_whatever_happens(make_ledger: Callable[[], DynamoLedger]) -> None:
    play(MoneyModel, make_ledger)


@pytest.mark.parametrize("plan", [FAL_ALONE, RESILIENT], ids=["fal alone", "resilient"])
def test_money_is_spent_once_and_everybody_answered_whatever_happens_in_memory(plan: Plan) -> None:
    play(MoneyModel, MemoryLedger, IN_MEMORY, plan)


def test_a_lease_that_is_taken_over_from_submitting_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two tests above are worth nothing if they do not come to where it matters."""
    for module in (shared.workflow.buy_asset, tests.fakes.ledger):
        monkeypatch.setattr(module, "may_claim", claim_also_what_was_sent)
    with pytest.raises(AssertionError):
        play(MoneyModel, MemoryLedger, settings(IN_MEMORY, derandomize=True, database=None, verbosity=Verbosity.quiet))
