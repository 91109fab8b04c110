"""The table of a job's states: what it allows, and what it must never allow."""

import pytest

from shared.ledger.records import Failure
from shared.ledger.rules import claimed_job, gives_back, may_claim
from shared.ledger.states import (
    CLAIM,
    FAIL,
    HOLD,
    OPEN,
    RELEASE,
    REPEAT,
    RETRY,
    SEND,
    SETTLED,
    STORE,
    TRANSITIONS,
    JobState,
    Transition,
)
from tests.builders import SECRET, claim_of, job_of

POSSIBLY_AT_FAL = {JobState.SUBMITTING, JobState.SUBMITTED, JobState.UNCONFIRMED, JobState.HELD}


def test_every_state_is_free_open_or_settled() -> None:
    assert {JobState.FREE} | OPEN | SETTLED == set(JobState)
    assert not OPEN & SETTLED
    assert JobState.FREE not in OPEN | SETTLED


def test_nothing_is_sent_twice() -> None:
    # sending is possible from a claim alone, and a claim only where fal cannot have the job, or a person said so
    assert SEND.sources == {JobState.CLAIMED}
    assert CLAIM.sources & POSSIBLY_AT_FAL == {JobState.HELD}
    assert [step for step in TRANSITIONS if step.target is JobState.SUBMITTING] == [SEND]
    # and free again becomes only what its submitter, or fal, says is over
    assert [step for step in TRANSITIONS if step.target is JobState.FREE] == [RELEASE, RETRY, REPEAT]
    assert JobState.HELD not in RELEASE.sources | RETRY.sources | REPEAT.sources


def test_what_is_given_back_was_certainly_not_bought() -> None:
    assert [step for step in TRANSITIONS if step.refunds] == [RELEASE, RETRY]
    assert gives_back(FAIL, Failure(error="http_500", message="down", may_be_charged=False))
    assert not gives_back(FAIL, Failure(error="http_422", message="no"))
    assert not gives_back(HOLD, None)


def test_a_held_job_is_bought_again_by_a_persons_word_alone() -> None:
    held = job_of(JobState.HELD)
    assert not may_claim(held, claim_of(run="later"), 1e12)
    assert may_claim(held, claim_of(run="later", rebuy=True), 0.0)
    assert claimed_job(held, claim_of(run="later", rebuy=True), 0.0).possible_duplicates == 1


def test_a_run_buys_what_is_held_once_more_and_not_again_and_again() -> None:
    again = claim_of(run="later", rebuy=True)
    bought = claimed_job(job_of(JobState.HELD), again, 0.0).model_copy(update={"state": JobState.HELD})
    assert not may_claim(bought, again, 1e12)
    # nor after a retry of its own
    retried = claimed_job(bought.model_copy(update={"state": JobState.FREE}), again, 0.0)
    assert not may_claim(retried.model_copy(update={"state": JobState.HELD}), again, 1e12)
    # but a later run may
    assert may_claim(bought, claim_of(run="latest", rebuy=True), 0.0)


def test_what_is_stored_stays_stored() -> None:
    assert not [step for step in TRANSITIONS if JobState.STORED in step.sources]


def test_a_result_can_be_stored_whatever_became_of_its_job() -> None:
    assert STORE.sources == set(JobState) - {JobState.STORED}


@pytest.mark.parametrize("transition", [step for step in TRANSITIONS if step is not CLAIM], ids=lambda step: step.name)
def test_only_a_claim_opens_a_job(transition: Transition) -> None:
    """Its mark among the open jobs is written with the claim, and by nothing else."""
    assert transition.sources <= OPEN or transition.target not in OPEN


@pytest.mark.parametrize("state", JobState)
def test_a_job_knows_whether_it_is_open(state: JobState) -> None:
    assert job_of(state).is_open == (state in OPEN)


@pytest.mark.parametrize(
    ("attempt", "secret", "expected"),
    [
        (1, SECRET, True),
        (2, "zwei", True),
        (1, "zwei", False),
        (3, "", False),
        (3, SECRET, False),
        (1, "sécret", False),
    ],
)
def test_a_callback_has_to_carry_the_secret_of_its_attempt(attempt: int, secret: str, expected: bool) -> None:
    job = job_of(attempt=2, secrets={"1": SECRET, "2": "zwei"})
    assert job.expects(attempt, secret) is expected
