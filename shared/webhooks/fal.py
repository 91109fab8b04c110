"""fal's scheme: Ed25519 over request id, user id, time and the hash of the raw body.

Source: https://fal.ai/docs/documentation/model-apis/inference/webhooks.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidSignature

from shared.webhooks.scheme import CallbackRefused, check_time, required_headers

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_HEADERS = (
    "x-fal-webhook-request-id",
    "x-fal-webhook-user-id",
    "x-fal-webhook-timestamp",
    "x-fal-webhook-signature",
)
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")  # 64 bytes: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.6

_UNSET = frozenset({"", "unset"})
"""What stands in the configuration before anybody has said who we are at fal."""


class PublicKeys(Protocol):
    """fal's public keys, as they are known, and as they are now."""

    def known(self) -> "Sequence[Ed25519PublicKey]":
        """Return the known keys; raises `KeysUnavailable` when there are none."""

    def refreshed(self) -> "Sequence[Ed25519PublicKey]":
        """Return the keys after a look for newer ones: they are rotated."""


@dataclass(frozen=True, slots=True)
class FalHeaders:
    """The headers of a callback that passed every check that needs no key."""

    request_id: str
    user_id: str
    timestamp: str
    signature: bytes


class FalScheme:
    """`shared.webhooks.scheme.Scheme` of fal.

    Parameters
    ----------
    user_id
        Our account at fal: a valid signature alone only proves that fal signed it, for any of its customers.
    keys
        fal's public keys.
    """

    def __init__(self, user_id: str, keys: PublicKeys) -> None:
        self._user_id = user_id
        self._keys = keys

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return if fal made the callback for us; see `Scheme.verify`."""
        if self._user_id in _UNSET:
            raise CallbackRefused("FAL_USER_ID (the stack's parameter FalUserId) does not say who we are at fal")
        checked = check_headers(headers, user_id=self._user_id, now=now)
        if not is_signed(checked, body, self._keys.known()) and not is_signed(checked, body, self._keys.refreshed()):
            raise CallbackRefused("no key of fal's made the signature")


def check_headers(headers: Mapping[str, str], *, user_id: str, now: float) -> FalHeaders:
    """Check everything that needs no key; raises `CallbackRefused`."""
    values = required_headers(headers, _HEADERS)
    for name, value in zip(_HEADERS, values, strict=True):
        # https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html: doubled headers come joined with commas.
        if "," in value:
            raise CallbackRefused(f"header {name} is there more than once")
    request_id, user, timestamp, signature = values
    check_time(timestamp, now)
    if user != user_id:
        raise CallbackRefused("it was made for another user of fal")
    if not _SIGNATURE.fullmatch(signature):
        raise CallbackRefused("the signature is not 64 bytes in hexadecimal")
    return FalHeaders(request_id, user, timestamp, bytes.fromhex(signature))


def is_signed(headers: FalHeaders, body: bytes, keys: "Iterable[Ed25519PublicKey]") -> bool:
    """Tell whether any of the keys made the signature over the headers and the raw body."""
    digest = hashlib.sha256(body).hexdigest()
    message = f"{headers.request_id}\n{headers.user_id}\n{headers.timestamp}\n{digest}".encode()
    for key in keys:
        try:
            key.verify(headers.signature, message)
        except InvalidSignature:
            continue
        return True
    return False
