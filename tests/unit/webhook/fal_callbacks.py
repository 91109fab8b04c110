"""Callbacks as fal signs them, events as a function URL delivers them, and what the webhook function is tried on."""

import base64
import hashlib
import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.webhooks.fal import FalScheme
from shared.webhooks.key_set import KeySet
from shared.webhooks.published_keys import KeysNotPublished
from shared.webhooks.store import FAL_KEYS, StoreUnavailable
from tests.fakes.clock import Clock
from tests.fakes.messages import MemoryQueue

ROOT = Path(__file__).parents[3]
US = "auth0|0123456789abcdef"
NOW = 1_800_000_000
SECRET = "Zk3l0fJ8v1hQ2mXr7bTnWcYp5sDgUaEi"
QUERY = f"address={'a' * 40}&attempt=1&secret={SECRET}"
BODY = b'{"request_id": "r", "status": "OK", "payload": {"caf\xc3\xa9": 1}}'
KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
REQUEST_ID, USER_ID, TIMESTAMP, SIGNATURE = HEADERS = (
    "X-Fal-Webhook-Request-Id",
    "X-Fal-Webhook-User-Id",
    "X-Fal-Webhook-Timestamp",
    "X-Fal-Webhook-Signature",
)


def signature_of(
    body: bytes, *, key: Ed25519PrivateKey = KEY, request_id: str = "request-1", user: str = US, at: object = NOW
) -> str:
    """Sign as https://fal.ai/docs/documentation/model-apis/inference/webhooks says."""
    return key.sign(f"{request_id}\n{user}\n{at}\n{hashlib.sha256(body).hexdigest()}".encode()).hex()


def signed(
    body: bytes = BODY, *, key: Ed25519PrivateKey = KEY, user: str = US, at: object = NOW, **changes: str | None
) -> dict[str, str]:
    """Return the headers of a callback; `changes` are made once it is signed, None takes a header away."""
    headers: dict[str, str | None] = {
        REQUEST_ID: "request-1",
        USER_ID: user,
        TIMESTAMP: str(at),
        SIGNATURE: signature_of(body, key=key, user=user, at=at),
    }
    headers |= {f"X-Fal-Webhook-{name.title().replace('_', '-')}": value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value is not None}


def event_of(
    headers: dict[str, str], body: bytes = BODY, *, query: str = QUERY, is_base64: bool = False
) -> dict[str, Any]:
    """Return the event of a function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": query,
        "headers": {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}},
        "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "203.0.113.9"}},
        "body": base64.b64encode(body).decode() if is_base64 else body.decode(),
        "isBase64Encoded": is_base64,
    }


@dataclass
class Published:
    """Where fal publishes its keys; it may be down, and counts who asks."""

    keys: list[Ed25519PrivateKey] = field(default_factory=lambda: [KEY])
    is_down: bool = False
    fetches: int = 0

    def __call__(self) -> list[Ed25519PublicKey]:
        self.fetches += 1
        if self.is_down:
            raise KeysNotPublished("it is down")
        return [key.public_key() for key in self.keys]


@dataclass
class MemoryStore:
    """`shared.webhooks.store.WebhookStore` in memory; it may be unreadable, or not to be written to."""

    objects: dict[str, bytes] = field(default_factory=dict)
    is_readable: bool = True
    is_writable: bool = True
    reads: int = 0
    writes: list[str] = field(default_factory=list)

    def get(self, key: str) -> bytes | None:
        self.reads += 1
        return self.objects.get(key) if self.is_readable else None

    def put(self, key: str, data: bytes) -> None:
        if not self.is_writable:
            raise StoreUnavailable(key)
        self.objects[key] = data
        self.writes.append(key)


@dataclass
class Webhook:
    """The webhook function with a clock, keys, a store and an inbox of the test's own."""

    module: Any
    clock: Clock = field(default_factory=lambda: Clock(float(NOW)))
    published: Published = field(default_factory=Published)
    store: MemoryStore = field(default_factory=MemoryStore)
    inbox: MemoryQueue = field(default_factory=MemoryQueue)
    log: io.StringIO = field(default_factory=io.StringIO)
    user_id: str = US

    def start(self) -> None:
        """Start cold: nothing is remembered but what lies in the store."""
        self.module.scheme = FalScheme(self.user_id, KeySet(self.published, self.store, FAL_KEYS, self.clock))

    def call(self, event: dict[str, Any]) -> int:
        """Return the status with which the function answers, which is all that it answers."""
        answer = self.module.handler(event, CONTEXT)
        assert answer.keys() == {"statusCode"}
        return int(answer["statusCode"])

    def call_back(self, headers: dict[str, str], body: bytes = BODY, **how: Any) -> int:
        return self.call(event_of(headers, body, **how))


CONTEXT = SimpleNamespace(
    function_name="webhook", memory_limit_in_mb=512, invoked_function_arn="arn:aws:lambda:any", aws_request_id="1"
)


def load_function(**environment: str) -> Any:
    """Load the function as a cold start does."""
    needed = {"INBOX_QUEUE_URL": "x", "BUCKET": "b", "AWS_DEFAULT_REGION": "eu-central-1"}
    spec = importlib.util.spec_from_file_location("hedra_webhook_app", ROOT / "functions/hedra_webhook/app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with patch.dict("os.environ", needed | environment):
        spec.loader.exec_module(module)
    return module


@contextmanager
def loaded_webhook(**fields: Any) -> Iterator[Webhook]:
    """Load the function, and put the test's own in the place of AWS and fal."""
    module = load_function(FAL_USER_ID=US)
    webhook = Webhook(module, **fields)
    webhook.start()
    vars(module).update(inbox=webhook.inbox, store=webhook.store, time=SimpleNamespace(time=webhook.clock))
    with patch.object(module.logger.registered_handler, "stream", webhook.log):
        yield webhook
