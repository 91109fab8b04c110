"""Only fal can speak for fal: what gets into the inbox, and what does not."""

import base64
import hashlib
import json
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from shared.fal.key_set import KeysUnavailable
from shared.fal.signatures import TOLERANCE, CallbackRefused
from shared.workflow.collect_asset import InboxMessage
from shared.workflow.receive_callback import receive_callback
from tests.fakes.messages import MemoryQueue

US = "user-1"
NOW = 1_800_000_000
BODY = b'{"request_id": "r", "status": "OK", "payload": {"caf\xc3\xa9": 1}}'
QUERY = "address=aaaa&attempt=1&secret=s"
KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()


def signed(
    body: bytes = BODY, *, key: Ed25519PrivateKey = KEY, user: str = US, at: object = NOW, **changes: str | None
) -> dict[str, str]:
    digest = hashlib.sha256(body).hexdigest()
    signature = key.sign(f"request-1\n{user}\n{at}\n{digest}".encode()).hex()
    headers: dict[str, str | None] = {
        "X-Fal-Webhook-Request-Id": "request-1",
        "X-Fal-Webhook-User-Id": user,
        "X-Fal-Webhook-Timestamp": str(at),
        "X-Fal-Webhook-Signature": signature,
    }
    headers |= {f"X-Fal-Webhook-{name.title().replace('_', '-')}": value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value is not None}


class Keys:
    """A key set that is rotated: only a refresh finds the new key."""

    def __init__(self, known: list[Ed25519PrivateKey], fresh: list[Ed25519PrivateKey] | None = None) -> None:
        self.known, self.fresh, self.asked = known, fresh if fresh is not None else known, list[bool]()

    def __call__(self, refresh: bool) -> list[Ed25519PublicKey]:
        self.asked.append(refresh)
        keys = self.fresh if refresh else self.known
        if not keys:
            raise KeysUnavailable("none")
        return [key.public_key() for key in keys]


def receive(headers: dict[str, str], body: bytes = BODY, keys: Keys | None = None, now: float = NOW) -> MemoryQueue:
    inbox = MemoryQueue()
    receive_callback(headers, QUERY, body, user_id=US, now=now, keys=keys or Keys([KEY]), inbox=inbox)
    return inbox


def test_what_fal_signed_for_us_gets_into_the_inbox() -> None:
    # when a callback with a good signature comes
    inbox = receive(signed())
    # then the inbox has its query and body, letter for letter
    [body] = inbox.bodies
    assert InboxMessage.model_validate_json(body) == InboxMessage(query=QUERY, body=BODY.decode())


def test_headers_come_in_any_case() -> None:
    assert receive({name.lower(): value for name, value in signed().items()}).bodies
    assert receive({name.upper(): value for name, value in signed().items()}).bodies


@pytest.mark.parametrize(
    "headers",
    [
        signed(key=OTHER_KEY),
        signed(BODY + b" "),
        signed(user="user-2"),
        signed(user_id="user-2"),
        signed(request_id="request-2"),
        signed(timestamp=str(NOW + 1)),
        signed(at=NOW - TOLERANCE - 1),
        signed(at=NOW + TOLERANCE + 1),
        signed(at=""),
        signed(at=f"-{NOW}"),
        signed(at=f"{NOW}.0"),
        signed(at="9" * 400),
        signed(at="١٢٣"),
        signed(signature="zz"),
        signed(signature=""),
        signed(signature="00" * 64),
        *(signed(**{name: None}) for name in ("request_id", "user_id", "timestamp", "signature")),  # type: ignore[arg-type]
        {},
    ],
)
def test_everything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused):
        receive(headers)


def test_an_altered_body_is_refused() -> None:
    with pytest.raises(CallbackRefused, match="no key"):
        receive(signed(), BODY.replace(b"OK", b"KO"))


@pytest.mark.parametrize("late", [-TOLERANCE, 0, TOLERANCE])
def test_a_callback_within_the_tolerance_is_taken(late: int) -> None:
    assert receive(signed(), now=NOW + late).bodies


def test_a_rotated_key_is_fetched() -> None:
    # given a key that is known only since a moment
    keys = Keys([OTHER_KEY], [OTHER_KEY, KEY])
    assert receive(signed(), keys=keys).bodies
    assert keys.asked == [False, True]


@pytest.mark.parametrize("headers", [signed(user="user-2"), signed(at=NOW - 9999), {}])
def test_strangers_cause_no_key_to_be_fetched(headers: dict[str, str]) -> None:
    keys = Keys([KEY])
    with pytest.raises(CallbackRefused):
        receive(headers, keys=keys)
    assert keys.asked == []


def test_without_any_keys_the_callback_is_to_come_again() -> None:
    with pytest.raises(KeysUnavailable):
        receive(signed(), keys=Keys([]))


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=6), st.binary(max_size=50))
def test_nothing_made_up_gets_in(headers: dict[str, str], body: bytes) -> None:
    names = list(signed())
    made_up = dict(zip(names, headers.values(), strict=False)) | headers
    with pytest.raises(CallbackRefused):
        receive(made_up, body)


Handler = Callable[[dict[str, Any], Any], dict[str, int]]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The Lambda function, with our user and a queue in memory."""
    for name, value in {"INBOX_QUEUE_URL": "x", "FAL_USER_ID": US, "AWS_DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)
    path = Path(__file__).parents[3] / "functions" / "hedra_webhook" / "app.py"
    spec = util.spec_from_file_location("hedra_webhook_app", path)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "inbox", MemoryQueue())
    monkeypatch.setattr(module, "keys", Keys([KEY]))
    monkeypatch.setattr(module.time, "time", lambda: float(NOW))
    return module


def handle(function: Any, headers: dict[str, str], body: bytes = BODY, *, encoded: bool = False) -> int:
    text = base64.b64encode(body).decode() if encoded else body.decode()
    event = {"headers": headers, "rawQueryString": QUERY, "body": text, "isBase64Encoded": encoded}
    handler: Handler = function.handler.__wrapped__
    return handler(event, None)["statusCode"]


@pytest.mark.parametrize("encoded", [False, True])
def test_the_function_answers_200_when_the_callback_lies_in_the_inbox(function: Any, encoded: bool) -> None:
    assert handle(function, signed(), encoded=encoded) == 200
    assert json.loads(function.inbox.bodies[0]) == {"query": QUERY, "body": BODY.decode()}


def test_the_function_answers_401_to_strangers(function: Any) -> None:
    assert handle(function, signed(key=OTHER_KEY)) == 401
    assert handle(function, {}) == 401
    assert function.inbox.sent == []


def test_the_function_answers_503_when_it_cannot_tell(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "keys", Keys([]))
    assert handle(function, signed()) == 503
