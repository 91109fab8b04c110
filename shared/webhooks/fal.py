"""fal's scheme: Ed25519 over request id, user id, time and the hash of the raw body.

Source: https://fal.ai/docs/documentation/model-apis/inference/webhooks.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from shared.webhooks.ed25519 import PublicKeys, read_signature, require_signature
from shared.webhooks.scheme import CallbackRefused, check_time, required_headers

_HEADERS = (
    "x-fal-webhook-request-id",
    "x-fal-webhook-user-id",
    "x-fal-webhook-timestamp",
    "x-fal-webhook-signature",
)

_UNSET = frozenset({"", "unset"})
"""What stands in the configuration before anybody has said who we are at fal."""


@dataclass(frozen=True, slots=True)
class FalHeaders:
    """The headers of a callback that passed every check that needs no key."""

    request_id: str
    user_id: str
    timestamp: str
    signature: bytes

    def signed_message(self, body: bytes) -> bytes:
        """Return what fal signs."""
        digest = hashlib.sha256(body).hexdigest()
        return f"{self.request_id}\n{self.user_id}\n{self.timestamp}\n{digest}".encode()


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
        require_signature(checked.signature, checked.signed_message(body), self._keys, signer="fal")


def check_headers(headers: Mapping[str, str], *, user_id: str, now: float) -> FalHeaders:
    """Check everything that needs no key; raises `CallbackRefused`."""
    request_id, user, timestamp, signature = required_headers(headers, _HEADERS)
    check_time(timestamp, now)
    if user != user_id:
        raise CallbackRefused("it was made for another user of fal")
    return FalHeaders(request_id, user, timestamp, read_signature(signature))
