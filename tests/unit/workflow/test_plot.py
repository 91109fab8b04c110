"""What the state machine and the functions expect of each other."""

import json
import re
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from shared.keys import AssetKind
from shared.ledger.records import ENDED_RUNS
from shared.workflow.asking import AssetRequest
from shared.workflow.assemble_episode import Assembled
from shared.workflow.make_house_clip import HouseClipRequest, Made
from shared.workflow.plan_answer import PlanAnswer, PlanOutcome
from shared.workflow.plan_episode import PlanRequest
from shared.workflow.record_outcome import ClosedRun, RunEnd
from shared.workflow.request_review import Approved, ReviewRequest
from shared.workflow.start_episode import Patience, Upload

ROOT = Path(__file__).parents[3]
PLOT = json.loads((ROOT / "statemachine" / "episode.asl.json").read_text())


def states(machine: dict[str, Any] = PLOT) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


STATES = dict(states())


def names(fields: dict[str, Any]) -> set[str]:
    return {name.removesuffix(".$") for name in fields}


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = STATES[name]["Parameters"]["Payload"]
    return found


def test_every_request_for_an_asset_is_one_that_its_function_reads() -> None:
    asking = [state for name, state in STATES.items() if name.startswith("Ask") and name != "AskReview"]
    assert len(asking) == 4
    for state in asking:
        assert names(state["Parameters"]["MessageBody"]) == set(AssetRequest.model_fields)
    assert names(STATES["AskReview"]["Parameters"]["MessageBody"]) == set(ReviewRequest.model_fields)


def test_every_payload_is_one_that_its_function_reads() -> None:
    assert names(payload("Plan")) == set(PlanRequest.model_fields)
    assert names(payload("HouseClip")) == set(HouseClipRequest.model_fields)
    assert names(payload("NoteApproval")) == set(Approved.model_fields)
    assert names(payload("RecordSuccess")) == set(RunEnd.model_fields) - {"failure"}
    for name in ("NotePartFailure", "NoteShotFailure", "RecordFailure"):
        assert names(payload(name)) == set(RunEnd.model_fields)
        assert names(payload(name)["failure"]) == {"error", "message"}


def test_every_answer_has_what_the_plot_reads() -> None:
    for name, model in (("Plan", PlanAnswer), ("RecordSuccess", ClosedRun), ("RecordFailure", ClosedRun)):
        assert names(STATES[name]["ResultSelector"]) == set(model.model_fields)


def test_every_outcome_leads_somewhere_on_purpose() -> None:
    def compared(name: str) -> dict[str, str]:
        return {
            choice["StringEquals"]: choice["Next"] for choice in STATES[name]["Choices"] if "StringEquals" in choice
        }

    assert compared("Planned").keys() | {PlanOutcome.NOTHING_TO_DO} == set(PlanOutcome)
    assert compared("HouseClipMade").keys() | {Made.REFUSED} == set(Made)
    assert compared("Assembled").keys() | {Assembled.SUPERSEDED} == set(Assembled)
    assert compared("WhichImage").keys() == {AssetKind.PORTRAIT}
    # a run that is closed as done or superseded is no failed execution
    assert compared("Closed") == {"SUPERSEDED": "NothingToDo", "DONE": "Done"}
    assert compared("Closed").keys() | {"FAILED"} == set(ENDED_RUNS)


def test_every_wait_has_an_end() -> None:
    waiting = [state for name, state in STATES.items() if state["Type"] == "Task" and name != "AskReview"]
    assert len(waiting) >= 10
    assert all(0 < state["TimeoutSeconds"] <= 86_400 for state in waiting)
    assert PLOT["TimeoutSeconds"] > 86_400


def test_everything_that_may_fail_is_caught_where_its_step_is_known() -> None:
    inside_images = {"AskPortrait", "AskBackground"}  # their Map catches for them
    for name, state in STATES.items():
        if state["Type"] in {"Task", "Map"} and name not in inside_images | {"Parts"}:
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_only_an_asset_that_failed_steps_down_an_engine() -> None:
    stepping = [catch["ErrorEquals"] for catch in STATES["AskClip"]["Catch"] if catch["Next"] == "EngineLeft"]
    assert stepping == [["AssetFailed"]]


def test_every_name_that_is_filled_in_is_given_by_the_template() -> None:
    text = (ROOT / "statemachine" / "episode.asl.json").read_text()
    template = (ROOT / "template.yaml").read_text()
    given = template[template.index("DefinitionSubstitutions:") :].split("Logging:")[0]
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(re.findall(r"^\s+(\w+): !", given, re.MULTILINE))


@pytest.fixture
def start_episode(monkeypatch: pytest.MonkeyPatch) -> Any:
    environment = {
        "BUCKET": "b",
        "TABLE": "t",
        "STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:1:stateMachine:plot",
        "START_QUEUE_URL": "q",
        "QUIET_PERIOD_SECONDS": "30",
        "MISSING_FILES_SECONDS": "900",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = util.spec_from_file_location("start_episode_app", ROOT / "functions" / "start_episode" / "app.py")
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "consider_upload", lambda upload, _: upload)
    monkeypatch.setattr(module, "consider_again", lambda patience, _: patience)
    return module


def test_the_three_messages_of_the_start_queue(start_episode: Any) -> None:
    # given an event of S3's with a key that S3 does not encode there, and the two that the function sends to itself
    key = "episodes/a/audio/Zoë + 1.mp3"
    event = {"detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": key, "size": 3}}}
    patience = Patience(episode_id="a", digest="d", waiting_since=1.5)
    assert start_episode.consider(json.dumps(event)) == Upload(key=key)
    assert start_episode.consider(Upload(key=key).model_dump_json()) == Upload(key=key)
    assert start_episode.consider(patience.model_dump_json()) == patience
