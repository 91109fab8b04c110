"""Callbacks as Replicate signs them."""

import base64
import hashlib
import hmac

from tests.unit.webhook.fal_callbacks import BODY, NOW

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def bytes_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def signature_of(body: bytes, *, secret: str = SIGNING_SECRET, message_id: str = MESSAGE_ID, at: object = NOW) -> str:
    """Sign as https://replicate.com/docs/topics/webhooks/verify-webhook says."""
    content = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(bytes_of(secret), content, hashlib.sha256)).decode()


def signed(
    body: bytes = BODY,
    *,
    secret: str = SIGNING_SECRET,
    message_id: str = MESSAGE_ID,
    at: object = NOW,
    **changes: str | None,
) -> dict[str, str]:
    """Return the headers of a callback; `changes` are made once it is signed, None takes a header away."""
    headers: dict[str, str | None] = {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature_of(body, secret=secret, message_id=message_id, at=at),
    }
    headers |= {f"webhook-{name}": value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value is not None}
