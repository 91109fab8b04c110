"""The webhook function, with keys, secrets, a store, an inbox and a clock of the test's own."""

import importlib.util
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.webhooks.published_keys import KeysNotPublished
from shared.webhooks.schemes import Schemes
from shared.webhooks.settings import WebhookSettings
from shared.webhooks.signing_secret import SecretUnreadable
from shared.webhooks.store import StoreUnavailable
from tests.fakes.clock import Clock
from tests.fakes.messages import MemoryQueue
from tests.unit.webhook import fal_callbacks, hedra_callbacks
from tests.unit.webhook.fal_callbacks import BODY, NOW, ROOT, US, event_of
from tests.unit.webhook.replicate_callbacks import SIGNING_SECRET

SETTINGS = WebhookSettings(
    fal_user_id=US, stand_ins="replicate,hedra", replicate_webhook_secret_name="replicate/signing"
)


@dataclass
class Published:
    """Where a provider publishes its keys; it may be down, and counts who asks."""

    keys: list[Ed25519PrivateKey] = field(default_factory=lambda: [fal_callbacks.KEY])
    is_down: bool = False
    fetches: int = 0

    def __call__(self) -> list[Ed25519PublicKey]:
        self.fetches += 1
        if self.is_down:
            raise KeysNotPublished("it is down")
        return [key.public_key() for key in self.keys]


@dataclass
class Secrets:
    """Where our signing secret is kept; it may be down, and counts who asks."""

    secret: str = SIGNING_SECRET
    is_down: bool = False
    reads: int = 0

    def __call__(self, name: str) -> str:
        assert name == SETTINGS.replicate_webhook_secret_name
        self.reads += 1
        if self.is_down:
            raise SecretUnreadable("it is down")
        return self.secret


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
    """The function, and what stands around it."""

    module: Any
    clock: Clock = field(default_factory=lambda: Clock(float(NOW)))
    published: Published = field(default_factory=Published)
    published_by_hedra: Published = field(default_factory=lambda: Published([hedra_callbacks.KEY]))
    secrets: Secrets = field(default_factory=Secrets)
    store: MemoryStore = field(default_factory=MemoryStore)
    inbox: MemoryQueue = field(default_factory=MemoryQueue)
    log: io.StringIO = field(default_factory=io.StringIO)
    settings: WebhookSettings = SETTINGS

    def start(self) -> None:
        """Start cold: nothing is remembered but what lies in the store."""
        self.module.schemes = Schemes(self.settings, self.store, self.secrets, self.clock, self._fetch)

    def _fetch(self, url: str, _read: Callable[[object], list[Ed25519PublicKey]]) -> list[Ed25519PublicKey]:
        site = {
            "https://rest.fal.ai/.well-known/jwks.json": self.published,
            "https://api.hedra.com/v3/webhooks/public-key": self.published_by_hedra,
        }[url]
        return site()

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
    """Load the function, and put the test's own in the place of AWS and the providers."""
    module = load_function()
    webhook = Webhook(module, **fields)
    webhook.start()
    vars(module).update(inbox=webhook.inbox, store=webhook.store, time=SimpleNamespace(time=webhook.clock))
    with patch.object(module.logger.registered_handler, "stream", webhook.log):
        yield webhook
