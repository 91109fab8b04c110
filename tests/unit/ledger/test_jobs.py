"""What a job says of itself: which callbacks it expects, and how it failed."""

import pytest

from shared.ledger.records import CANCELLED, Failure
from shared.ledger.states import JobState
from tests.builders import SECRET, job_of


@pytest.mark.parametrize(
    ("attempt", "secret", "expected"), [(1, SECRET, True), (1, "", False), (1, "guessed", False), (2, "", False)]
)
def test_a_callback_is_expected_only_with_the_secret_of_its_attempt(attempt: int, secret: str, expected: bool) -> None:
    assert job_of().expects(attempt, secret) is expected


@pytest.mark.parametrize(("error", "withdrawn"), [(CANCELLED, True), ("timeout", False)])
def test_only_a_job_that_nobody_wanted_any_more_was_withdrawn(error: str, withdrawn: bool) -> None:
    failure = Failure(error=error, message="why")
    assert job_of(JobState.FAILED, failure=failure).was_withdrawn is withdrawn
