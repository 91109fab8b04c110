"""Replicate's scheme: Standard Webhooks, HMAC-SHA256 over id, time and the raw body, by a secret of our account's own.

Sources: https://replicate.com/docs/topics/webhooks/verify-webhook and
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from standardwebhooks import Webhook

from shared.webhooks.scheme import CallbackRefused, check_time, required_headers

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_ID = re.compile(r"[!-\-/-~]+")  # without full stops, which separate what is signed
_SIGNATURE = re.compile(r"v[0-9]+[a-z]?,[A-Za-z0-9+/]+={0,2}")
_SYMMETRIC = "v1,"
"""What a signature by HMAC-SHA256 begins with; others are none that Replicate documents."""


class SigningKeys(Protocol):
    """Our account's signing secret, as it is known, and as it is now."""

    def known(self) -> bytes:
        """Return the known secret's bytes; raises `KeysUnavailable` when there is none."""

    def refreshed(self) -> bytes:
        """Return them after a look for a newer one: it may have been changed."""


@dataclass(frozen=True, slots=True)
class ReplicateCallback:
    """A callback that passed every check that needs no secret."""

    message_id: str
    sent_at: datetime
    signatures: tuple[str, ...]
    body: str

    def is_signed_with(self, key: bytes) -> bool:
        """Tell whether one of its signatures was made with a secret."""
        # The library's own `verify` has a clock that nobody can set, and fails on some signatures that are none.
        expected = Webhook(key).sign(self.message_id, self.sent_at, self.body)
        return any(hmac.compare_digest(expected, signature) for signature in self.signatures)


class ReplicateScheme:
    """`shared.webhooks.scheme.Scheme` of Replicate.

    Replicate signs for each of its customers with another secret: a valid signature proves that it was made for us.

    Parameters
    ----------
    keys
        Our signing secret.
    """

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return if Replicate made the callback for us; see `Scheme.verify`."""
        callback = check_callback(headers, body, now=now)
        if callback.is_signed_with(self._keys.known()) or callback.is_signed_with(self._keys.refreshed()):
            return
        raise CallbackRefused("our signing secret at Replicate did not make the signature")


def check_callback(headers: Mapping[str, str], body: bytes, *, now: float) -> ReplicateCallback:
    """Check everything that needs no secret; raises `CallbackRefused`."""
    message_id, timestamp, signature = required_headers(headers, _HEADERS, with_commas={"webhook-signature"})
    check_time(timestamp, now)
    if not _ID.fullmatch(message_id):
        raise CallbackRefused("its id is not a word without full stops")
    signatures = signature.split(" ")
    if not all(_SIGNATURE.fullmatch(one) for one in signatures):
        raise CallbackRefused("the signatures are not a list as Standard Webhooks has it")
    symmetric = tuple(one for one in signatures if one.startswith(_SYMMETRIC))
    if not symmetric:
        raise CallbackRefused("none of the signatures is by HMAC-SHA256")
    try:
        return ReplicateCallback(message_id, datetime.fromtimestamp(int(timestamp), UTC), symmetric, body.decode())
    except UnicodeDecodeError as error:
        raise CallbackRefused("the body is not UTF-8, as JSON is") from error
