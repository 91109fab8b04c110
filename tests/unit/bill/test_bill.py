"""The bill: what a run paid, and what it found paid for."""

import pytest

from shared.bill import bill_of
from shared.keys import AssetKind
from shared.ledger.records import Job, Run, RunState
from shared.ledger.states import JobState
from shared.prices import PRICES, price_of
from tests.builders import DIGEST, EPISODE, RUN, TWO_SCENES, addresses_of, job_of, plan_of

PLAN = plan_of(TWO_SCENES)
CLIPS = sorted(addresses_of(PLAN, AssetKind.CLIP))


def run_of(name: str = RUN) -> Run:
    return Run(episode_id=EPISODE, digest=DIGEST, attempt=2, name=name, state=RunState.DONE, started_at=1.0)


def stored(address: str, run: str = RUN, **fields: object) -> Job:
    price = PLAN.assets[address].price_usd
    return job_of(JobState.STORED, address, run=run, price_usd=price, request_id="r", **fields)


def test_a_run_pays_for_what_it_bought() -> None:
    # given a clip of this run, and one of an earlier one
    jobs = {
        CLIPS[0]: stored(CLIPS[0], submitted_at=100.0, settled_at=142.5),
        CLIPS[1]: stored(CLIPS[1], run="earlier"),
    }
    # when the bill is written
    bill = bill_of(PLAN, jobs, run_of())
    # then only the first one costs anything
    lines = {line.address: line for line in bill.lines}
    assert (bill.bought, bill.reused, bill.attempt) == (1, 1, 2)
    assert bill.total_usd == pytest.approx(PLAN.assets[CLIPS[0]].price_usd)
    assert (lines[CLIPS[0]].seconds, lines[CLIPS[0]].reused) == (42.5, False)
    assert (lines[CLIPS[1]].usd, lines[CLIPS[1]].seconds, lines[CLIPS[1]].reused) == (0, None, True)
    assert lines[CLIPS[0]].label == PLAN.assets[CLIPS[0]].label


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.STORED])
def test_what_is_not_stored_is_on_no_bill(state: JobState) -> None:
    assert bill_of(PLAN, {CLIPS[0]: job_of(state, CLIPS[0])}, run_of()).lines == ()


def test_what_belongs_to_another_plan_is_on_no_bill() -> None:
    other = "f" * 40
    assert bill_of(PLAN, {other: job_of(JobState.STORED, other)}, run_of()).total_usd == 0


def test_a_clock_that_ran_backwards_makes_no_negative_time() -> None:
    jobs = {CLIPS[0]: stored(CLIPS[0], submitted_at=100.0, settled_at=99.0)}
    assert bill_of(PLAN, jobs, run_of()).lines[0].seconds == 0


def test_every_asset_of_a_plan_has_a_price_of_the_list() -> None:
    assert {asset.endpoint for asset in PLAN.assets.values()} <= set(PRICES)
    for asset in PLAN.assets.values():
        price = PRICES[asset.endpoint]
        assert asset.unit == price.unit
        assert asset.price_usd == pytest.approx(price.of(dict(asset.arguments)) * asset.quantity)


@pytest.mark.parametrize(("speed", "usd"), [("TURBO", 0.03), ("BALANCED", 0.06), ("QUALITY", 0.09), ("other", 0.06)])
def test_a_price_may_depend_on_an_argument(speed: str, usd: float) -> None:
    assert PRICES["fal-ai/ideogram/v3"].of({"rendering_speed": speed}) == usd


def test_an_endpoint_without_a_price_is_not_free() -> None:
    assert price_of("fal-ai/unheard-of", "image").usd >= max(p.usd for p in PRICES.values() if p.unit == "image")
    assert price_of("fal-ai/unheard-of", "second").usd >= max(p.usd for p in PRICES.values() if p.unit == "second")
