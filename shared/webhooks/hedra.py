"""Hedra's scheme: Ed25519 over time, id, event, whether it was asked for again, and the hash of the raw body.

Source: the tag "Webhooks" of https://api.hedra.com/v3/openapi.json (read as published with hedra-labs/hedra-cli,
version 3.9.0).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.webhooks.ed25519 import PublicKeys, read_signature, require_signature
from shared.webhooks.published_keys import read_base64_key
from shared.webhooks.scheme import CallbackRefused, check_time, required_headers

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# X-Hedra-Webhook-Attempt is not signed, and says nothing that anybody here needs.
_HEADERS = (
    "x-hedra-webhook-timestamp",
    "x-hedra-webhook-id",
    "x-hedra-webhook-event",
    "x-hedra-webhook-redelivery",
    "x-hedra-webhook-signature",
)

_WORD = re.compile(r"[!-~]+")  # without line breaks, which separate what is signed


@dataclass(frozen=True, slots=True)
class HedraHeaders:
    """The headers of a callback that passed every check that needs no key."""

    timestamp: str
    job_id: str
    event: str
    redelivery: str
    signature: bytes

    def signed_message(self, body: bytes) -> bytes:
        """Return what Hedra signs."""
        digest = hashlib.sha256(body).hexdigest()
        return f"{self.timestamp}\n{self.job_id}\n{self.event}\n{self.redelivery}\n{digest}".encode()


class HedraScheme:
    """`shared.webhooks.scheme.Scheme` of Hedra's own API.

    Hedra signs for all its customers with one key, and nothing that it signs says for whom: a valid signature proves
    that Hedra sent it, not that it is about a job of ours. That the secret in the callback's URL proves, which
    `collect_asset` compares with the job's.

    Parameters
    ----------
    keys
        Hedra's public keys.
    """

    def __init__(self, keys: PublicKeys) -> None:
        self._keys = keys

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return if Hedra made the callback; see `Scheme.verify`."""
        checked = check_headers(headers, now=now)
        require_signature(checked.signature, checked.signed_message(body), self._keys, signer="Hedra")


def check_headers(headers: Mapping[str, str], *, now: float) -> HedraHeaders:
    """Check everything that needs no key; raises `CallbackRefused`."""
    timestamp, job_id, event, redelivery, signature = required_headers(headers, _HEADERS)
    check_time(timestamp, now)
    if not (_WORD.fullmatch(job_id) and _WORD.fullmatch(event)):
        raise CallbackRefused("its id and event are not words")
    if redelivery not in {"true", "false"}:
        raise CallbackRefused("whether it was asked for again is neither true nor false")
    return HedraHeaders(timestamp, job_id, event, redelivery, read_signature(signature))


def read_published_key(document: object) -> "list[Ed25519PublicKey]":
    """Return the key that ``GET /webhooks/public-key`` answers with; empty when there is none in it."""
    text = document.get("public_key") if isinstance(document, Mapping) else None
    key = read_base64_key(text) if isinstance(text, str) else None
    return [key] if key else []
