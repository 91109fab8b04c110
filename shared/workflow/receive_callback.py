"""Take a callback in: check that the provider made it for us, put it into the inbox. Nothing is looked up here.

An early callback, and that of a job whose submit was never confirmed, must get through; `collect_asset` matches them.
"""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.webhooks.scheme import CallbackRefused, Scheme
from shared.webhooks.store import WebhookStore, callback_key

if TYPE_CHECKING:
    from shared.ports import Queue

MAX_MESSAGE = 262_144
"""Bytes of a message that goes through the queue.

SQS takes 1 MiB (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html); until
2025 it took 256 KiB, which queues may still be set to and tools still reckon with. Callbacks have about 1 KB.
"""

MAX_BODY = 4 * 1024 * 1024
"""Characters of a body as it is delivered: thousands of times what callbacks have, and less than Lambda's 6 MB.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

_MAX_QUERY = 1024  # ours have about 120 characters


def raw_body(text: str, *, is_base64: bool) -> bytes:
    """Return a body's raw bytes from how a function URL delivers it; raises `CallbackRefused`."""
    if len(text) > MAX_BODY:
        raise CallbackRefused(f"the body is longer than {MAX_BODY} characters")
    try:
        return base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except ValueError as error:
        raise CallbackRefused("the body is neither text nor base64") from error


def receive_callback(
    headers: Mapping[str, str],
    query: str,
    body: bytes,
    *,
    provider: str,
    scheme: Scheme,
    now: float,
    inbox: "Queue",
    store: WebhookStore,
) -> None:
    """Put a genuine callback into the inbox.

    Parameters
    ----------
    query
        Of the URL that was called.
    provider, scheme
        Whose path was called, and how it signs.

    Raises
    ------
    CallbackRefused
        When it is not genuine.
    KeysUnavailable, StoreUnavailable
        When it is to come again.
    """
    if len(query) > _MAX_QUERY or not query.isascii():
        raise CallbackRefused("the query is none that we give out")
    scheme.verify(headers, body, now)
    inbox.send(_message(query, body, provider, store))


def _message(query: str, body: bytes, provider: str, store: WebhookStore) -> str:
    """Return the inbox's message; a body that no queue carries (too long, no text) goes into the bucket instead."""
    try:
        message = _written(query, provider, body=body.decode())
    except UnicodeDecodeError:
        message = ""
    if message and len(message) <= MAX_MESSAGE:  # it is ASCII: its characters are bytes
        return message
    key = callback_key(body)
    store.put(key, body)
    return _written(query, provider, stored_body=key)


def _written(query: str, provider: str, **body: str) -> str:
    return json.dumps({"query": query, **body, "provider": provider})
