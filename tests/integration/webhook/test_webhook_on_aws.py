"""The webhook with a queue, a bucket and published keys that answer over the wire."""

import json
import time
from http import HTTPStatus

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.aws.bucket import S3Bucket
from shared.webhooks.store import FAL_KEYS, callback_key
from tests.integration.plot.functions import Context, load_handler
from tests.integration.webhook.conftest import BUCKET, REGION, Deployed
from tests.integration.webhook.published_keys import jwks_of
from tests.unit.webhook.fal_callbacks import BODY, KEY, OTHER_KEY, QUERY, ROOT, SECRET, signed

HOME = "/.well-known/jwks.json"


def now() -> int:
    return int(time.time())


def test_a_genuine_callback_lies_in_the_inbox(deployed: Deployed) -> None:
    handler = deployed.cold()
    assert deployed.call_back(handler, signed(at=now()), BODY) == 200
    [message] = deployed.inbox()
    assert (message.query, message.body) == (QUERY, BODY.decode())
    # and the keys are kept for the next cold start
    assert deployed.keys() == [FAL_KEYS]


def test_a_forged_callback_does_not(deployed: Deployed) -> None:
    assert deployed.call_back(deployed.cold(), signed(at=now(), key=OTHER_KEY), BODY) == 401
    assert deployed.inbox() == []


@pytest.mark.parametrize("body", [b'"' + b"x" * 300_000 + b'"', b"\0" * 60_000, b"\xff\xfe"], ids=len)
def test_a_body_that_the_queue_does_not_carry_lies_in_the_bucket(deployed: Deployed, body: bytes) -> None:
    """Twice, as fal may send it: it is the same object."""
    handler = deployed.cold()
    for _ in range(2):
        assert deployed.call_back(handler, signed(body, at=now()), body, is_base64=True) == 200
    messages = deployed.inbox()
    assert {message.stored_body for message in messages} == {callback_key(body)}
    assert S3Bucket(deployed.s3, BUCKET).get(str(messages[0].stored_body)) == body
    assert sorted(deployed.keys()) == sorted([callback_key(body), FAL_KEYS])


def test_cold_functions_read_the_kept_keys(deployed: Deployed) -> None:
    for _ in range(5):
        assert deployed.call_back(deployed.cold(), signed(at=now()), BODY) == 200
    assert deployed.site.asked == [HOME]


def test_forged_callbacks_on_cold_functions_cause_one_fetch(deployed: Deployed) -> None:
    for _ in range(5):
        handler = deployed.cold()
        for _ in range(20):
            assert deployed.call_back(handler, signed(at=now(), key=OTHER_KEY), BODY) == 401
    assert deployed.site.asked == [HOME]


def test_kept_keys_serve_while_fal_is_down(deployed: Deployed) -> None:
    assert deployed.call_back(deployed.cold(), signed(at=now()), BODY) == 200
    deployed.site.status = HTTPStatus.INTERNAL_SERVER_ERROR
    assert deployed.call_back(deployed.cold(), signed(at=now()), BODY) == 200


@pytest.mark.parametrize("kept", [b"", b"{}", b"\xff", b'{"fetched_at": 1e999, "tried_at": 0, "jwks": {"keys": []}}'])
def test_damaged_kept_keys_are_fetched_anew(deployed: Deployed, kept: bytes) -> None:
    deployed.s3.put_object(Bucket=BUCKET, Key=FAL_KEYS, Body=kept)
    assert deployed.call_back(deployed.cold(), signed(at=now()), BODY) == 200
    assert deployed.site.asked == [HOME]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (HTTPStatus.INTERNAL_SERVER_ERROR, jwks_of(KEY)),
        (HTTPStatus.NOT_FOUND, b""),
        (HTTPStatus.OK, b"<html>"),
        (HTTPStatus.OK, b"\xff"),
        (HTTPStatus.OK, b"[]"),
        (HTTPStatus.OK, b"{}"),
        (HTTPStatus.OK, b'{"keys": [{"crv": "Ed25519", "x": "AAAA"}]}'),
        (HTTPStatus.OK, b"[" * 60_000),
        (HTTPStatus.OK, b" " * 70_000 + jwks_of(KEY)),
    ],
    # Of their own: the key is another one in every process, and tests are named alike in all of them.
    ids=["error", "missing", "page", "no text", "list", "empty", "short key", "deep", "long"],
)
def test_503_while_there_are_no_keys_at_all(deployed: Deployed, status: HTTPStatus, answer: bytes) -> None:
    # given a site that is broken, and nothing kept
    deployed.site.status, deployed.site.answer = status, answer
    # then fal is to come again, and the site is asked once, whoever starts cold
    for _ in range(3):
        assert deployed.call_back(deployed.cold(), signed(at=now()), BODY) == 503
    assert deployed.site.asked == [HOME]
    assert deployed.inbox() == []


def test_503_when_nobody_listens_where_keys_are_published(deployed: Deployed) -> None:
    handler = deployed.cold(FAL_REST_URL="http://127.0.0.1:1")
    assert deployed.call_back(handler, signed(at=now()), BODY) == 503


@pytest.mark.parametrize("status", [HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.TEMPORARY_REDIRECT])
def test_keys_come_from_nowhere_else(deployed: Deployed, status: HTTPStatus) -> None:
    # given an address that points to a stranger's keys
    stranger = Ed25519PrivateKey.generate()
    deployed.site.status, deployed.site.elsewhere = status, jwks_of(stranger)
    # then they are not fetched
    assert deployed.call_back(deployed.cold(), signed(at=now(), key=stranger), BODY) == 503
    assert deployed.site.asked == [HOME]


def test_503_when_there_is_no_inbox(deployed: Deployed) -> None:
    handler = deployed.cold(INBOX_QUEUE_URL=deployed.queue_url + "-gone")
    assert deployed.call_back(handler, signed(at=now()), BODY) == 503


def test_without_a_bucket_small_callbacks_pass_and_large_ones_come_again(deployed: Deployed) -> None:
    handler = deployed.cold(BUCKET="showrunner-gone")
    assert deployed.call_back(handler, signed(at=now()), BODY) == 200
    assert deployed.call_back(handler, signed(b"\xff", at=now()), b"\xff", is_base64=True) == 503
    assert len(deployed.inbox()) == 1


def test_a_guessed_secret_is_counted_and_dropped(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    # given a ledger that knows no such job, and a callback that fal signed for us
    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName="ledger-webhook",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    queues = {f"{kind}_QUEUE_URL": "x" for kind in ("PORTRAIT", "BACKGROUND", "COMPOSITE", "CLIP")}
    own = {"TABLE": "ledger-webhook", "FAL_KEY": "id:made-up"}
    collect = load_handler(ROOT / "functions/collect_asset", {**deployed.environment, **queues, **own})
    assert deployed.call_back(deployed.cold(), signed(at=now()), BODY) == 200
    [message] = deployed.inbox()
    record = {
        "messageId": "1",
        "receiptHandle": "1",
        "body": message.model_dump_json(exclude_none=True),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:inbox-webhook",
        "awsRegion": REGION,
    }
    capsys.readouterr()
    # when it is collected
    assert collect({"Records": [record]}, Context("CollectAsset")) == {"batchItemFailures": []}
    # then it does not come again, and is counted
    said = capsys.readouterr().out
    counted = [
        entry["ForeignCallbacks"] for line in said.splitlines() if "ForeignCallbacks" in (entry := json.loads(line))
    ]
    assert counted == [[1.0]]
    assert SECRET not in said
