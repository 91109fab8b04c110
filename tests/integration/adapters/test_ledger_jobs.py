"""Jobs in the ledger: the fake and DynamoDB keep the same contract."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from shared.ledger.dynamodb import DynamoLedger, LedgerBusy
from shared.ledger.records import Failure, Job
from shared.ledger.states import (
    ACCEPT,
    CLAIM,
    DOUBT,
    FAIL,
    HOLD,
    OPEN,
    RELEASE,
    SEND,
    SETTLED,
    START,
    STORE,
    TRANSITIONS,
    JobState,
    Transition,
)
from shared.ports import Ledger
from tests.builders import ADDRESS, claim_job, claim_of, job_of, open_jobs

WAY_TO: dict[JobState, tuple[Transition, ...]] = {
    JobState.FREE: (RELEASE,),
    JobState.CLAIMED: (),
    JobState.SUBMITTING: (SEND,),
    JobState.SUBMITTED: (SEND, ACCEPT),
    JobState.UNCONFIRMED: (SEND, DOUBT),
    JobState.HELD: (SEND, DOUBT, HOLD),
    JobState.STORED: (SEND, STORE),
    JobState.FAILED: (FAIL,),
}
STEPS = [transition for transition in TRANSITIONS if transition is not CLAIM]


def brought_to(state: JobState, ledger: Ledger, address: str = ADDRESS, *, now: float = 1000.0) -> Job:
    job = claim_job(ledger, claim_of(address), now)
    for transition in WAY_TO[state]:
        assert job is not None
        changes = {"failure": Failure(error="broken", message="it broke")} if transition is FAIL else None
        job = ledger.step(job, transition, now, changes)
    assert job is not None
    assert job.state is state
    return job


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("transition", STEPS, ids=lambda transition: transition.name)
def test_a_step_is_made_from_its_sources_and_from_nowhere_else(
    ledger: Ledger, state: JobState, transition: Transition
) -> None:
    # given a job in some state
    job = brought_to(state, ledger)
    before = ledger.job(ADDRESS)
    # when the step is tried
    after = ledger.step(job, transition, 2000.0, {"doubt": "none"})
    # then it is made, or nothing has changed
    if state in transition.sources:
        assert after is not None
        assert after == ledger.job(ADDRESS)
        assert (after.state, after.doubt) == (transition.target, "none")
        assert after.settled_at == (2000.0 if transition.target in SETTLED else job.settled_at)
    else:
        assert after is None
        assert ledger.job(ADDRESS) == before
    # and the job is among the open ones exactly when its state is an open one
    current = ledger.job(ADDRESS)
    assert current is not None
    assert open_jobs(ledger) == ([current] if current.state in OPEN else [])


@pytest.mark.parametrize("state", JobState)
def test_who_may_claim(ledger: Ledger, state: JobState) -> None:
    # given a job whose lease runs until 1090
    brought_to(state, ledger)
    # when another run claims it before and after that
    early = claim_job(ledger, claim_of(run="other", secret="new"), 1089.0)
    late = claim_job(ledger, claim_of(run="other", secret="new"), 1090.0)
    # then it gets what is free or failed, and only a lapsed claim from which nothing was sent
    assert (early is not None) == (state in {JobState.FREE, JobState.FAILED})
    assert (early is not None or late is not None) == (state in {JobState.FREE, JobState.FAILED, JobState.CLAIMED})
    if claimed := early or late:
        assert (claimed.state, claimed.attempt, claimed.run) == (JobState.CLAIMED, 2, "other")
        assert claimed.secrets == {"1": "s3cret", "2": "new"}
        assert (claimed.failure, claimed.settled_at, claimed.request_id) == (None, None, None)
        assert open_jobs(ledger) == [claimed] == [ledger.job(ADDRESS)]


def test_what_failed_is_not_claimed_by_the_same_run_nor_when_it_failed_for_good(ledger: Ledger) -> None:
    # given one job that failed for now, and one that failed for good
    brought_to(JobState.FAILED, ledger)
    job = claim_job(ledger, claim_of("b" * 40), 1000.0)
    assert job
    for_good = Failure(error="content_policy_violation", message="blocked", permanent=True)
    assert ledger.step(job, FAIL, 1000.0, {"failure": for_good})
    # then its own run claims neither, and a later run only the first
    assert claim_job(ledger, claim_of(), 9999.0) is None
    assert claim_job(ledger, claim_of("b" * 40, run="later"), 9999.0) is None
    assert claim_job(ledger, claim_of(run="later"), 9999.0) is not None


def test_a_step_of_an_earlier_attempt_is_refused(ledger: Ledger) -> None:
    # given a claim that lapsed and was taken over
    first = brought_to(JobState.CLAIMED, ledger)
    second = claim_job(ledger, claim_of(run="other"), 2000.0)
    # then the first claimant cannot send any more, and the second can
    assert ledger.step(first, SEND, 2001.0) is None
    assert second
    assert ledger.step(second, SEND, 2001.0)


def test_a_step_of_a_job_that_nobody_claimed_is_refused(ledger: Ledger) -> None:
    assert ledger.step(job_of(JobState.SUBMITTED), STORE, 1.0) is None
    assert ledger.job(ADDRESS) is None
    assert open_jobs(ledger) == []


def test_of_many_claims_at_once_exactly_one_wins(ledger: Ledger) -> None:
    # given sixteen claimants who start together, for each of three addresses
    barrier = Barrier(16)

    def claim(number: int) -> list[bool]:
        barrier.wait()
        return [
            claim_job(ledger, claim_of(digit * 40, run=f"run-{number}", secret=str(number)), 1000.0) is not None
            for digit in "abc"
        ]

    # when they all claim
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(claim, range(16)))
    # then each address has one winner, on its first attempt
    assert [sum(column) for column in zip(*won, strict=True)] == [1, 1, 1]
    assert {job.attempt for job in open_jobs(ledger)} == {1}


def test_changes_come_back_as_they_went_in(ledger: Ledger) -> None:
    # given a job with every kind of value
    job = brought_to(JobState.SUBMITTING, ledger)
    failure = Failure(error="no_media_generated", message="Zoë's 3.14159", permanent=True)
    changes = {"request_id": "r", "submitted_at": 1_800_000_000.123456, "size": 2**40, "failure": failure}
    # when it is stepped and read
    after = ledger.step(job, ACCEPT, 1.5, changes)
    # then nothing is rounded or lost
    assert after == ledger.job(ADDRESS) == Job.model_validate({**job.model_dump(), **changes, "state": "SUBMITTED"})


def test_a_mark_of_progress_keeps_the_state(ledger: Ledger) -> None:
    job = brought_to(JobState.SUBMITTED, ledger)
    assert ledger.step(job, START, 1.0, {"started_at": 1.0})
    current = ledger.job(ADDRESS)
    assert current
    assert (current.state, current.started_at) == (JobState.SUBMITTED, 1.0)


def test_jobs_of_more_addresses_than_one_request_carries(ledger: Ledger) -> None:
    # given 120 jobs, and addresses that the ledger has never seen, some asked for twice
    addresses = [f"{number:040x}" for number in range(120)]
    for address in addresses:
        claim_job(ledger, claim_of(address), float(int(address, 16)))
    # when all are asked for at once
    found = ledger.jobs([*addresses, "f" * 40, *addresses[:5]])
    # then all that there are come back, each under its address
    assert set(found) == set(addresses)
    assert all(job.address == address for address, job in found.items())
    # and all of them are open, the oldest first
    assert [job.address for job in open_jobs(ledger)] == addresses
    assert ledger.jobs([]) == {}


class _Refusing:
    """A DynamoDB client whose transactions are refused some times first."""

    def __init__(self, client: Any, code: str, times: int) -> None:
        self._client, self._code, self.left = client, code, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self.left:
            self.left -= 1
            response = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": self._code}],
            }
            raise self._client.exceptions.TransactionCanceledException(response, "TransactWriteItems")
        return self._client.transact_write_items(**request)


def test_a_transaction_in_the_way_of_another_is_tried_again(aws: Any, table: str) -> None:
    ledger = DynamoLedger(_Refusing(aws("dynamodb"), "TransactionConflict", 5), table, wait=lambda _: None)  # type: ignore[arg-type]
    assert claim_job(ledger, claim_of(), 1000.0)


def test_it_is_not_tried_for_ever(aws: Any, table: str) -> None:
    ledger = DynamoLedger(_Refusing(aws("dynamodb"), "TransactionConflict", 99), table, wait=lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(LedgerBusy):
        claim_job(ledger, claim_of(), 1000.0)


def test_other_refusals_are_not_taken_for_a_lost_race(aws: Any, table: str) -> None:
    client = aws("dynamodb")
    ledger = DynamoLedger(_Refusing(client, "ThrottlingError", 1), table)  # type: ignore[arg-type]
    with pytest.raises(client.exceptions.TransactionCanceledException):
        claim_job(ledger, claim_of(), 1000.0)
