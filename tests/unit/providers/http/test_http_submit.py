"""A submit by the HTTP adapter: one POST, or replays under one key, and every answer sorted by what is certain."""

import itertools
import json
from typing import Any

import httpx
import pytest

from shared.providers.errors import FILE_NOT_FETCHED, Scope
from shared.providers.http.hedra import HEDRA
from shared.providers.http.provider import HttpProvider
from shared.providers.http.replicate import REPLICATE
from shared.providers.outcomes import Accepted, ProviderUnreachable, Refused, Unconfirmed
from tests.unit.providers.http.vendor import (
    ACKNOWLEDGED,
    CALLBACK,
    EXPIRED_FILE,
    HEDRA_URL,
    KEY,
    PREDICTION,
    REPLICATE_URL,
    Said,
    Vendor,
    answer,
    hedra,
    hedra_error,
    replicate,
)


def test_a_job_is_asked_for_at_replicate() -> None:
    # given an account there
    vendor = replicate(answer(201, PREDICTION))
    # when a picture is asked for
    outcome = vendor.submit("google/nano-banana-2", prompt="a desk", aspect_ratio="16:9")
    # then Replicate has it, and was told where to call, when to call, and when to stop
    assert outcome == Accepted("gm3qorzdhgbfurvjtvhg6dckhu")
    [request] = vendor.requests
    assert (request.method, str(request.url)) == (
        "POST",
        f"{REPLICATE_URL}/v1/models/google/nano-banana-2/predictions",
    )
    assert vendor.body == {
        "input": {"prompt": "a desk", "aspect_ratio": "16:9"},
        "webhook": CALLBACK,
        "webhook_events_filter": ["completed"],
    }
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Cancel-After"] == "4h"
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Prefer" not in request.headers
    assert "Idempotency-Key" not in request.headers


def test_a_job_is_asked_for_at_hedra() -> None:
    vendor = hedra(answer(202, ACKNOWLEDGED))
    outcome = vendor.submit("hedra-avatar", prompt="talks", start_image={"source": "url", "url": "https://f.test/1"})
    assert outcome == Accepted("job_0190")
    [request] = vendor.requests
    assert (request.method, str(request.url)) == ("POST", f"{HEDRA_URL}/models/hedra-avatar")
    # and nothing is sent that is not documented: an unknown field is refused
    assert vendor.body == {
        "input": {"prompt": "talks", "start_image": {"source": "url", "url": "https://f.test/1"}},
        "webhook": CALLBACK,
    }
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Idempotency-Key"] == "address-1"


def test_a_job_that_nobody_is_to_be_called_back_for() -> None:
    vendor = replicate(answer(201, PREDICTION))
    assert vendor.provider.submit("owner/model", {}, None, key="k") == Accepted(str(PREDICTION["id"]))
    assert "webhook" not in vendor.body


NEVER_ANSWERED: list[Said] = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.RemoteProtocolError("disconnected"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
]
NO_VERDICT: list[Said] = [
    answer(502, "<html>bad gateway</html>"),
    answer(502, {"detail": "bad gateway", "error": {"code": "INTERNAL", "message": "x"}}),
    answer(504, {"detail": "x"}),
    answer(500, "<html>nginx</html>"),
    answer(503, ""),
    answer(503, {"something": "else"}),
]
UNREADABLE: list[Said] = [
    answer(200, "<html>"),
    answer(201, {"status": "starting"}),
    answer(202, []),
    answer(200, None),
    answer(201, {"id": "../../files", "job_id": "a/b"}),
    answer(201, {"id": "..", "job_id": "."}),
    answer(201, {"id": "", "job_id": 7}),
    answer(201, {"id": "x" * 201, "job_id": "x" * 201}),
    answer(201, '{"id": NaN, "job_id": Infinity}'),
    answer(201, {"id": "a", "job_id": "a", "logs": "x" * (5 << 20)}),
    answer(301, "", Location="https://elsewhere.test/"),
    answer(307, PREDICTION, Location="https://elsewhere.test/"),
    answer(204, ""),
]


@pytest.mark.parametrize("said", NEVER_ANSWERED + NO_VERDICT + UNREADABLE, ids=repr)
def test_what_leaves_it_open_is_unconfirmed_and_never_repeated_at_replicate(said: Said) -> None:
    vendor = replicate(said)
    assert isinstance(vendor.submit(), Unconfirmed)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("said", UNREADABLE, ids=repr)
def test_a_success_or_redirect_that_says_nothing_is_not_repeated_at_hedra_either(said: Said) -> None:
    vendor = hedra(said)
    assert isinstance(vendor.submit(), Unconfirmed)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("said", NEVER_ANSWERED + NO_VERDICT, ids=repr)
def test_hedra_is_asked_twice_again_under_the_same_key_and_then_it_stays_open(said: Said) -> None:
    vendor = hedra(said)
    assert isinstance(vendor.submit(), Unconfirmed)
    assert len(vendor.requests) == 3
    # the very same request each time: another body under the same key would be another job, or a conflict
    assert {(r.headers["Idempotency-Key"], r.content) for r in vendor.requests} == {
        ("address-1", vendor.requests[0].content)
    }


@pytest.mark.parametrize("said", NEVER_ANSWERED + NO_VERDICT, ids=repr)
def test_a_replay_that_is_acknowledged_says_which_job_it_is(said: Said) -> None:
    vendor = hedra(said, answer(202, ACKNOWLEDGED))
    assert vendor.submit() == Accepted("job_0190")
    assert len(vendor.requests) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        answer(402, hedra_error("INSUFFICIENT_BALANCE")),  # the first one may have used it up
        answer(429, hedra_error("RESOURCE_EXHAUSTED", retryable=True, retry_after=30)),
        answer(400, EXPIRED_FILE),
        httpx.ConnectError("refused"),
    ],
    ids=repr,
)
def test_a_replay_that_is_refused_says_nothing_of_the_first_one(refusal: Said) -> None:
    vendor = hedra(httpx.ReadTimeout("slow"), refusal)
    outcome = vendor.submit()
    assert isinstance(outcome, Unconfirmed)
    assert outcome.reason == "ReadTimeout"
    assert len(vendor.requests) == 2


@pytest.mark.parametrize("code", ["ALREADY_EXISTS", "ALREADY_IN_PROGRESS"])
def test_a_conflict_under_a_key_is_no_refusal(code: str) -> None:
    vendor = hedra(answer(409, hedra_error(code)))
    assert isinstance(vendor.submit(), Unconfirmed)
    assert len(vendor.requests) == 1


def test_replays_end_in_time() -> None:
    # given a vendor whose every answer takes as long as it may
    clock = itertools.count(0.0, 10.0)
    vendor = Vendor(HEDRA, HEDRA_URL, httpx.ReadTimeout("slow"), clock=lambda: next(clock))
    # when a job is asked for
    vendor.submit()
    # then it is given up before the function that asks is out of time
    assert len(vendor.requests) < 3


# Of Replicate's answers only the statuses are documented, and of some not even those.
REPLICATE_REFUSES: list[tuple[Said, str, Scope, bool]] = [
    (answer(400, {"detail": "x"}), "http_400", Scope.ASSET, False),
    (answer(401, {"title": "Unauthenticated", "detail": "x", "status": 401}), "http_401", Scope.ACCOUNT, False),
    (answer(402, {"title": "Insufficient credit", "detail": "x"}), "http_402", Scope.ACCOUNT, False),
    (answer(403, {"detail": "x"}), "http_403", Scope.ENDPOINT, False),
    (answer(404, {"detail": "The requested resource could not be found."}), "http_404", Scope.ENDPOINT, False),
    (answer(405, ""), "http_405", Scope.ENDPOINT, False),
    (answer(408, ""), "http_408", Scope.RATE, True),
    (answer(409, {"detail": "x"}), "http_409", Scope.RATE, True),
    (answer(413, {"detail": "x"}), "http_413", Scope.ASSET, False),
    (answer(422, {"detail": "- input.prompt: is required", "status": 422}), "http_422", Scope.ASSET, False),
    (
        answer(429, {"detail": "Request was throttled. Your rate limit resets in ~30s."}),
        "http_429",
        Scope.RATE,
        True,
    ),
    (answer(429, "<html>cloudflare</html>"), "http_429", Scope.RATE, True),
    (answer(500, {"detail": "x"}), "http_500", Scope.ENDPOINT, True),
    (answer(503, {"title": "Service unavailable"}), "http_503", Scope.ENDPOINT, True),
    (answer(422, "x" * (5 << 20)), "http_422", Scope.ASSET, False),
    (httpx.ConnectError("refused"), "connection_failed", Scope.ENDPOINT, True),
    (httpx.ConnectTimeout("slow"), "connection_failed", Scope.ENDPOINT, True),
    (httpx.PoolTimeout("full"), "connection_failed", Scope.ENDPOINT, True),
]
HEDRA_REFUSES: list[tuple[Said, str, Scope, bool]] = [
    (answer(400, hedra_error("INVALID_ARGUMENT", retryable=False)), "INVALID_ARGUMENT", Scope.ASSET, False),
    (
        answer(
            400,
            hedra_error(
                "INVALID_ARGUMENT", details=[{"field": "input.aspect_ratio", "message": "x", "reason": "enum"}]
            ),
        ),
        "INVALID_ARGUMENT",
        Scope.ASSET,
        False,
    ),
    (answer(400, EXPIRED_FILE), FILE_NOT_FETCHED, Scope.FILE, True),
    (answer(400, hedra_error("FAILED_PRECONDITION")), "FAILED_PRECONDITION", Scope.ENDPOINT, False),
    (answer(401, hedra_error("UNAUTHORIZED")), "UNAUTHORIZED", Scope.ACCOUNT, False),
    (
        answer(402, hedra_error("INSUFFICIENT_BALANCE", billing={"balance": 0, "required": 0.05})),
        "INSUFFICIENT_BALANCE",
        Scope.ACCOUNT,
        False,
    ),
    (answer(403, hedra_error("PERMISSION_DENIED")), "PERMISSION_DENIED", Scope.ACCOUNT, False),
    (answer(403, "<html>"), "http_403", Scope.ACCOUNT, False),
    (answer(404, hedra_error("NOT_FOUND", "Model 'x' not found.")), "NOT_FOUND", Scope.ENDPOINT, False),
    (answer(410, hedra_error("GONE", replaced_by="y")), "GONE", Scope.ENDPOINT, False),
    (answer(422, hedra_error("MODERATION_FAILED")), "MODERATION_FAILED", Scope.ASSET, False),
    (answer(429, hedra_error("RESOURCE_EXHAUSTED", retryable=True)), "RESOURCE_EXHAUSTED", Scope.RATE, True),
    (answer(500, hedra_error("INTERNAL")), "INTERNAL", Scope.ENDPOINT, True),
    (answer(500, hedra_error("INTERNAL", retryable=False)), "INTERNAL", Scope.ENDPOINT, True),
    (answer(503, hedra_error("UNAVAILABLE", retryable=True)), "UNAVAILABLE", Scope.ENDPOINT, True),
    (answer(418, hedra_error("BREWING")), "BREWING", Scope.ASSET, False),
    (httpx.ConnectError("refused"), "connection_failed", Scope.ENDPOINT, True),
]


@pytest.mark.parametrize(
    ("vendor_of", "said", "name", "scope", "retry"),
    [
        *((replicate, *row) for row in REPLICATE_REFUSES),
        *((hedra, *row) for row in HEDRA_REFUSES),
    ],
)
def test_what_is_certain_is_refused_costs_nothing_and_is_not_repeated(
    vendor_of: Any, said: Said, name: str, scope: Scope, retry: bool
) -> None:
    vendor = vendor_of(said)
    outcome = vendor.submit()
    assert isinstance(outcome, Refused)
    error = outcome.error
    assert (error.name, error.scope, error.retry, error.may_be_charged) == (name, scope, retry, False)
    assert error.message
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("spec", "base_url"), [(REPLICATE, REPLICATE_URL), (HEDRA, HEDRA_URL)], ids=["replicate", "hedra"]
)
def test_no_message_shows_the_key_or_a_way_to_a_file(spec: Any, base_url: str) -> None:
    # given a vendor that repeats in its words what it was sent
    text = f"key {KEY} cannot read https://user:pw@files.test/private/path.png?signature=abc and \ud800 " + "x" * 9000
    body = {"detail": text, "error": {"code": "INVALID_ARGUMENT", "message": text}}
    # when it refuses a job
    outcome = Vendor(spec, base_url, answer(400, body)).submit()
    # then what is left of it may be shown, logged and stored
    message = outcome.error.message
    assert "https://files.test/..." in message
    assert not {"very-secret", "pw", "private", "signature"} & set(message.replace("/", " ").replace(":", " ").split())
    assert len(message) <= 500
    message.encode()


@pytest.mark.parametrize("key", ["", " ", "two words", "line\n", "k\u00e9y", "tab\t"])
def test_a_key_that_would_show_in_an_error_is_not_sent(key: str) -> None:
    # given a key that was copied badly
    vendor = replicate(answer(201, PREDICTION))
    vendor.key = key
    # when a job is asked for
    outcome = vendor.submit()
    # then a person has to act, and nothing was sent or shown
    assert isinstance(outcome, Refused)
    assert (outcome.error.name, outcome.error.scope) == ("key_unusable", Scope.ACCOUNT)
    assert outcome.error.message == "Replicate cannot be asked: its key must be one word of ASCII characters"
    with pytest.raises(ProviderUnreachable, match="its key must be one word"):
        vendor.look_up(answer(200, PREDICTION))
    assert vendor.requests == []


def test_a_key_that_has_changed_is_used_at_once() -> None:
    vendor = replicate(answer(401, {"detail": "x"}), answer(201, PREDICTION))
    vendor.submit()
    vendor.key = "new"
    vendor.submit()
    assert [r.headers["Authorization"] for r in vendor.requests] == [f"Bearer {KEY}", "Bearer new"]


def test_no_redirect_takes_the_key_elsewhere() -> None:
    vendor = replicate(answer(302, "", Location="https://elsewhere.test/"), answer(201, PREDICTION))
    vendor.submit()
    assert [request.url.host for request in vendor.requests] == ["api.replicate.com"]


def test_an_answer_that_never_ends_is_given_up() -> None:
    # given a vendor whose answer comes byte by byte, each in time
    clock = itertools.count(0.0, 6.0)

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            yield from (bytes([byte]) for byte in json.dumps(PREDICTION).encode())

    def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(201, stream=Drip())

    provider = HttpProvider(
        REPLICATE, REPLICATE_URL, lambda: KEY, transport=httpx.MockTransport(handle), clock=lambda: next(clock)
    )
    # when a job is asked for, then it stays open whether there is one
    assert provider.submit("owner/model", {}, CALLBACK, key="k") == Unconfirmed("ReadTimeout")
