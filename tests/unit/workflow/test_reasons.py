"""Why a run failed, in words."""

import json
from typing import Any

import pytest

from shared.keys import AssetKind
from shared.ledger.records import Failure, Job, PartOutcome, Run, RunState
from shared.ledger.states import JobState
from shared.plan.models import Plan
from shared.providers.names import ProviderName
from shared.run_record import RunRecord
from shared.workflow.reasons import ASSET_LATE, STEPPED_DOWN, reason_of, troubles_of
from shared.workflow.status import Trouble
from shared.workflow.waking import ASSET_HELD
from tests.builders import DIGEST, EPISODE, RUN, TWO_SCENES, addresses_of, job_of, plan_of

PLAN = plan_of(TWO_SCENES)
HEDRA, FABRIC = (engine.clip.address for engine in PLAN.parts[1].engines if engine.clip)
COMPOSITE = PLAN.parts[3].picture.address
FLAGGED = Failure(error="content_policy_violation", message="flagged by a content checker", permanent=True)
PART_FAILED = Failure(error="PartFailed", message="see status.json")


def troubles(*jobs: Job, failure: Failure | None = None, plan: Plan = PLAN, **known: Any) -> tuple[Trouble, ...]:
    run = Run(episode_id=EPISODE, digest=DIGEST, attempt=1, name=RUN, state=RunState.RUNNING, started_at=1.0)
    return troubles_of(RunRecord(run, plan, {job.address: job for job in jobs}, **known), failure)


def failed(address: str, failure: Failure = FLAGGED, run: str = RUN) -> Job:
    return job_of(JobState.FAILED, address, failure=failure, run=run)


def test_an_asset_that_failed_tells_its_own_reason() -> None:
    # given a clip that fal refused, when the plot reports no more than that a part failed
    found = troubles(failed(HEDRA), failure=PART_FAILED)
    # then the line, its speaker and fal's reason are named
    assert reason_of(PART_FAILED, found) == "line 2 (Mara): flagged by a content checker"


def test_the_reason_is_what_the_run_could_not_do_without() -> None:
    # given a clip that another engine stood in for, or may yet, and a composite of a later line that failed
    refusal = Failure(error="invalid_request", message="guidance_scale: too much", permanent=True)
    found = troubles(failed(HEDRA), failed(COMPOSITE, refusal), failure=PART_FAILED)
    # then both are told, and the composite is the reason
    assert {trouble.error for trouble in found} == {"content_policy_violation", "invalid_request"}
    assert reason_of(PART_FAILED, found) == "Mara in scene 2: guidance_scale: too much"
    # and of two clips it is that of the line for which no engine is left
    document = {**TWO_SCENES, "engines": ["hedra", "fabric"]}
    plan = plan_of(document)
    (first, _), (second, third) = (
        [engine.clip.address for engine in plan.parts[index].engines if engine.clip] for index in (0, 3)
    )
    found = troubles(failed(first, refusal), failed(second), failed(third), failure=PART_FAILED, plan=plan)
    assert reason_of(PART_FAILED, found) == "line 4 (Mara): flagged by a content checker"


def test_what_is_late_is_named_when_that_is_the_reason_and_only_then() -> None:
    # given two portraits that are still being made
    jobs = [job_of(JobState.SUBMITTED, address) for address in addresses_of(PLAN, AssetKind.PORTRAIT)]
    late = Failure(error=ASSET_LATE, message="a portrait did not come within 6 hours")
    # then a run that waited too long names both, the first in its message
    found = troubles(*jobs, failure=late)
    assert {trouble.what for trouble in found} == {"portrait of Alex", "portrait of Mara"}
    assert reason_of(late, found).startswith(f"{found[0].what}: fal has not delivered it")
    # and whoever has not delivered it is named
    [elsewhere] = troubles(jobs[0].model_copy(update={"provider": ProviderName.REPLICATE}), failure=late)
    assert elsewhere.message.startswith("Replicate has not delivered it")
    # and one that failed of something else names none
    assert troubles(*jobs, failure=Failure(error="ExecutionEnded", message="stopped")) == ()


def test_what_is_held_is_named_with_what_to_do() -> None:
    held = Failure(error=ASSET_HELD, message="nobody can tell")
    found = troubles(failed(HEDRA), job_of(JobState.HELD, COMPOSITE), failure=held)
    assert ("Mara in scene 2", ASSET_HELD) in {(trouble.what, trouble.error) for trouble in found}
    assert reason_of(held, found).startswith("Mara in scene 2: ")
    assert "episode retry --rebuy" in reason_of(held, found)


def test_a_lesser_engine_is_a_trouble_and_no_reason_to_fail() -> None:
    # given a line that was made with the last engine, in a run that failed of something else
    made = PartOutcome(part=1, engine="still", seconds=4.8, stepped_down=("hedra", "fabric"))
    failure = Failure(error="ShotFailed", message="a shot could not be made")
    found = [trouble for trouble in troubles(failed(HEDRA), parts={1: made}) if trouble.error == STEPPED_DOWN]
    # then it is told, with the reason of each engine that was given up, but not for the reason
    assert [trouble.what for trouble in found] == ["line 2 (Mara)"]
    assert "still" in found[0].message
    assert "hedra: flagged by a content checker; fabric: " in found[0].message
    assert reason_of(failure, tuple(found)) == "a shot could not be made"


def test_what_a_run_did_not_come_to_is_no_trouble_of_it() -> None:
    # given a line made with its first engine, whose second one failed for good in an earlier run
    made = PartOutcome(part=1, engine="hedra", seconds=4.8)
    assert troubles(failed(FABRIC, run="earlier"), parts={1: made}) == ()
    # and a failure of an earlier run that this one was free to try again
    passing = Failure(error="Overdue", message="took too long")
    assert troubles(failed(COMPOSITE, passing, run="earlier"), failure=PART_FAILED) == ()
    # but what was refused for good is one wherever it is needed
    assert len(troubles(failed(COMPOSITE, run="earlier"), failure=PART_FAILED)) == 1


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
