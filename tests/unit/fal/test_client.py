"""fal's client: one POST a call, and every answer sorted into what is certain and what is not."""

import json
from typing import Any

import fal_client.client
import httpx
import pytest

from shared.fal.client import FalHosts, FalQueue
from shared.fal.lifetimes import RESULT_LIFETIME
from shared.providers.errors import Scope
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    InProgress,
    ProviderUnreachable,
    Queued,
    Refused,
    Unconfirmed,
)

ENDPOINT = "fal-ai/flux-pro/kontext/multi"
URLS = {name: f"https://queue.fal.run/fal-ai/flux-pro/requests/r1/{name}" for name in ("status", "cancel")}
ACCEPTED = {
    "status": "IN_QUEUE",
    "request_id": "r1",
    "response_url": "https://queue.fal.run/fal-ai/flux-pro/requests/r1",
    "status_url": URLS["status"],
    "cancel_url": URLS["cancel"],
}
Answer = httpx.Response | Exception


class Fal:
    """Answers requests as it is told, one after the other; the last answer stays."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[httpx.Request] = []
        self.queue = FalQueue("id:secret", FalHosts("https://rest.example.test", "https://cdn.example.test"))
        self.queue._client._client._transport = httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def fal(monkeypatch: pytest.MonkeyPatch) -> Fal:
    for name in ("REST_URL", "CDN_URL"):
        monkeypatch.setattr(fal_client.client, name, getattr(fal_client.client, name))
    return Fal()


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    return httpx.Response(status, content=content.encode(), headers={"x-fal-request-id": "r1", **headers})


def submit(fal: Fal) -> Any:
    return fal.queue.submit(ENDPOINT, {"prompt": "x"}, "https://hooks.example.test/?secret=a&attempt=1")


def test_a_job_is_asked_for_with_its_callback(fal: Fal) -> None:
    fal.answers = [answer(200, ACCEPTED)]
    assert submit(fal) == Accepted("r1")
    [request] = fal.requests
    assert (request.method, request.url.path) == ("POST", f"/{ENDPOINT}")
    assert request.url.params["fal_webhook"] == "https://hooks.example.test/?secret=a&attempt=1"
    assert json.loads(request.content) == {"prompt": "x"}
    assert request.headers["Authorization"] == "Key id:secret"
    # and what is made of it stays at fal for as long as it may be handed over again, and not for ever
    kept = json.loads(request.headers["X-Fal-Object-Lifecycle-Preference"])
    assert kept == {"expiration_duration_seconds": RESULT_LIFETIME}


UNCERTAIN: list[Answer] = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.RemoteProtocolError("disconnected"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    answer(502, {"detail": "bad gateway"}),
    answer(504, {"detail": "x"}),
    answer(500, "<html>nginx</html>"),
    answer(503, "<html>nginx</html>"),
    answer(200, "<html>"),
    answer(200, {"status": "IN_QUEUE"}),
    answer(200, []),
    answer(200, None),
]


@pytest.mark.parametrize("uncertain", UNCERTAIN, ids=repr)
def test_what_leaves_it_open_is_unconfirmed_and_not_repeated(fal: Fal, uncertain: Answer) -> None:
    fal.answers = [uncertain]
    assert isinstance(submit(fal), Unconfirmed)
    assert len(fal.requests) == 1


@pytest.mark.parametrize(
    ("refusal", "scope", "retry"),
    [
        (answer(401, {"detail": "No user found"}), Scope.ACCOUNT, False),
        (answer(403, {"detail": "User is locked."}), Scope.ACCOUNT, False),
        (answer(404, {"detail": "Application not found"}), Scope.ENDPOINT, False),
        (answer(422, {"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "x"}]}), Scope.ASSET, False),
        (answer(429, {"detail": "x"}, **{"X-Fal-needs-retry": "1"}), Scope.RATE, True),
        (answer(409, {"detail": "x"}), Scope.RATE, True),
        (answer(500, {"detail": "x", "error_type": "internal_error"}), Scope.ENDPOINT, True),
        (answer(503, {"detail": "x"}), Scope.ENDPOINT, True),
        (answer(503, {"detail": "x"}, **{"X-Fal-Needs-Retry": "false"}), Scope.ENDPOINT, False),
        (answer(500, {"detail": "x"}, **{"X-Fal-Retryable": "0"}), Scope.ENDPOINT, False),
        (httpx.ConnectError("refused"), Scope.ENDPOINT, True),
        (httpx.ConnectTimeout("slow"), Scope.ENDPOINT, True),
    ],
)
def test_what_is_certain_is_refused_and_not_repeated(fal: Fal, refusal: Answer, scope: Scope, retry: bool) -> None:
    fal.answers = [refusal]
    outcome = submit(fal)
    assert isinstance(outcome, Refused)
    assert (outcome.error.scope, outcome.error.retry) == (scope, retry)
    assert len([request for request in fal.requests if request.url.host == "queue.fal.run"]) == 1


def status(name: str, **fields: Any) -> httpx.Response:
    return answer(200 if name == "COMPLETED" else 202, {"status": name, "logs": None, "metrics": {}, **fields})


def look_up(fal: Fal, *answers: Answer) -> Any:
    fal.answers = list(answers)
    return fal.queue.look_up(ENDPOINT, "r1")


def test_how_a_job_stands(fal: Fal) -> None:
    assert look_up(fal, status("IN_QUEUE", queue_position=3)) == Queued()
    assert look_up(fal, status("IN_PROGRESS")) == InProgress()
    completed = status("COMPLETED")
    assert look_up(fal, completed, completed, answer(200, {"images": []})) == Finished({"images": []})


@pytest.mark.parametrize(
    ("metrics", "run_seconds"),
    [
        ({"inference_time": 12.5}, 12.5),
        ({"inference_time": 3}, 3.0),
        ({"inference_time": "x"}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_how_long_the_model_worked(fal: Fal, metrics: object, run_seconds: float | None) -> None:
    completed = status("COMPLETED", metrics=metrics)
    assert look_up(fal, completed, completed, answer(200, {"video": {}})) == Finished({"video": {}}, run_seconds)


@pytest.mark.parametrize("payload", [None, [], '"text"', 7, True])
def test_a_result_that_nothing_can_be_made_of_is_a_failure_of_this_job(fal: Fal, payload: object) -> None:
    outcome = look_up(fal, status("COMPLETED"), status("COMPLETED"), answer(200, payload))
    assert isinstance(outcome, Failed)
    assert (outcome.error.name, outcome.error.scope, outcome.error.may_be_charged) == ("no_payload", Scope.JOB, True)


def test_a_failed_job_is_completed_too_and_only_its_result_tells(fal: Fal) -> None:
    detail = {"detail": [{"type": "content_policy_violation", "loc": ["body"], "msg": "x"}]}
    outcome = look_up(fal, status("COMPLETED"), status("COMPLETED"), answer(422, detail))
    assert isinstance(outcome, Failed)
    assert outcome.error.failure().permanent


def test_a_failed_job_comes_with_fals_word_on_trying_again(fal: Fal) -> None:
    result = answer(500, {"detail": "x", "error_type": "internal_error"}, **{"X-Fal-Needs-Retry": "0"})
    outcome = look_up(fal, status("COMPLETED"), status("COMPLETED"), result)
    assert isinstance(outcome, Failed)
    assert (outcome.error.scope, outcome.error.retry, outcome.error.may_be_charged) == (Scope.ENDPOINT, False, False)


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (answer(504, {"detail": "x", "error_type": "request_timeout"}), "request_timeout"),
        (answer(504, {"detail": [{"type": "generation_timeout", "msg": "x"}]}), "generation_timeout"),
        (answer(502, {"detail": "x", "error_type": "runner_incomplete_response"}), "runner_incomplete_response"),
    ],
)
def test_a_job_may_have_ended_as_a_502_or_504_of_fals_own(fal: Fal, result: httpx.Response, name: str) -> None:
    outcome = look_up(fal, status("COMPLETED"), status("COMPLETED"), result)
    assert isinstance(outcome, Failed)
    assert (outcome.error.name, outcome.error.scope, outcome.error.may_be_charged) == (name, Scope.ENDPOINT, False)


@pytest.mark.parametrize(
    "trouble",
    [
        answer(403, {"detail": "x"}),
        answer(409, {"detail": "x"}),
        answer(429, {"detail": "x"}),
        answer(502, "<html>"),
        answer(504, {"detail": "x"}),
        answer(200, "<html>"),
        httpx.ReadTimeout("slow"),
    ],
    ids=repr,
)
def test_a_result_that_cannot_be_had_just_now_says_nothing_about_the_job(fal: Fal, trouble: Answer) -> None:
    with pytest.raises(ProviderUnreachable):
        look_up(fal, status("COMPLETED"), status("COMPLETED"), trouble)


def test_a_result_that_has_expired_is_gone(fal: Fal) -> None:
    assert look_up(fal, status("COMPLETED"), status("COMPLETED"), answer(404, {"status": "NOT_FOUND"})) == Gone()


@pytest.mark.parametrize("body", [{"status": "NOT_FOUND"}, {"detail": "x"}])
def test_a_job_that_fal_knows_no_more(fal: Fal, body: dict[str, str]) -> None:
    assert look_up(fal, answer(404, body)) == Gone()


@pytest.mark.parametrize(
    "trouble",
    [
        answer(401, {"detail": "x"}),
        answer(403, {"detail": "x"}),
        answer(405, {"detail": "x"}),
        answer(408, {"detail": "x"}),
        answer(422, {"detail": [{"type": "missing"}]}),
        answer(429, {"detail": "x"}),
        answer(500, {"detail": "x"}),
        answer(502, "<html>"),
        answer(200, "<html>"),
        answer(200, []),
        answer(200, {"status": "PUZZLED"}),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
    ],
    ids=repr,
)
def test_trouble_in_asking_says_nothing_about_the_job(fal: Fal, trouble: Answer) -> None:
    with pytest.raises(ProviderUnreachable):
        look_up(fal, trouble)


@pytest.mark.parametrize(
    "asked",
    [
        answer(200, {"status": "OK"}),
        answer(202, {"status": "CANCELLATION_REQUESTED"}),
        answer(202, ""),
        answer(400, {"status": "ALREADY_COMPLETED"}),
        answer(404, {"status": "NOT_FOUND"}),
    ],
    ids=repr,
)
def test_a_job_is_cancelled_with_one_put(fal: Fal, asked: httpx.Response) -> None:
    fal.answers = [asked]
    fal.queue.cancel(ENDPOINT, "r1")
    [request] = fal.requests
    assert (request.method, request.url.path) == ("PUT", "/fal-ai/flux-pro/requests/r1/cancel")


@pytest.mark.parametrize(
    "trouble",
    [
        answer(400, {"detail": "x"}),
        answer(400, "ALREADY_COMPLETED"),
        answer(401, {"detail": "x"}),
        answer(409, {"status": "ALREADY_COMPLETED"}),
        answer(429, {"detail": "x"}),
        answer(503, "<html>nginx</html>"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("disconnected"),
    ],
    ids=repr,
)
def test_trouble_in_cancelling_is_said_and_not_repeated(fal: Fal, trouble: Answer) -> None:
    fal.answers = [trouble]
    with pytest.raises(ProviderUnreachable):
        fal.queue.cancel(ENDPOINT, "r1")
    assert len(fal.requests) == 1


def test_a_file_that_cannot_be_handed_over(fal: Fal) -> None:
    def upload(*_: object, **__: object) -> str:
        raise httpx.ReadTimeout("slow")

    fal.queue._client.__dict__["upload"] = upload
    with pytest.raises(ProviderUnreachable, match="ReadTimeout"):
        fal.queue.upload(b"x", "image/png", "x")


def test_the_clients_own_replays_are_off() -> None:
    assert fal_client.client.MAX_ATTEMPTS == 1
