"""Budgets, outages, watches and requests in the ledger: the fake and DynamoDB keep the same contract."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from shared.ledger.budgets import Budget, BudgetKind, CapReached, Limits, Usage
from shared.ledger.records import Failure, Outage
from shared.ledger.states import ACCEPT, DOUBT, FAIL, HOLD, RELEASE, RETRY, SEND, STORE, JobState
from shared.ports import Ledger
from tests.builders import EPISODE, claim_job, claim_of, waiter_of

OF_EPISODE = Budget(BudgetKind.EPISODE, EPISODE)
OF_DAY = Budget(BudgetKind.DAY, "1970-01-01")
CLIP = Usage(usd=0.7, clip_seconds=14.08)


def addresses(count: int) -> list[str]:
    return [f"{number:040x}" for number in range(count)]


def test_a_claim_reserves_what_it_costs(ledger: Ledger) -> None:
    # given three claims on one day, and one on the next
    for address in addresses(3):
        assert claim_job(ledger, claim_of(address, usage=CLIP), 1000.0)
    assert claim_job(ledger, claim_of("f" * 40, usage=CLIP, episode_id="other"), 90_000.0)
    # then each budget knows its own, to the cent
    assert ledger.spent(OF_EPISODE) == ledger.spent(OF_DAY) == Usage(usd=2.1, clip_seconds=42.24)
    assert ledger.spent(Budget(BudgetKind.DAY, "1970-01-02")) == CLIP
    assert ledger.spent(Budget(BudgetKind.EPISODE, "nobody's")) == Usage()


@pytest.mark.parametrize(
    ("limits", "cap", "limit", "wanted"),
    [
        (Limits(usd=2.0), "usd", 2.0, 0.7),
        (Limits(clip_seconds=30), "clip_seconds", 30.0, 14.08),
        (Limits(usd=100, clip_seconds=42.23), "clip_seconds", 42.23, 14.08),
    ],
)
@pytest.mark.parametrize("kind", BudgetKind)
def test_a_claim_beyond_a_cap_reserves_nothing(
    ledger: Ledger, kind: BudgetKind, limits: Limits, cap: str, limit: float, wanted: float
) -> None:
    # given a budget of which two claims are used
    field: dict[str, Any] = {f"{kind}_limits": limits}
    for address in addresses(2):
        assert claim_job(ledger, claim_of(address, usage=CLIP, **field), 1000.0)
    # when a third is tried
    reached = ledger.claim(claim_of("f" * 40, usage=CLIP, **field), 1000.0)
    # then it is refused, with by how much
    budget = OF_EPISODE if kind is BudgetKind.EPISODE else OF_DAY
    used = 1.4 if cap == "usd" else 28.16
    assert reached == CapReached(budget, cap, limit, used, wanted)
    # and nothing was claimed or reserved, and nobody looks after it
    assert ledger.job("f" * 40) is None
    assert ledger.spent(OF_EPISODE) == ledger.spent(OF_DAY) == Usage(usd=1.4, clip_seconds=28.16)
    assert {watch.address for watch in ledger.watched()} == set(addresses(2))


def test_a_cap_can_be_used_up_to_the_cent(ledger: Ledger) -> None:
    for address in addresses(3):
        assert claim_job(ledger, claim_of(address, usage=CLIP, episode_limits=Limits(usd=2.1)), 1000.0)


def test_a_claim_that_costs_more_than_a_whole_budget(ledger: Ledger) -> None:
    reached = ledger.claim(claim_of(usage=CLIP, day_limits=Limits(usd=0.5)), 1000.0)
    assert reached == CapReached(OF_DAY, "usd", 0.5, 0.0, 0.7)


def test_what_is_stored_needs_no_budget(ledger: Ledger) -> None:
    job = claim_job(ledger, claim_of(), 1000.0)
    assert job
    assert ledger.step(job, STORE, 1000.0)
    assert ledger.claim(claim_of(run="later", day_limits=Limits(usd=0)), 1000.0) is None


@pytest.mark.parametrize("limits", [Limits(usd=1.2), Limits(images=20)], ids=["usd", "images"])
@pytest.mark.parametrize("kind", BudgetKind)
def test_fifty_claims_at_once_do_not_overrun_a_cap(ledger: Ledger, kind: BudgetKind, limits: Limits) -> None:
    # given a budget for twenty images
    field: dict[str, Any] = {f"{kind}_limits": limits}
    barrier = Barrier(50)

    def claim(address: str) -> bool:
        barrier.wait()
        claimed = ledger.claim(claim_of(address, **field), 1000.0)
        assert claimed is not None
        return not isinstance(claimed, CapReached)

    # when fifty are claimed at once
    with ThreadPoolExecutor(50) as pool:
        won = list(pool.map(claim, addresses(50)))
    # then twenty are, and the budget is used to the full
    assert sum(won) == 20
    assert ledger.spent(OF_EPISODE) == ledger.spent(OF_DAY) == Usage(usd=1.2, images=20)


@pytest.mark.parametrize(
    ("way", "given_back"),
    [
        ((RELEASE,), True),
        ((SEND, RELEASE), True),
        ((SEND, ACCEPT, RETRY), True),
        ((SEND, ACCEPT, STORE), False),
        ((SEND, DOUBT, HOLD), False),
    ],
    ids=["released", "refused", "given up by fal", "stored", "held"],
)
def test_what_was_certainly_not_bought_is_given_back(ledger: Ledger, way: tuple[object, ...], given_back: bool) -> None:
    job = claim_job(ledger, claim_of(), 1000.0)
    for step in way:
        assert job
        job = ledger.step(job, step, 2000.0)  # type: ignore[arg-type]
    assert job
    expected = Usage() if given_back else Usage(usd=0.06, images=1)
    assert ledger.spent(OF_EPISODE) == ledger.spent(OF_DAY) == expected
    # and a step that is not made gives nothing back
    assert ledger.step(job, RELEASE, 2000.0) is None
    assert ledger.spent(OF_EPISODE) == expected


@pytest.mark.parametrize("may_be_charged", [False, True])
def test_a_failure_gives_back_what_fal_does_not_charge_for(ledger: Ledger, may_be_charged: bool) -> None:
    job = claim_job(ledger, claim_of(), 1000.0)
    assert job
    failure = Failure(error="http_500", message="down", may_be_charged=may_be_charged)
    assert ledger.step(job, FAIL, 1000.0, {"failure": failure})
    assert ledger.spent(OF_EPISODE).images == int(may_be_charged)


def test_a_lapsed_claim_that_is_taken_over_gives_its_part_back(ledger: Ledger) -> None:
    # given a claim of one episode that lapsed
    assert claim_job(ledger, claim_of(), 1000.0)
    # when another episode takes it over, the next day
    limits = Limits(images=1)
    assert claim_job(ledger, claim_of(run="other-1", episode_id="other", episode_limits=limits), 90_000.0)
    # then only that one has it on its account
    assert ledger.spent(OF_EPISODE) == ledger.spent(OF_DAY) == Usage()
    assert ledger.spent(Budget(BudgetKind.EPISODE, "other")).images == 1
    # and within one episode it is counted once, even where the budget is full
    assert claim_job(ledger, claim_of(run="other-2", episode_id="other", episode_limits=limits), 99_000.0)
    assert ledger.spent(Budget(BudgetKind.EPISODE, "other")).images == 1


def test_what_is_held_and_bought_once_more_is_paid_for_twice(ledger: Ledger) -> None:
    job = claim_job(ledger, claim_of(), 1000.0)
    for step in (SEND, DOUBT, HOLD):
        assert job
        job = ledger.step(job, step, 1000.0)
    assert ledger.claim(claim_of(run="later"), 9e9) is None
    again = claim_job(ledger, claim_of(run="later", rebuy=True), 2000.0)
    assert again
    assert (again.state, again.possible_duplicates, again.attempt) == (JobState.CLAIMED, 1, 2)
    assert ledger.spent(OF_EPISODE).images == 2


# Requests


def test_a_request_is_adopted_by_one_job(ledger: Ledger) -> None:
    # given two jobs in doubt, and a request that was found at the provider
    first, second = (claim_job(ledger, claim_of(address), 1000.0) for address in ("a" * 40, "b" * 40))
    doubted = []
    for job in (first, second):
        assert job
        sending = ledger.step(job, SEND, 1000.0)
        assert sending
        doubted.append(ledger.step(sending, DOUBT, 1000.0))
    assert doubted[0]
    assert doubted[1]
    # when both would have it
    adopted = ledger.adopt(doubted[0], "request-1", 1001.0)
    # then the first has, and the second stays as it is
    assert adopted == ledger.job("a" * 40)
    assert adopted
    assert (adopted.state, adopted.request_id) == (JobState.SUBMITTED, "request-1")
    assert ledger.adopt(doubted[1], "request-1", 1001.0) is None
    assert ledger.job("b" * 40) == doubted[1]


def test_a_request_of_an_earlier_attempt_is_not_adopted(ledger: Ledger) -> None:
    # given a job whose first attempt was given up by the provider, and whose second is in doubt
    job = claim_job(ledger, claim_of(), 1000.0)
    for step in (SEND, ACCEPT, RETRY):
        assert job
        job = ledger.step(job, step, 1000.0, {"request_id": "request-1"} if step is ACCEPT else None)
    job = claim_job(ledger, claim_of(secret="second"), 1000.0)
    for step in (SEND, DOUBT):
        assert job
        job = ledger.step(job, step, 1000.0)
    assert job
    # then the first request is not taken for it
    assert ledger.adopt(job, "request-1", 1001.0) is None
    assert ledger.adopt(job, "request-2", 1001.0)


def test_nothing_is_adopted_by_a_job_that_is_not_in_doubt(ledger: Ledger) -> None:
    job = claim_job(ledger, claim_of(), 1000.0)
    assert job
    assert ledger.adopt(job, "request-1", 1000.0) is None


# Watches


def test_what_is_looked_after(ledger: Ledger) -> None:
    # given a claim, and somebody who waits for another asset
    claim_job(ledger, claim_of("a" * 40), 1000.0)
    ledger.add_waiter(waiter_of("one", "b" * 40))
    watches = {watch.address: watch for watch in ledger.watched()}
    assert set(watches) == {"a" * 40, "b" * 40}
    # when one of them is given up while somebody begins to wait for it
    ledger.add_waiter(waiter_of("two", "b" * 40))
    for watch in watches.values():
        ledger.unwatch(watch)
    # then only the one that nobody has touched since is left alone
    assert [watch.address for watch in ledger.watched()] == ["b" * 40]
    # and giving up what is given up already does no harm
    ledger.unwatch(watches["a" * 40])


# Outages


def test_an_outage_is_counted_until_something_is_accepted(ledger: Ledger) -> None:
    # given two signs of an outage of one endpoint, and one of another
    ledger.note_outage("one", "slow", 1000.0)
    noted = ledger.note_outage("one", "down", 1001.5, until=2000.5, definite=True)
    ledger.note_outage("two", "down", 1002.0)
    # then they are counted together, the last reason holds, and the first time
    assert noted == Outage(what="one", strikes=2, reason="down", since=1000.0, until=2000.5, definite=True)
    assert ledger.outages(["one", "three"]) == {"one": noted}
    # and forgotten one by one
    ledger.end_outage("one")
    ledger.end_outage("three")
    assert set(ledger.outages(["one", "two"])) == {"two"}
    assert ledger.outages([]) == {}
