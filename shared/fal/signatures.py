"""fal's webhook signature: Ed25519 over request id, user id, time and the hash of the raw body.

Source: https://fal.ai/docs/documentation/model-apis/inference/webhooks. Keys are published as a JWKS (RFC 7517), whose
``x`` carries no padding.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE = 300
"""Seconds by which a callback's time may differ from ours, both ways."""

_REQUEST_ID = "x-fal-webhook-request-id"
_USER_ID = "x-fal-webhook-user-id"
_TIMESTAMP = "x-fal-webhook-timestamp"
_SIGNATURE = "x-fal-webhook-signature"
_MAX_DIGITS = 12


class CallbackRefused(Exception):
    """A callback that fal did not send to us; its text says which check it failed."""


@dataclass(frozen=True, slots=True)
class SignedHeaders:
    """The four headers of a callback that passed every check that needs no key."""

    request_id: str
    user_id: str
    timestamp: str
    signature: bytes


def check_headers(headers: Mapping[str, str], *, user_id: str, now: float) -> SignedHeaders:
    """Check everything that needs no key, so that strangers cause no key to be fetched; raises `CallbackRefused`.

    Parameters
    ----------
    headers
        In any case.
    user_id
        Our account at fal: a valid signature alone only proves that fal signed it, for any of its customers.
    now
        Seconds since the epoch.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        request_id, user, timestamp, signature = (
            lowered[name] for name in (_REQUEST_ID, _USER_ID, _TIMESTAMP, _SIGNATURE)
        )
    except KeyError as missing:
        raise CallbackRefused(f"header {missing.args[0]} is missing") from None
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MAX_DIGITS):
        raise CallbackRefused("the timestamp is not a number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise CallbackRefused("the timestamp is too far from now")
    if user != user_id:
        raise CallbackRefused("it was made for another user of fal")
    try:
        return SignedHeaders(request_id, user, timestamp, bytes.fromhex(signature))
    except ValueError:
        raise CallbackRefused("the signature is not hexadecimal") from None


def public_keys(jwks: object) -> list[Ed25519PublicKey]:
    """Return the Ed25519 keys of a key set, leaving out what is none."""
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    keys = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("crv") == "Ed25519" and isinstance(entry.get("x"), str):
            text = str(entry["x"])
            try:
                raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
                keys.append(Ed25519PublicKey.from_public_bytes(raw))
            except ValueError:
                continue
    return keys


def is_signed(headers: SignedHeaders, body: bytes, keys: Iterable[Ed25519PublicKey]) -> bool:
    """Tell whether any of the keys made the signature over the raw body."""
    digest = hashlib.sha256(body).hexdigest()
    message = f"{headers.request_id}\n{headers.user_id}\n{headers.timestamp}\n{digest}".encode()
    for key in keys:
        try:
            key.verify(headers.signature, message)
        except InvalidSignature:
            continue
        return True
    return False
