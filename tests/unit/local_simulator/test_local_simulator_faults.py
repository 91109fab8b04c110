"""How often faults strike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from local.simulator.faults import FAULT, Faults, JobFault, SubmitFault, WebhookFault


@given(count=st.integers(1, 20), tries=st.integers(0, 60), probability=st.floats(0.05, 1), seed=st.integers())
def test_count_is_never_exceeded_and_dice_are_reproducible(
    count: int, tries: int, probability: float, seed: int
) -> None:
    # given the same fault, ordered twice
    fault = JobFault(kind="nsfw", count=count, probability=probability, seed=seed)
    first, second = Faults(), Faults()
    first.add(fault)
    second.add(fault)

    # when both are tried equally often
    struck = [first.take(JobFault) is not None for _ in range(tries)]

    # then the same tries strike, at most as many as ordered, and every hit is counted
    assert [second.take(JobFault) is not None for _ in range(tries)] == struck
    assert sum(struck) <= count
    assert first.all()[0].hits == sum(struck)
    if probability == 1:
        assert sum(struck) == min(count, tries)


@given(probability=st.floats(0.2, 0.8), seed=st.integers(0, 1000))
def test_probability_is_about_what_was_asked_for(probability: float, seed: int) -> None:
    faults = Faults()
    faults.add(JobFault(kind="nsfw", probability=probability, seed=seed))
    struck = sum(faults.take(JobFault) is not None for _ in range(1000))
    # Six standard deviations of the binomial distribution are at most 95.
    assert abs(struck - 1000 * probability) <= 95


def test_fault_strikes_its_own_endpoint_step_and_kind_only() -> None:
    faults = Faults()
    faults.add(WebhookFault(kind="drop", endpoint="a/b"))
    assert faults.take(WebhookFault, "a/c") is None
    assert faults.take(JobFault, "a/b") is None
    assert faults.take(WebhookFault, "a/b", among=frozenset({"delay"})) is None
    assert faults.take(WebhookFault, "a/b") is not None


def test_used_up_fault_makes_room_for_the_next() -> None:
    faults = Faults()
    faults.add(SubmitFault(kind="internal_error", count=1))
    faults.add(SubmitFault(kind="garbage_json", count=1))
    taken = [faults.take(SubmitFault) for _ in range(3)]
    assert [fault and fault.kind for fault in taken] == ["internal_error", "garbage_json", None]


def test_removed_fault_strikes_no_more() -> None:
    faults = Faults()
    fault_id = faults.add(SubmitFault(kind="internal_error")).fault_id
    assert faults.remove(fault_id)
    assert not faults.remove(fault_id)
    assert faults.take(SubmitFault) is None


def test_unknown_error_type_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValidationError, match="content_policy_violation"):
        FAULT.validate_python({"stage": "job", "kind": "error", "error_type": "bad_luck"})
