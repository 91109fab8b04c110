"""What gets into the inbox, and how: small texts through the queue, anything else through the bucket."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.providers.names import ProviderName
from shared.webhooks.fal import FalScheme
from shared.webhooks.key_set import KeySet
from shared.webhooks.scheme import CallbackRefused
from shared.webhooks.store import FAL_KEYS, StoreUnavailable, callback_key
from shared.workflow.collect_asset import InboxMessage
from shared.workflow.receive_callback import MAX_BODY, MAX_MESSAGE, raw_body, receive_callback
from tests.fakes.clock import Clock
from tests.fakes.messages import MemoryQueue
from tests.unit.webhook.fal_callbacks import BODY, NOW, OTHER_KEY, QUERY, US, signed
from tests.unit.webhook.webhook_function import MemoryStore, Published


class Inbox(MemoryQueue):
    """Takes what SQS takes, even where a queue is set to the limit of old."""

    def send(self, body: str, delay: int = 0) -> None:
        assert 1 <= len(body.encode()) <= 262_144
        assert all(character in "\t\n\r" or character >= " " for character in body)
        super().send(body, delay)


def receive(
    headers: dict[str, str], body: bytes = BODY, query: str = QUERY, store: MemoryStore | None = None
) -> tuple[Inbox, MemoryStore]:
    inbox, store = Inbox(), store or MemoryStore()
    clock = Clock(float(NOW))
    scheme = FalScheme(US, KeySet(Published(), MemoryStore(), FAL_KEYS, clock))
    receive_callback(headers, query, body, provider="fal", scheme=scheme, now=clock(), inbox=inbox, store=store)
    return inbox, store


def message_in(inbox: MemoryQueue) -> InboxMessage:
    [text] = inbox.bodies
    return InboxMessage.model_validate_json(text)


def test_what_fal_signed_for_us_gets_into_the_inbox() -> None:
    # when a callback with a good signature comes
    inbox, store = receive(signed())
    # then the inbox has its query and body, letter for letter, and nothing else was written
    assert message_in(inbox) == InboxMessage(provider=ProviderName.FAL, query=QUERY, body=BODY.decode())
    assert store.objects == {}


def test_what_is_refused_goes_nowhere() -> None:
    store = MemoryStore()
    with pytest.raises(CallbackRefused):
        receive(signed(b"\xff", key=OTHER_KEY), b"\xff", store=store)
    assert store.objects == {}


@given(st.binary(max_size=200) | st.text(st.characters(codec="utf-8"), max_size=200).map(str.encode))
def test_any_body_arrives_as_it_was(body: bytes) -> None:
    inbox, store = receive(signed(body), body)
    message = message_in(inbox)
    arrived = store.objects[message.stored_body] if message.stored_body else (message.body or "").encode()
    assert arrived == body


@pytest.mark.parametrize(
    ("body", "is_stored"),
    [
        (b'"' + b"x" * 200_000 + b'"', False),
        (b"x" * MAX_MESSAGE, True),
        (b"\0" * 50_000, True),  # six characters each, as JSON has it
        (b"\xff\xfe", True),
        (b"", False),
    ],
    ids=["long", "too long", "too long once written", "no text", "empty"],
)
def test_what_no_queue_carries_goes_through_the_bucket(body: bytes, is_stored: bool) -> None:
    inbox, store = receive(signed(body), body)
    message = message_in(inbox)
    assert store.objects == ({callback_key(body): body} if is_stored else {})
    assert message.stored_body == (callback_key(body) if is_stored else None)


def test_a_body_that_cannot_be_put_away_is_not_announced() -> None:
    with pytest.raises(StoreUnavailable):
        receive(signed(b"\xff"), b"\xff", store=MemoryStore(is_writable=False))


@pytest.mark.parametrize("query", ["a" * 1025, "secret=\ud800", "secret=é"])
def test_a_query_that_is_none_of_ours_is_refused(query: str) -> None:
    with pytest.raises(CallbackRefused, match="query"):
        receive(signed(), query=query)


@given(st.binary(max_size=100))
def test_a_body_is_taken_as_it_was_sent(body: bytes) -> None:
    assert raw_body(base64.b64encode(body).decode(), is_base64=True) == body


@pytest.mark.parametrize("text", ["a", "a===", "%%%%", "aaaa\n", "äöü=", "aGVsbG8", "\ud800"])
def test_base64_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CallbackRefused, match="base64"):
        raw_body(text, is_base64=True)


def test_text_that_is_none_is_refused() -> None:
    with pytest.raises(CallbackRefused, match="text"):
        raw_body("\ud800", is_base64=False)


@pytest.mark.parametrize("is_base64", [False, True])
def test_an_absurdly_large_body_is_refused_unread(is_base64: bool) -> None:
    assert len(raw_body("A" * MAX_BODY, is_base64=is_base64)) in {MAX_BODY, MAX_BODY * 3 // 4}
    with pytest.raises(CallbackRefused, match="longer"):
        raw_body("A" * (MAX_BODY + 4), is_base64=is_base64)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"query": QUERY},
        {"query": QUERY, "body": None},
        {"query": QUERY, "body": "{}", "stored_body": callback_key(b"{}")},
        {"query": QUERY, "body": "{}", "more": 1},
        {"query": QUERY, "body": 7},
        {"body": "{}"},
        *(
            {"query": QUERY, "stored_body": key}
            for key in (
                "",
                "callbacks/",
                "assets/portrait/x",
                f"callbacks/../{'0' * 64}",
                f"/{callback_key(b'')}",
                callback_key(b"") + "\n",
                "webhooks/keys/fal.json",
            )
        ),
    ],
    ids=str,
)
def test_an_inbox_message_that_is_none_is_refused_and_not_quoted(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="InboxMessage") as refusal:
        InboxMessage.model_validate_json(json.dumps(message))
    assert "secret" not in str(refusal.value)
