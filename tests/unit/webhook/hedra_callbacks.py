"""Callbacks as Hedra signs them."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.webhook.fal_callbacks import BODY, NOW

KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
JOB_ID = "job_0f8fad5b-d9cb-469f-a165-70867728950e"
HEADERS = (
    "x-hedra-webhook-timestamp",
    "x-hedra-webhook-id",
    "x-hedra-webhook-event",
    "x-hedra-webhook-redelivery",
    "x-hedra-webhook-signature",
)


def base64_of(key: Ed25519PrivateKey) -> str:
    """Return a public key as Hedra publishes it."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signature_of(
    body: bytes,
    *,
    key: Ed25519PrivateKey = KEY,
    job_id: str = JOB_ID,
    event: str = "job.completed",
    redelivery: str = "false",
    at: object = NOW,
) -> str:
    """Sign as the tag "Webhooks" of https://api.hedra.com/v3/openapi.json says."""
    return key.sign(f"{at}\n{job_id}\n{event}\n{redelivery}\n{hashlib.sha256(body).hexdigest()}".encode()).hex()


def signed(
    body: bytes = BODY,
    *,
    key: Ed25519PrivateKey = KEY,
    job_id: str = JOB_ID,
    event: str = "job.completed",
    redelivery: str = "false",
    at: object = NOW,
    **changes: str | None,
) -> dict[str, str]:
    """Return the headers of a callback; `changes` are made once it is signed, None takes a header away."""
    signature = signature_of(body, key=key, job_id=job_id, event=event, redelivery=redelivery, at=at)
    values = (str(at), job_id, event, redelivery, signature)
    headers: dict[str, str | None] = {"x-hedra-webhook-attempt": "1", **dict(zip(HEADERS, values, strict=True))}
    headers |= {f"x-hedra-webhook-{name.removesuffix('_')}": value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value is not None}
