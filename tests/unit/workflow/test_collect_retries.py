"""What fal gives up is asked for once more, where fal says that this may help."""

import pytest

from shared.keys import AssetKind
from shared.ledger.budgets import Budget, BudgetKind, Usage
from shared.ledger.outages import STRIKES, closure
from shared.ledger.records import Handover
from shared.ledger.states import ACCEPT, CANCEL, SEND, START, JobState
from shared.providers.names import ProviderName
from shared.workflow.asking import AssetRequest
from shared.workflow.collect_asset import (
    MAX_RETRIES,
    Collected,
)
from tests.builders import (
    ADDRESS,
    EPISODE,
    callback,
    claim_job,
    claim_of,
    job_failed,
)
from tests.unit.workflow.job_at_fal import collect, failure_of, world_with_a_job_at_fal
from tests.world import World

EPISODE_BUDGET = Budget(BudgetKind.EPISODE, EPISODE)


@pytest.fixture
def world() -> World:
    return world_with_a_job_at_fal()


@pytest.mark.parametrize("error_type", ["generation_timeout", "runner_server_error"])
def test_what_may_pass_is_asked_for_again_a_few_times(world: World, error_type: str) -> None:
    # given a job that fal gives up again and again, for a reason that may pass
    for retry in range(MAX_RETRIES):
        attempt = world.job(ADDRESS).attempt
        failed = callback(attempt=attempt, secret=world.job(ADDRESS).secrets[str(attempt)], body=job_failed(error_type))
        assert collect(failed, world) is Collected.ASKED_AGAIN
        # then it is free, what it would have cost is given back, and it is asked for again on behalf of one waiter
        assert world.job(ADDRESS).state is JobState.FREE
        assert world.ledger.spent(EPISODE_BUDGET) == Usage()
        kind, body, delay = world.requests.sent.pop()
        assert AssetRequest.model_validate_json(body).token in {"one", "two"}
        assert (kind, delay) == (AssetKind.PORTRAIT, 15 * 2**retry)
        assert world.tokens.answers == {}
        # and a second delivery of the same news changes nothing
        assert collect(failed, world) is Collected.KNOWN
        at_fal_again(world)
    # when it is given up once more
    attempt = world.job(ADDRESS).attempt
    last = callback(attempt=attempt, secret=world.job(ADDRESS).secrets[str(attempt)], body=job_failed(error_type))
    assert collect(last, world) is Collected.FAILED
    # then it has failed, though not for good, and everybody knows
    assert (failure_of(world).error, failure_of(world).permanent) == (error_type, False)
    assert {world.tokens.error(token) for token in ("one", "two")} == {"AssetFailed"}
    # and in the next run it is tried as often again
    assert claim_job(world.ledger, claim_of(run="later"), world.clock())
    assert world.job(ADDRESS).retries == 0


def test_what_fal_may_have_charged_for_stays_in_the_budget_when_it_is_asked_for_again(world: World) -> None:
    # given a job that fal gives up, with an error that it may charge for
    usage = world.job(ADDRESS).usage
    assert collect(callback(body=job_failed("downstream_service_error")), world) is Collected.ASKED_AGAIN
    # then it is free to be bought anew, and what the first request may have cost is still counted
    assert (world.job(ADDRESS).state, world.job(ADDRESS).charged_attempts) == (JobState.FREE, 1)
    assert world.ledger.spent(EPISODE_BUDGET) == usage
    # and the next request takes its own part
    at_fal_again(world)
    assert world.job(ADDRESS).charged_attempts == 1
    assert world.ledger.spent(EPISODE_BUDGET).images == 2 * usage.images


def at_fal_again(world: World) -> None:
    """Claim, send and have accepted once more what is free."""
    job = claim_job(world.ledger, claim_of(secret=f"secret {world.job(ADDRESS).attempt + 1}"), world.clock())
    for step in (SEND, ACCEPT):
        assert job
        job = world.ledger.step(job, step, world.clock(), {"request_id": "again"} if step is ACCEPT else {})


def test_files_that_fal_could_not_fetch_are_handed_over_afresh_once(world: World) -> None:
    # given a job whose file fal could not fetch
    world.ledger.note_handover("f" * 40, ProviderName.FAL, Handover(url="https://v3.fal.media/gone", expires_at=9e9))
    assert world.ledger.step(world.job(ADDRESS), START, 1.0, {"handed_over": ("f" * 40,)})
    assert collect(callback(body=job_failed("file_download_error")), world) is Collected.ASKED_AGAIN
    # then the file will be handed over afresh, and the asset is asked for again
    assert world.ledger.handover("f" * 40, ProviderName.FAL) is None
    assert len(world.requests.sent) == 1
    # and when that did not help, it has failed
    at_fal_again(world)
    again = callback(attempt=2, secret="secret 2", body=job_failed("file_download_error"))
    assert collect(again, world) is Collected.FAILED
    assert not failure_of(world).permanent


def test_an_endpoint_that_gives_up_again_and_again_is_left_alone(world: World) -> None:
    place = world.job(ADDRESS).place
    for _ in range(STRIKES - 1):
        world.ledger.note_outage(str(place), "down", world.clock())
    collect(callback(body=job_failed("runner_server_error")), world)
    assert closure(place, world.ledger.outages([str(place)]), world.clock())


def test_a_job_that_was_cancelled_for_being_overdue_says_so(world: World) -> None:
    assert world.ledger.step(world.job(ADDRESS), CANCEL, 1.0, {"cancelled_at": 1.0})
    assert collect(callback(body=job_failed("client_cancelled")), world) is Collected.FAILED
    assert failure_of(world).error == "Overdue"
    assert world.tokens.error("one") == "AssetFailed"
