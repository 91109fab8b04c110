"""The sample events are what AWS sends, and what the functions can read."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import LambdaFunctionUrlEvent, SQSEvent

from local.aws.template import read_template
from shared.fal.callbacks import read_callback
from shared.fal.models.media import first_image
from shared.keys import plan_key, split_episode_key
from shared.providers.callbacks import CallbackName, Delivered
from shared.webhooks.fal import check_headers
from shared.workflow.asking import AssetRequest
from shared.workflow.assemble_episode import AssembleRequest
from shared.workflow.collect_asset import InboxMessage
from shared.workflow.inputs import execution_name
from shared.workflow.make_house_clip import HouseClipRequest
from shared.workflow.plan_episode import PlanRequest
from shared.workflow.record_outcome import RunEnd
from shared.workflow.request_review import ReviewRequest
from shared.workflow.start_episode import Considered, Upload
from tests.unit.webhook.fal_callbacks import event_of, signed
from tests.unit.webhook.webhook_function import loaded_webhook

ROOT = Path(__file__).parents[3]
EPISODE = "the-last-lighthouse"
RUN = execution_name(EPISODE, "7c1e0f5a93b2d846", 1)
PLAN = plan_key(EPISODE, RUN)
BUYERS = ("generate_portrait", "generate_background", "composite", "hedra_submit")


def event(function: str) -> dict[str, Any]:
    loaded = json.loads((ROOT / "events" / f"{function}.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def body(function: str) -> str:
    """Return the body of the one message of an event."""
    (record,) = SQSEvent(event(function)).records
    assert record.event_source == "aws:sqs"
    assert int(record.attributes.approximate_receive_count) == 1
    return record.body


def test_there_is_one_for_each_function() -> None:
    assert {path.stem for path in ROOT.glob("events/*.json")} == {path.name for path in ROOT.glob("functions/*/")}


def test_start_episode_finds_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    # given the function as it is, but for what it then does
    for name in ("BUCKET", "TABLE", "STATE_MACHINE_ARN", "START_QUEUE_URL"):
        monkeypatch.setenv(name, "any")
    for name in ("QUIET_PERIOD_SECONDS", "MISSING_FILES_SECONDS"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    spec = importlib.util.spec_from_file_location("start_episode_app", ROOT / "functions/start_episode/app.py")
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    uploads: list[Upload] = []

    def note(upload: Upload, _desk: object) -> Considered:
        uploads.append(upload)
        return Considered.STARTED

    monkeypatch.setattr(app, "consider_upload", note)
    # when
    answer = app.handler(event("start_episode"), None)
    # then
    assert answer == {"batchItemFailures": []}
    assert [split_episode_key(upload.key) for upload in uploads] == [(EPISODE, "script.yaml")]


def test_the_upload_is_one_that_the_rule_lets_through() -> None:
    pattern = read_template(ROOT / "template.yaml")["Resources"]["UploadRule"]["Properties"]["EventPattern"]
    told = json.loads(body("start_episode"))
    assert [told["source"]] == pattern["source"]
    assert [told["detail-type"]] == pattern["detail-type"]
    assert told["detail"]["object"]["key"].startswith(pattern["detail"]["object"]["key"][0]["prefix"])


def test_plan_episode_finds_its_run() -> None:
    request = PlanRequest.model_validate(event("plan_episode"))
    assert (request.episode_id, request.run) == (EPISODE, RUN)
    assert request.input.digest is not None
    assert execution_name(EPISODE, request.input.digest, 1) == RUN


@pytest.mark.parametrize("function", BUYERS)
def test_who_buys_finds_its_request(function: str) -> None:
    request = AssetRequest.model_validate_json(body(function))
    assert (request.episode_id, request.run, request.plan_key) == (EPISODE, RUN, PLAN)
    assert len(bytes.fromhex(request.address)) == 20


def test_request_review_finds_its_request() -> None:
    request = ReviewRequest.model_validate_json(body("request_review"))
    assert (request.episode_id, request.run, request.plan_key) == (EPISODE, RUN, PLAN)


def test_who_buys_is_asked_for_different_assets() -> None:
    assert len({AssetRequest.model_validate_json(body(function)).address for function in BUYERS}) == len(BUYERS)


def test_hedra_webhook_finds_a_callback_of_fal() -> None:
    # given
    call = LambdaFunctionUrlEvent(event("hedra_webhook"))
    # when
    now = int(call.headers["x-fal-webhook-timestamp"])
    signed = check_headers(call.headers, user_id="unset", now=now)
    callback = read_callback((call.body or "").encode())
    # then
    assert len(signed.signature) == 64  # of Ed25519
    assert callback.request_id == signed.request_id
    assert call.raw_query_string is not None
    assert CallbackName.from_query(call.raw_query_string).attempt == 1


def test_collect_asset_finds_the_picture_that_generate_portrait_asked_for() -> None:
    # given
    message = InboxMessage.model_validate_json(body("collect_asset"))
    # when
    callback = read_callback((message.body or "").encode())
    # then
    asked = AssetRequest.model_validate_json(body("generate_portrait"))
    assert CallbackName.from_query(message.query).address == asked.address
    assert isinstance(callback, Delivered)
    assert first_image(callback.payload, model_name="any").url.startswith("https://v3.fal.media/")


def test_collect_asset_is_given_what_hedra_webhook_puts_into_the_inbox() -> None:
    # given the sample callback, as fal signs it just now
    told = event("hedra_webhook")
    raw = told["body"].encode()
    with loaded_webhook() as webhook:
        # when
        assert webhook.call(event_of(signed(raw), raw, query=told["rawQueryString"])) == 200
        # then
        assert webhook.inbox.bodies == [body("collect_asset")]


def test_the_states_functions_find_their_run() -> None:
    clip = HouseClipRequest.model_validate(event("house_clip"))
    episode = AssembleRequest.model_validate(event("assemble"))
    end = RunEnd.model_validate(event("record_outcome"))
    assert {(clip.run, clip.plan_key), (episode.run, episode.plan_key)} == {(RUN, PLAN)}
    assert (end.episode_id, end.run) == (EPISODE, RUN)
    assert end.failure is not None
    assert end.failure.error == "AssetFailed"


@pytest.mark.parametrize("function", ["reconcile", "start_batch"])
def test_what_runs_on_a_schedule_is_told_by_the_scheduler(function: str) -> None:
    tick = event(function)
    assert (tick["source"], tick["detail-type"]) == ("aws.scheduler", "Scheduled Event")
