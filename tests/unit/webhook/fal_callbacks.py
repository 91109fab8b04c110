"""Callbacks as fal signs them, and events as a function URL delivers them."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
    headers: dict[str, str], body: bytes = BODY, *, path: str = "/", query: str = QUERY, is_base64: bool = False
) -> dict[str, Any]:
    """Return the event of a function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}},
        "requestContext": {"http": {"method": "POST", "path": path, "sourceIp": "203.0.113.9"}},
        "body": base64.b64encode(body).decode() if is_base64 else body.decode(),
        "isBase64Encoded": is_base64,
    }
