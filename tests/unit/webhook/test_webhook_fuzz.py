"""Ten thousand events that somebody may think of, each made from a valid one: no exception, and no way in."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.webhook.fal_callbacks import (
    HEADERS,
    KEY,
    NOW,
    OTHER_KEY,
    US,
    Webhook,
    event_of,
    loaded_webhook,
    signed,
)

Event = dict[str, Any]
Change = Callable[[Event], object]

NAMES = [name.lower() for name in HEADERS]
names = st.sampled_from(NAMES)
header_values = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs"]), max_size=3),
    st.sampled_from(["", "9" * 400, "9" * 5000, f"{NOW}.0", f"-{NOW}", "nan", US, "unset", "0" * 128, "é", "\n", "٣"]),
    st.integers().map(str),
    st.binary(min_size=64, max_size=64).map(bytes.hex),
)
users = st.sampled_from([US, US, "auth0|somebody-else", "unset", ""])
bodies = st.binary(max_size=60) | st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode)


def change_header(name: str, value: str) -> Change:
    return lambda event: event["headers"].update({name: value})


def double_header(name: str, value: str) -> Change:
    return lambda event: event["headers"].update({name: f"{event['headers'].get(name)},{value}"})


def repeat_in_another_case(name: str) -> Change:
    return lambda event: event["headers"].update({name.upper(): event["headers"].get(name, "")})


def drop_header(name: str) -> Change:
    return lambda event: event["headers"].pop(name, None)


def set_field(name: str, value: object) -> Change:
    return lambda event: event.update({name: value})


def drop_field(name: str) -> Change:
    return lambda event: event.pop(name, None)


def sign_again(body: bytes, late: int, key: Ed25519PrivateKey, user: str) -> Change:
    headers = signed(body, key=key, at=NOW + late, user=user)
    return lambda event: event.update(event_of(headers, body, is_base64=True))


# Headers are changed first: afterwards there may be none.
changes_of_headers = st.one_of(
    st.builds(change_header, names, header_values),
    st.builds(double_header, names, header_values),
    st.builds(change_header, st.text(max_size=30), header_values),
    st.builds(repeat_in_another_case, names),
    st.builds(drop_header, names),
    st.builds(
        sign_again,
        bodies,
        st.sampled_from([0, 300, -300, 301, -301, 10**9]),
        st.sampled_from([KEY, KEY, OTHER_KEY]),
        users,
    ),
)
changes_of_fields = st.one_of(
    st.builds(
        set_field, st.just("body"), st.text(max_size=60) | st.none() | bodies.map(base64.b64encode).map(bytes.decode)
    ),
    st.builds(set_field, st.just("isBase64Encoded"), st.booleans()),
    st.builds(set_field, st.just("rawQueryString"), st.text(max_size=60) | st.just("x" * 3000)),
    st.builds(
        set_field, st.just("headers"), st.none() | st.dictionaries(st.text(max_size=30), header_values, max_size=5)
    ),
    st.just(lambda _: None),
    st.builds(drop_field, st.sampled_from(["headers", "body", "rawQueryString", "isBase64Encoded", "requestContext"])),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    body = draw(bodies)
    event = event_of(signed(body), body, is_base64=True)
    for change in [*draw(st.lists(changes_of_headers, max_size=2)), draw(changes_of_fields)]:
        change(event)
    return event


def is_genuine(event: Event) -> bool:
    """Tell whether fal signed an event for us, just now: written apart from the code under test, and as plainly."""
    found = [(name.lower(), value) for name, value in (event.get("headers") or {}).items() if name.lower() in NAMES]
    values = dict(found)
    if len(found) != len(NAMES) or len(values) != len(NAMES) or values[NAMES[1]] != US:
        return False
    try:
        body = event.get("body") or ""
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        message = "\n".join([*(values[name] for name in NAMES[:3]), hashlib.sha256(raw).hexdigest()])
        KEY.public_key().verify(bytes.fromhex(values[NAMES[3]]), message.encode())
    except (ValueError, InvalidSignature):
        return False
    return abs(int(values[NAMES[2]]) - NOW) <= 300


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    with loaded_webhook() as webhook:
        webhook.module.logger.setLevel("ERROR")  # ten thousand refusals make a long log
        yield webhook
        webhook.module.logger.setLevel("INFO")


@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(events())
def test_no_event_breaks_the_function_or_gets_in_unsigned(webhook: Webhook, event: Event) -> None:
    webhook.inbox.sent.clear()
    status = webhook.call(event)
    assert status in {200, 401}
    assert len(webhook.inbox.sent) == (status == 200)
    query = event.get("rawQueryString") or ""
    assert (status == 200) == (is_genuine(event) and query.isascii() and len(query) <= 1024)
