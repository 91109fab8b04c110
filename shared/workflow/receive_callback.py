"""Take a callback in: check that fal made it for us, put it into the inbox, answer. Nothing is looked up here.

An early callback, and that of a job whose submit was never confirmed, must get through; `collect_asset` matches them.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shared.fal.signatures import CallbackRefused, check_headers, is_signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from shared.ports import Queue

KeySet = Callable[[bool], "list[Ed25519PublicKey]"]
"""Gives fal's public keys; asked with True, it fetches them afresh if it may."""


def receive_callback(
    headers: Mapping[str, str], query: str, body: bytes, *, user_id: str, now: float, keys: KeySet, inbox: "Queue"
) -> None:
    """Put a verified callback into the inbox; raises `CallbackRefused`."""
    signed = check_headers(headers, user_id=user_id, now=now)
    if not is_signed(signed, body, keys(False)) and not is_signed(signed, body, keys(True)):
        raise CallbackRefused("no key of fal's made the signature")
    inbox.send(inbox_message(query, body))


def inbox_message(query: str, body: bytes) -> str:
    """Return the inbox's message for a callback's query and body."""
    return json.dumps({"query": query, "body": body.decode()})
