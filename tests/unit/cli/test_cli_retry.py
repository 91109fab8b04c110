"""What a next attempt tries again, what it does not, and what it costs at most."""

import pytest

from cli.retry import NothingToRetry, Retry, RetryInVain, retry_of
from shared.keys import AssetKind
from shared.ledger.records import Failure, Job, PartOutcome, Run, RunState
from shared.ledger.states import JobState
from shared.plan.quote import quote_of
from shared.providers.names import ProviderName
from tests.builders import DIGEST, EPISODE, RUN, TWO_SCENES, addresses_of, job_of, plan_of

PLAN = plan_of(TWO_SCENES)
PORTRAIT = min(addresses_of(PLAN, AssetKind.PORTRAIT))
FIRST = PLAN.parts[0]
HEDRA = FIRST.engines[0].clip.address if FIRST.engines[0].clip else ""
REFUSED = Failure(error="AssetFailed", message="a portrait was refused")
STOPPED = Failure(error="ExecutionEnded", message="the execution was stopped")


def ended(state: RunState, failure: Failure | None = None) -> Run:
    known = {"episode_id": EPISODE, "digest": DIGEST, "attempt": 1, "name": RUN, "started_at": 1.0, "ended_at": 2.0}
    return Run.model_validate({**known, "state": state, "failure": failure})


def all_stored() -> dict[str, Job]:
    return {address: job_of(JobState.STORED, address) for address in PLAN.assets}


def failed(address: str, *, permanent: bool) -> dict[str, Job]:
    failure = Failure(error="any", message="fal would not", permanent=permanent)
    return {address: job_of(JobState.FAILED, address, failure=failure)}


def stepped_down(*, engine: str = "fabric", down: tuple[str, ...] = ("hedra",)) -> dict[int, PartOutcome]:
    """Return a run's parts, of which the first was made with a lesser engine."""
    usual = PartOutcome(part=0, engine="hedra", seconds=4.8)
    made = {part.index: usual.model_copy(update={"part": part.index}) for part in PLAN.parts}
    made[0] = usual.model_copy(update={"engine": engine, "stepped_down": down})
    return made


def retried(
    run: Run, jobs: dict[str, Job], made: dict[int, PartOutcome] | None = None, *, rebuy: bool = False
) -> Retry:
    return retry_of(run, PLAN, jobs, made or {}, rebuy=rebuy)


def test_an_episode_in_which_all_went_well_has_nothing_to_retry() -> None:
    made = {index: outcome.model_copy(update={"stepped_down": ()}) for index, outcome in stepped_down().items()}
    with pytest.raises(NothingToRetry, match="nothing failed or was stepped down"):
        retried(ended(RunState.DONE), all_stored(), made)


def test_an_engine_that_failed_once_is_tried_again_at_its_price() -> None:
    # given a line made with fabric, since hedra gave its clip up
    jobs = all_stored() | failed(HEDRA, permanent=False)
    # when a next attempt is considered
    found = retried(ended(RunState.DONE), jobs, stepped_down())
    # then hedra is tried again for that line, and nothing else is paid for
    assert len(found.again) == 1
    assert "line 1 (Alex)" in found.again[0]
    assert "fal would not" in found.again[0]
    assert found.in_vain == ()
    assert found.ceiling_usd == PLAN.assets[HEDRA].price_usd


def test_an_engine_that_was_passed_over_is_tried_again() -> None:
    # given a line whose first engine was left alone during an outage
    jobs = {address: job for address, job in all_stored().items() if address != HEDRA}
    # then there is no job of it that failed, and it is tried all the same
    assert retried(ended(RunState.DONE), jobs, stepped_down()).again == ("line 1: hedra was passed over",)


@pytest.mark.parametrize(
    ("jobs", "why"),
    [
        (all_stored() | failed(HEDRA, permanent=True), "refused for good"),
        (all_stored(), "could not be used"),
    ],
)
def test_what_would_be_stepped_down_in_the_same_way_is_not_tried(jobs: dict[str, Job], why: str) -> None:
    with pytest.raises(RetryInVain, match=why):
        retried(ended(RunState.DONE), jobs, stepped_down())


def test_a_run_that_was_stopped_is_tried_again_for_what_is_missing() -> None:
    # given a run that was stopped with its pictures made
    jobs = {address: job for address, job in all_stored().items() if PLAN.assets[address].kind is not AssetKind.CLIP}
    found = retried(ended(RunState.FAILED, STOPPED), jobs)
    # then that is said, with the price of all clips at most
    assert found.again == ("the run, which ended: the execution was stopped",)
    assert found.ceiling_usd == quote_of(PLAN.assets, PLAN.parts, jobs.keys()).ceiling_usd


def test_a_run_that_came_to_no_plan_is_tried_again_as_a_whole() -> None:
    found = retry_of(ended(RunState.FAILED, STOPPED), None, {}, {}, rebuy=False)
    assert (found.again, found.ceiling_usd) == (("the run, which ended: the execution was stopped",), None)


def test_a_portrait_that_failed_is_tried_again_unless_it_was_refused_for_good() -> None:
    # given a portrait that fal could not make
    run = ended(RunState.FAILED, REFUSED)
    assert "fal would not" in retried(run, failed(PORTRAIT, permanent=False)).again[0]
    # then one that it will not make is not asked for again
    with pytest.raises(RetryInVain, match="refused for good: change it, or raise its take"):
        retried(run, failed(PORTRAIT, permanent=True))


def test_what_is_held_is_bought_once_more_only_when_a_person_says_so() -> None:
    # given a clip of which nobody knows whether it was bought
    run = ended(RunState.FAILED, Failure(error="AssetHeld", message="nobody can tell"))
    jobs = all_stored() | {HEDRA: job_of(JobState.HELD, HEDRA)}
    # then without a word it stays held
    with pytest.raises(RetryInVain, match="--rebuy buys it once more"):
        retried(run, jobs)
    # and whoever may have made it is named
    elsewhere = {"provider": ProviderName.HEDRA, "endpoint": "hedra-avatar"}
    with pytest.raises(RetryInVain, match=r"hedra-avatar at Hedra's API.*: Hedra's API may or may not have made it"):
        retried(run, jobs | {HEDRA: jobs[HEDRA].model_copy(update=elsewhere)})
    # and with it the price is told
    found = retried(run, jobs, rebuy=True)
    assert "may have charged for it before" in found.again[0]
    assert found.ceiling_usd is not None
    assert found.ceiling_usd >= PLAN.assets[HEDRA].price_usd
