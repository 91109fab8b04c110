"""What receiving callbacks keeps in the bucket: the providers' keys, and bodies that no queue carries."""

import hashlib
from typing import Protocol

FAL_KEYS = "webhooks/keys/fal.json"
HEDRA_KEYS = "webhooks/keys/hedra.json"
"""The last good keys of each. Whoever may write them can sign in their names: they have a prefix of their own."""

CALLBACKS = "callbacks/"


class StoreUnavailable(Exception):
    """Something could not be written just now."""


class WebhookStore(Protocol):
    """The few objects of the bucket that receiving callbacks needs."""

    def get(self, key: str) -> bytes | None:
        """Return an object's bytes; None when it is missing or cannot be read, which is all one to a cache."""

    def put(self, key: str, data: bytes) -> None:
        """Store an object whole; raises `StoreUnavailable`."""


def callback_key(body: bytes) -> str:
    """Return where a callback's body lies; the same body, sent again, lies in the same place."""
    return f"{CALLBACKS}{hashlib.sha256(body).hexdigest()}"
