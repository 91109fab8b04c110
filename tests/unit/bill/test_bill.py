"""The bill: what a run paid, what it found paid for, and what fal may charge besides."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bill import Bill, bill_of
from shared.keys import AssetKind
from shared.ledger.records import Failure, Job, PartOutcome, Run, RunState
from shared.ledger.states import OPEN, SETTLED, JobState
from shared.plan.models import Plan
from shared.prices import PRICES, price_of
from shared.run_record import NOT_KNOWN, RunRecord
from tests.builders import DIGEST, EPISODE, RUN, TWO_SCENES, addresses_of, job_of, part_of, plan_of

PLAN = plan_of(TWO_SCENES)
CLIPS = sorted(addresses_of(PLAN, AssetKind.CLIP))
PORTRAIT = min(addresses_of(PLAN, AssetKind.PORTRAIT))


def record_of(jobs: dict[str, Job], plan: Plan = PLAN, **known: Any) -> RunRecord:
    run = Run(episode_id=EPISODE, digest=DIGEST, attempt=2, name=RUN, state=RunState.DONE, started_at=1.0)
    return RunRecord(run, plan, jobs, **known)


def bill_for(*jobs: Job, **known: Any) -> Bill:
    return bill_of(record_of({job.address: job for job in jobs}, **known))


def priced(address: str, state: JobState = JobState.STORED, **fields: Any) -> Job:
    usage = PLAN.assets[address].usage
    values = {"usage": usage, "price_usd": usage.usd, "kind": PLAN.assets[address].kind, "request_id": "r"}
    values["endpoint"] = PLAN.assets[address].first.endpoint
    return job_of(state, address, **(values | fields))


def test_a_run_pays_for_what_it_bought() -> None:
    # given a clip of this run, and one of an earlier one
    times: dict[str, Any] = {"submitted_at": 100.0, "settled_at": 142.5, "run_seconds": 30.25}
    # when the bill is written
    bill = bill_for(priced(CLIPS[0], **times), priced(CLIPS[1], run="earlier", **times))
    # then only the first one costs anything
    lines = {line.address: line for line in bill.lines}
    asset = PLAN.assets[CLIPS[0]]
    assert (bill.bought, bill.reused, bill.attempt, bill.total_usd) == (1, 1, 2, asset.price_usd)
    bought = lines[CLIPS[0]]
    assert (bought.label, bought.request_id, bought.reused) == (asset.label, "r", False)
    assert bought.engine in {"hedra", "fabric"}
    assert PRICES[bought.endpoint].source == bought.price_source
    # and its time is that in fal's queue and that of fal's work
    assert (bought.seconds, bought.queued_seconds, bought.running_seconds) == (42.5, 12.25, 30.25)
    reused = lines[CLIPS[1]]
    assert (reused.usd, reused.reused) == (0, True)
    assert (reused.seconds, reused.queued_seconds, reused.running_seconds) == (None, None, None)


def test_a_picture_has_no_engine() -> None:
    assert [line.engine for line in bill_for(priced(PORTRAIT)).lines] == [None]


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({}, (None, None, None)),
        ({"submitted_at": 100.0, "settled_at": 110.0}, (10.0, None, None)),
        ({"submitted_at": 100.0, "started_at": 104.0, "settled_at": 110.0}, (10.0, 4.0, 6.0)),
        ({"submitted_at": 100.0, "started_at": 104.0, "settled_at": 110.0, "run_seconds": 2.0}, (10.0, 8.0, 2.0)),
        # a clock that ran backwards, and one that is not ours
        ({"submitted_at": 100.0, "settled_at": 99.0}, (0.0, None, None)),
        ({"submitted_at": 100.0, "settled_at": 110.0, "run_seconds": 11.0}, (10.0, 0.0, 10.0)),
    ],
)
def test_times_are_told_as_far_as_they_are_known(times: dict[str, Any], seconds: tuple[float | None, ...]) -> None:
    (line,) = bill_for(priced(CLIPS[0], **times)).lines
    assert (line.seconds, line.queued_seconds, line.running_seconds) == seconds


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.STORED])
def test_what_is_not_stored_was_not_certainly_paid(state: JobState) -> None:
    bill = bill_for(priced(CLIPS[0], state))
    assert (bill.lines, bill.total_usd) == ((), 0)


@pytest.mark.parametrize("may_be_charged", [False, True])
def test_what_failed_is_named_with_its_reason_and_what_it_may_cost(may_be_charged: bool) -> None:
    failure = Failure(error="no_media_generated", message="nothing came", may_be_charged=may_be_charged)
    bill = bill_for(priced(CLIPS[0], JobState.FAILED, failure=failure))
    (failed,) = bill.failed
    assert (failed.label, failed.error, failed.reason) == (PLAN.assets[CLIPS[0]].label, failure.error, failure.message)
    assert (failed.usd, failed.may_be_charged) == (PLAN.assets[CLIPS[0]].price_usd, may_be_charged)
    assert bill.possibly_charged_usd == (failed.usd if may_be_charged else 0)


def test_what_failed_in_an_earlier_run_is_on_that_ones_bill() -> None:
    failure = Failure(error="x", message="y")
    bill = bill_for(
        priced(CLIPS[0], JobState.FAILED, failure=failure, run="earlier"),
        priced(CLIPS[1], JobState.SUBMITTED, run="earlier"),
    )
    assert (bill.failed, bill.unsettled, bill.possibly_charged_usd) == ((), (), 0)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_still_under_way_may_be_charged_unless_nothing_was_sent(state: JobState) -> None:
    bill = bill_for(priced(CLIPS[0], state))
    assert [entry.error for entry in bill.unsettled] == [state]
    expected = 0 if state is JobState.CLAIMED else PLAN.assets[CLIPS[0]].price_usd
    assert bill.possibly_charged_usd == expected


def test_what_is_held_is_not_called_unknown() -> None:
    """Its provider may have said that it made it, and has deleted it."""
    [entry] = bill_for(priced(CLIPS[0], JobState.HELD)).unsettled
    assert entry.reason == "fal may have made it, but it cannot be had from there"


def test_a_possible_duplicate_is_told_apart_from_what_was_paid() -> None:
    bill = bill_for(priced(CLIPS[0], possible_duplicates=2), priced(CLIPS[1], run="earlier", possible_duplicates=1))
    assert sorted(line.possible_duplicates for line in bill.lines) == [0, 2]
    assert bill.total_usd == PLAN.assets[CLIPS[0]].price_usd
    assert bill.possible_duplicate_usd == pytest.approx(2 * PLAN.assets[CLIPS[0]].price_usd)


def test_requests_that_fal_gave_up_and_may_have_charged_for_are_counted_beside_what_came() -> None:
    bill = bill_for(priced(CLIPS[0], charged_attempts=2), priced(CLIPS[1], run="earlier", charged_attempts=1))
    assert bill.total_usd == PLAN.assets[CLIPS[0]].price_usd
    assert bill.possibly_charged_usd == pytest.approx(2 * PLAN.assets[CLIPS[0]].price_usd)


def test_what_was_asked_for_again_and_came_is_one_line() -> None:
    (line,) = bill_for(priced(CLIPS[0], attempt=3, retries=2)).lines
    assert line.usd == PLAN.assets[CLIPS[0]].price_usd


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(PLAN.assets)), st.tuples(st.sampled_from(JobState), st.sampled_from([0, 1])))
)
def test_a_bill_is_within_the_quotes_ceiling_and_names_everything_of_its_run(
    states: dict[str, tuple[JobState, int]],
) -> None:
    jobs = [priced(address, state, possible_duplicates=twice) for address, (state, twice) in states.items()]
    bill = bill_for(*jobs)
    assert 0 <= bill.total_usd + bill.possibly_charged_usd <= PLAN.quote.ceiling_usd + 1e-6
    assert bill.total_usd == pytest.approx(sum(line.usd for line in bill.lines))
    named = {line.address for line in bill.lines} | {entry.address for entry in (*bill.failed, *bill.unsettled)}
    assert named == {address for address, (state, _) in states.items() if state in SETTLED | OPEN}


def test_what_belongs_to_another_plan_is_on_no_bill() -> None:
    other = "f" * 40
    assert bill_of(record_of({other: job_of(JobState.STORED, other)})).total_usd == 0


class TestSteppedDown:
    """Each part that was made with a lesser engine is named, with the reason for each better one."""

    PART = PLAN.parts[1]
    MADE = PartOutcome(part=1, engine="still", seconds=4.8, stepped_down=("hedra", "fabric"))
    HEDRA, FABRIC = (engine.clip.address for engine in PART.engines if engine.clip)

    def test_by_the_failure_of_the_job_and_by_what_the_run_has_noted(self) -> None:
        failure = Failure(error="content_policy_violation", message="flagged", permanent=True)
        noted = {self.FABRIC: Failure(error="EndpointLeftAlone", message="veed/fabric-1.0 is left alone for a while")}
        refused = priced(self.HEDRA, JobState.FAILED, failure=failure)
        (stepped_down,) = bill_for(refused, parts={1: self.MADE}, given_up=noted).stepped_down
        assert (stepped_down.part, stepped_down.line, stepped_down.what) == (1, 2, "line 2 (Mara)")
        assert stepped_down.engine == "still"
        assert [(given_up.engine, given_up.error) for given_up in stepped_down.given_up] == [
            ("hedra", "content_policy_violation"),
            ("fabric", "EndpointLeftAlone"),
        ]
        assert [given_up.reason for given_up in stepped_down.given_up] == [
            "flagged",
            "veed/fabric-1.0 is left alone for a while",
        ]

    def test_by_a_clip_that_came_and_cannot_be_used_and_is_paid_for(self) -> None:
        noted = {self.HEDRA: Failure(error="ClipRefused", message="it is too short")}
        bill = bill_for(priced(self.HEDRA), parts={1: self.MADE}, given_up=noted)
        assert [given_up.error for given_up in bill.stepped_down[0].given_up] == ["ClipRefused", NOT_KNOWN]
        assert bill.total_usd == PLAN.assets[self.HEDRA].price_usd

    def test_a_piece_of_a_line_is_named(self) -> None:
        plan = plan_of(TWO_SCENES, pieces={0: [part_of("one"), part_of("two")]})
        (stepped_down,) = bill_of(record_of({}, plan, parts={1: self.MADE})).stepped_down
        assert stepped_down.what == "line 1, piece 2 of 2 (Alex)"

    def test_nothing_is_said_of_parts_made_with_their_first_engine(self) -> None:
        made = {0: PartOutcome(part=0, engine="hedra", seconds=4.8)}
        assert bill_for(parts=made).stepped_down == ()


def test_every_asset_of_a_plan_has_a_price_of_the_list() -> None:
    assert {asset.first.endpoint for asset in PLAN.assets.values()} <= set(PRICES)
    for asset in PLAN.assets.values():
        price = PRICES[asset.first.endpoint]
        assert asset.unit == price.unit
        assert asset.price_usd == pytest.approx(price.of(dict(asset.first.arguments)) * asset.quantity)


@pytest.mark.parametrize(("speed", "usd"), [("TURBO", 0.03), ("BALANCED", 0.06), ("QUALITY", 0.09), ("other", 0.06)])
def test_a_price_may_depend_on_an_argument(speed: str, usd: float) -> None:
    assert PRICES["fal-ai/ideogram/v3"].of({"rendering_speed": speed}) == usd


def test_an_endpoint_without_a_price_is_not_free() -> None:
    assert price_of("fal-ai/unheard-of", "image").usd >= max(p.usd for p in PRICES.values() if p.unit == "image")
    assert price_of("fal-ai/unheard-of", "second").usd >= max(p.usd for p in PRICES.values() if p.unit == "second")
