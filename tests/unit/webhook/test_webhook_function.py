"""The webhook function as Lambda calls it: what it answers, what it logs, what it costs, whoever calls."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.webhooks.store import FAL_KEYS, callback_key
from shared.workflow.receive_callback import MAX_BODY
from tests.unit.webhook.fal_callbacks import (
    BODY,
    KEY,
    NOW,
    OTHER_KEY,
    QUERY,
    ROOT,
    SECRET,
    event_of,
    signed,
)
from tests.unit.webhook.webhook_function import CONTEXT, SETTINGS, Webhook, load_function, loaded_webhook


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with loaded_webhook() as webhook:
        yield webhook


@pytest.mark.parametrize("is_base64", [False, True])
def test_200_when_the_callback_lies_in_the_inbox(webhook: Webhook, is_base64: bool) -> None:
    assert webhook.call_back(signed(), is_base64=is_base64) == 200
    assert [json.loads(body) for body in webhook.inbox.bodies] == [
        {"provider": "fal", "query": QUERY, "body": BODY.decode()}
    ]


def test_200_for_a_body_that_is_no_text(webhook: Webhook) -> None:
    body = b"\xff\xfe\0"
    assert webhook.call_back(signed(body), body, is_base64=True) == 200
    assert webhook.store.objects[callback_key(body)] == body


@pytest.mark.parametrize(
    "event",
    [
        event_of(signed(key=OTHER_KEY)),
        event_of({}),
        {**event_of(signed()), "isBase64Encoded": True},
        {**event_of(signed()), "body": "%", "isBase64Encoded": True},
        {**event_of(signed()), "body": "\ud800"},
        {**event_of(signed()), "body": "x" * (MAX_BODY + 1)},
        {**event_of(signed()), "body": None},
        {**event_of(signed()), "headers": None},
        {**event_of(signed()), "rawQueryString": "x" * 2000},
        {name: value for name, value in event_of(signed()).items() if name != "body"},
        {},
        event_of(signed(at="9" * 400)),
        event_of(signed(at="9" * 5000)),
    ],
    ids=[
        "forged",
        "no headers",
        "text called base64",
        "no base64",
        "no text",
        "absurdly large",
        "a body of null",
        "headers of null",
        "an endless query",
        "no body",
        "nothing",
        "400 digits",
        "5000 digits",
    ],
)
def test_401_to_strangers(webhook: Webhook, event: dict[str, Any]) -> None:
    assert webhook.call(event) == 401
    assert webhook.inbox.sent == []
    assert set(webhook.store.writes) <= {FAL_KEYS}


def test_401_and_a_word_in_the_log_while_nobody_has_said_who_we_are() -> None:
    with loaded_webhook(settings=dataclasses.replace(SETTINGS, fal_user_id="unset")) as webhook:
        assert webhook.call_back(signed(user="unset")) == 401
        assert webhook.inbox.sent == []
        assert "FalUserId" in webhook.log.getvalue()


def test_503_when_it_cannot_be_told_whether_fal_made_it(webhook: Webhook) -> None:
    webhook.published.is_down = True
    assert webhook.call_back(signed()) == 503
    assert webhook.inbox.sent == []


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "try again"}}, "SendMessage"),
        ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "SendMessage"),
        EndpointConnectionError(endpoint_url="https://sqs.eu-central-1.amazonaws.com"),
    ],
    ids=["unavailable", "missing", "unreachable"],
)
def test_503_and_one_line_in_the_log_when_the_inbox_is_down(webhook: Webhook, error: Exception) -> None:
    class Down:
        def send(self, _body: str) -> None:
            raise error

    webhook.module.inbox = Down()
    assert webhook.call_back(signed()) == 503
    (line,) = webhook.log.getvalue().splitlines()
    assert "inbox" in line
    assert "Traceback" not in line


def test_503_when_a_large_body_cannot_be_put_away(webhook: Webhook) -> None:
    body = b"x" * 300_000
    webhook.store.is_writable = False
    assert webhook.call_back(signed(body), body) == 503
    assert webhook.inbox.sent == []


def test_the_log_says_which_check_failed_and_gives_nothing_away(webhook: Webhook) -> None:
    # given callbacks of every fate
    fates = {
        "no key of fal's": signed(key=OTHER_KEY),
        "another user": signed(user="auth0|somebody-else"),
        "too far from now": signed(at=NOW - 9999),
        "header x-fal-webhook-signature is missing": signed(signature=None),
        "header x-fal-webhook-timestamp is there more than once": signed(timestamp=f"{NOW},{NOW}"),
        "not a number": signed(at="9" * 400),
    }
    for reason, headers in fates.items():
        webhook.log.truncate(0)
        # when they come
        assert webhook.call_back(headers) == 401
        # then the reason is on record, and neither secret, query, signature nor body
        log = webhook.log.getvalue()
        assert reason in log
        for given_away in (SECRET, QUERY, headers.get("X-Fal-Webhook-Signature", "-no-"), "caf", "9999999"):
            assert given_away not in log
    webhook.log.truncate(0)
    webhook.published.is_down = True
    webhook.start()
    webhook.call_back(signed())
    webhook.call_back({})
    assert SECRET not in webhook.log.getvalue()


def test_the_event_is_never_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    with loaded_webhook() as talkative:
        assert talkative.call_back(signed()) == 200
        assert talkative.call_back({}) == 401
        assert "callback refused" in talkative.log.getvalue()
        assert SECRET not in talkative.log.getvalue()


def test_a_callback_that_is_replayed_is_let_through_only_within_the_tolerance(webhook: Webhook) -> None:
    """Within it, `collect_asset` finds it known already."""
    headers = signed()
    for late, status in ((0, 200), (1, 200), (299, 200), (1, 401), (9999, 401)):
        webhook.clock.forward(late)
        assert webhook.call_back(headers) == status
    assert len(set(webhook.inbox.bodies)) == 1


def test_foreign_requests_cause_no_fetch_storm(webhook: Webhook) -> None:
    # given an hour of 10 000 requests: strangers', other customers' of fal, and forged ones in our name
    foreign = {"none of fal's": {}, "another's": signed(user="auth0|somebody-else"), "old": signed(at=NOW - 9999)}
    forged = [signed(key=OTHER_KEY, at=NOW + minute * 60) for minute in range(60)]
    for _ in range(1000):
        for headers in foreign.values():
            assert webhook.call_back(headers) == 401
    # then those that can be told without a key cause no fetch, and not a look into the bucket
    assert (webhook.published.fetches, webhook.store.reads) == (0, 0)
    for number in range(7000):
        if number % 100 == 0:
            webhook.start()  # cold
        webhook.clock.now = NOW + number * 3600 / 7000
        assert webhook.call_back(forged[int(number * 60 / 7000)]) == 401
    # and the others one a minute, on seventy cold functions
    assert 50 <= webhook.published.fetches <= 60
    assert webhook.store.reads <= 70 + 60
    assert webhook.inbox.sent == []
    # while a genuine callback passes
    assert webhook.call_back(signed(at=int(webhook.clock.now))) == 200


def test_a_burst_of_foreign_requests_on_cold_functions_causes_one_fetch(webhook: Webhook) -> None:
    headers = signed(key=OTHER_KEY)
    for _ in range(1000):
        webhook.start()
        assert webhook.call_back(headers) == 401
    assert webhook.published.fetches == 1


def test_a_rotated_key_is_found_by_a_warm_function(webhook: Webhook) -> None:
    assert webhook.call_back(signed()) == 200
    webhook.clock.forward(61)
    webhook.published.keys = [OTHER_KEY]
    at = int(webhook.clock.now)
    assert webhook.call_back(signed(key=OTHER_KEY, at=at)) == 200
    assert webhook.call_back(signed(key=KEY, at=at)) == 401


_HEAVY = ("pydantic", "httpx", "fal_client", "PIL", "av", "numpy", "aws_lambda_powertools.utilities.parser")

_COUNT_CLIENTS = f"""
import sys
sys.path[:0] = ["functions/hedra_webhook", "."]
import boto3
made, client = [], boto3.client
boto3.client = lambda name, **how: (made.append(name), client(name, **how))[1]
import app
assert app.handler({event_of({})!r}, type("Context", (), dict.fromkeys(
    ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id"), "1")))["statusCode"] == 401
assert made == ["sqs"], made
heavy = [name for name in {_HEAVY!r} if name in sys.modules]
assert not heavy, heavy
"""


def test_it_imports_nothing_heavy_and_makes_no_client_that_it_does_not_need() -> None:
    environment = {"INBOX_QUEUE_URL": "x", "BUCKET": "b", "FAL_USER_ID": "u", "AWS_DEFAULT_REGION": "eu-central-1"}
    subprocess.run([sys.executable, "-c", _COUNT_CLIENTS], check=True, cwd=ROOT, env=os.environ | environment)


def test_an_unset_variable_refuses_everything_and_does_not_break_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAL_USER_ID", raising=False)
    function = load_function()
    headers = signed(user="", at=int(time.time()))
    assert function.handler(event_of(headers), CONTEXT) == {"statusCode": 401}
