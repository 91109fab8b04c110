"""Why a run failed, in words."""

import json

import pytest

from shared.keys import AssetKind
from shared.ledger.records import Failure, PartOutcome
from shared.ledger.states import JobState
from shared.workflow.reasons import ASSET_LATE, STEPPED_DOWN, reason_of, troubles_of
from tests.builders import TWO_SCENES, addresses_of, job_of, plan_of

PLAN = plan_of(TWO_SCENES)
CLIP = PLAN.parts[1].engines[0].clip or PLAN.parts[1].picture


def test_an_asset_that_failed_tells_its_own_reason() -> None:
    # given a clip that fal refused
    refused = Failure(error="content_policy_violation", message="flagged by a content checker", permanent=True)
    jobs = {CLIP.address: job_of(JobState.FAILED, CLIP.address, failure=refused)}
    # when the plot reports no more than that a part failed
    failure = Failure(error="PartFailed", message="see status.json")
    troubles = troubles_of(PLAN, jobs, {}, failure)
    # then the line, its speaker and fal's reason are named
    assert reason_of(failure, troubles) == "line 2 (Mara): flagged by a content checker"


def test_what_is_late_is_named_when_that_is_the_reason_and_only_then() -> None:
    # given two portraits that are still being made
    jobs = {address: job_of(JobState.SUBMITTED, address) for address in addresses_of(PLAN, AssetKind.PORTRAIT)}
    late = Failure(error=ASSET_LATE, message="a portrait did not come within 6 hours")
    # then a run that waited too long names both, the first in its message
    troubles = troubles_of(PLAN, jobs, {}, late)
    assert {trouble.what for trouble in troubles} == {"portrait of Alex", "portrait of Mara"}
    assert reason_of(late, troubles).startswith(f"{troubles[0].what}: fal has not delivered it")
    # and one that failed of something else names none
    assert troubles_of(PLAN, jobs, {}, Failure(error="ExecutionEnded", message="stopped")) == ()


def test_a_lesser_engine_is_a_trouble_and_no_reason_to_fail() -> None:
    # given a line that was made with the second engine, in a run that failed of something else
    made = {
        0: PartOutcome(part=0, engine="still", house_address="b" * 40, seconds=4.8, stepped_down=("hedra", "fabric"))
    }
    failure = Failure(error="ShotFailed", message="a shot could not be made")
    troubles = troubles_of(PLAN, {}, made, failure)
    # then it is told, but not for the reason
    assert [(trouble.what, trouble.error) for trouble in troubles] == [("line 1", STEPPED_DOWN)]
    assert "hedra, fabric" in troubles[0].message
    assert reason_of(failure, troubles) == "a shot could not be made"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (
            {"errorType": "MemoryError", "errorMessage": "no more memory", "stackTrace": ["x"]},
            "MemoryError: no more memory",
        ),
        ({"errorMessage": "Task timed out after 60.00 seconds"}, "Task timed out after 60.00 seconds"),
        ({"errorType": "Runtime.ExitError", "errorMessage": ""}, "Runtime.ExitError"),
        ({"other": 1}, '{"other": 1}'),
    ],
)
def test_a_crashed_function_is_told_in_words(cause: dict[str, object], words: str) -> None:
    assert reason_of(Failure(error="Lambda.AWSLambdaException", message=json.dumps(cause)), ()) == words


@pytest.mark.parametrize("error", ["States.Timeout", "Lambda.Unknown", "Something"])
def test_no_reason_is_never_empty(error: str) -> None:
    assert len(reason_of(Failure(error=error, message=" "), ())) > 20
