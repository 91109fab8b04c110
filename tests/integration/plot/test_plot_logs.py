"""What the functions write into their logs, and tell people, holds nothing by which somebody could act in our name."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, quote, urlsplit

import fal_client
import httpx
import pytest

from local.simulator.faults import JobFault, ResultFileFault, SubmitFault, UploadFault
from shared.fal.models import hedra, ideogram, kontext
from shared.runtime.logs import TALKATIVE_LIBRARIES, quieten_libraries
from shared.workflow.review import approve, is_waiting_for_review
from tests.integration.plot.log_capture import Log, captured_log
from tests.integration.plot.stage import Stage

ScriptWith = Callable[..., dict[str, bytes]]

# A query that is a permission, plain or inside another URL's query, and the header that goes with fal's key.
_SIGNED = re.compile(
    r"X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token"
    r"|[?&\s](?:Signature|signature|sig|token|secret)(?:=|%3D)[^&\s]"
    r"|%26secret%3D|Authorization.{0,9}Key \S",
)


def leaks(text: str, log: Log, stage: Stage) -> set[str]:
    """Return the kinds of secrets that a text holds."""
    key = stage.fal.facts.key
    callbacks = [urlsplit(str(request.webhook_url)).query for request in stage.fal.control.requests()]
    secrets = {
        "fal's key": {key, key.partition(":")[2]},
        "a callback's secret": {secret for query in callbacks for secret in parse_qs(query).get("secret", [])},
        "a task token": log.task_tokens,
        "AWS credentials": {os.environ["AWS_SECRET_ACCESS_KEY"]},
    }
    found = {kind for kind, values in secrets.items() if any(value in text or quote(value) in text for value in values)}
    return found | ({"a signed URL"} if _SIGNED.search(text) else set())


def told(stage: Stage, episode_id: str) -> str:
    """Return what people are told: the status, and why executions failed."""
    causes = [str(stage.execution(name).cause) for name in stage.execution_states()]
    return "\n".join([stage.result(episode_id, "status.json").decode(), *causes])


def test_a_whole_run_logs_no_credential_and_no_signed_url(stage: Stage, one_line_with: ScriptWith) -> None:
    with captured_log(stage) as log:
        # given a run through every function, also those that a schedule or a person starts
        stage.upload("tiny", one_line_with(review="storyboard"))
        stage.play_uploads()
        name = stage.run_name("tiny")
        stage.play_until(lambda: (run := stage.ledger.newest_run("tiny")) and is_waiting_for_review(run))
        run = stage.ledger.newest_run("tiny")
        assert run is not None
        stage.functions.invoke("Reconcile", {})
        stage.functions.invoke("StartBatch", {})
        approve(run, stage.ledger, stage.tokens)
        # when it is over
        ended = stage.play_out(name)
    # then there is a log of all of them, and no secret in it
    assert ended.status == "SUCCEEDED"
    assert log.invoked == set(stage.values.of_type("AWS::Serverless::Function"))
    assert '"message":"planned"' in log.text
    assert len(log.task_tokens) >= 4
    assert leaks(log.text, log, stage) == set()
    assert leaks(told(stage, "tiny"), log, stage) == set()


@pytest.mark.parametrize(
    "faults",
    [
        (SubmitFault(kind="internal_error"),),
        (SubmitFault(kind="bad_gateway_html", count=1), SubmitFault(kind="drop_connection", count=1)),
        (UploadFault(kind="upload_unavailable"),),
        (UploadFault(kind="token_unavailable", count=2), UploadFault(kind="drop_connection", count=2)),
        (ResultFileFault(kind="missing", endpoint=ideogram.ENDPOINT),),
        (ResultFileFault(kind="cut_off", endpoint=kontext.MULTI_ENDPOINT),),
        (JobFault(kind="error", error_type="internal_server_error", endpoint=hedra.ENDPOINT),),
    ],
    ids=["500", "gateway", "storage", "storage by turns", "no file", "half a file", "failed job"],
)
def test_a_run_in_trouble_logs_none_either(
    stage: Stage, one_line_with: ScriptWith, faults: tuple[SubmitFault, ...]
) -> None:
    # given fal in trouble
    for fault in faults:
        stage.fal.control.add_fault(fault)
    with captured_log(stage) as log:
        stage.upload("tiny", one_line_with(engines=["hedra"]))
        stage.play_uploads()
        # when the functions have met the trouble a few times, and reconcile has looked at it
        stage.play_until(lambda: sum(fault.hits for fault in stage.fal.control.faults()) >= 2)
        stage.functions.invoke("Reconcile", {})
    # then tracebacks are in the log, and no secret in them
    assert leaks(log.text, log, stage) == set()
    assert leaks(told(stage, "tiny"), log, stage) == set()


def test_an_upload_that_fails_does_not_log_where_it_went(
    stage: Stage, tiny: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a storage that gives an upload its permission, and then refuses it
    def refuse(*_: object, **__: object) -> str:
        url = "https://storage.googleapis.com/fal/key?X-Goog-Signature=0123&Signature=456"
        response = httpx.Response(403, request=httpx.Request("PUT", url))
        logging.getLogger("fal_client.client").warning("Upload failed to %s", url)
        response.raise_for_status()
        return url

    monkeypatch.setattr(fal_client.SyncClient, "upload", refuse)
    with captured_log(stage) as log:
        stage.upload("tiny", tiny)
        stage.play_uploads()
        # when a file is handed over
        stage.play_until(lambda: "fal's storage did not take a file" in log.text)
    # then its URL is not in the log
    assert leaks(log.text, log, stage) == set()


def test_a_crash_logs_none_either(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given a script that is refused, and an event that is none
    with captured_log(stage) as log:
        stage.upload("tiny", {**tiny, "script.json": b'{"title": "No characters", "scenes": []}'})
        stage.play_uploads()
        ended = stage.play_out(stage.run_name("tiny"))
        answer, raised = stage.functions.invoke("PlanEpisode", {"run": "no such event"})
    # then its traceback is in the log
    assert (ended.error, raised) == ("ScriptRejected", True)
    assert "Traceback" in log.text
    assert leaks(log.text + answer, log, stage) == set()


def test_a_planted_secret_is_found(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given one secret of each kind, in a log that has none so far
    with captured_log(stage) as log:
        stage.upload("tiny", tiny)
        stage.play_uploads()
        stage.play_until(lambda: stage.fal.control.requests() and log.task_tokens)
        query = urlsplit(str(stage.fal.control.requests()[0].webhook_url)).query
        secrets = {
            "fal's key": stage.fal.facts.key,
            "a callback's secret": parse_qs(query)["secret"][0],
            "a task token": next(iter(log.task_tokens)),
            "AWS credentials": os.environ["AWS_SECRET_ACCESS_KEY"],
            "a signed URL": "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=0123456789abcdef",
        }
        assert leaks(log.text, log, stage) == set()
        # when a function lets one slip, in any way
        for kind, secret in secrets.items():
            for let_slip in (log_it, log_it_in_a_library, print_it, raise_it):
                written = len(log.text)
                stage.functions.put("StartBatch", log.recorded("StartBatch", lambda *_: let_slip(secret)))  # noqa: B023 -- called at once
                stage.functions.invoke("StartBatch", {})
                # then it is found
                assert kind in leaks(log.text[written:], log, stage), let_slip.__name__


def log_it(secret: str) -> None:
    logging.getLogger("showrunner").debug("planted %s", secret)


def log_it_in_a_library(secret: str) -> None:
    logging.getLogger("some.library").debug("planted %s", secret)


def print_it(secret: str) -> None:
    print("planted", secret)  # noqa: T201 -- one of the ways


def raise_it(secret: str) -> None:
    raise RuntimeError("something else") from ValueError(secret)


@pytest.fixture
def talkative_libraries(stage: Stage) -> Iterator[None]:
    """Libraries that log what they like, as they would had no function kept them from it when it was loaded."""
    for name in TALKATIVE_LIBRARIES:
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield
    quieten_libraries()


@pytest.mark.usefixtures("talkative_libraries")
def test_libraries_that_are_not_kept_quiet_would_log_secrets(stage: Stage, tiny: dict[str, bytes]) -> None:
    with captured_log(stage) as log:
        stage.upload("tiny", tiny)
        stage.play_uploads()
        stage.play_until(lambda: len(stage.fal.control.requests()) == 2)
    # then what they send to fal and to AWS is in the log, with all that is in it
    assert {"a callback's secret", "a task token"} <= leaks(log.text, log, stage)
