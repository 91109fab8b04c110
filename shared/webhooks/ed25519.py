"""What schemes that sign with Ed25519 have in common: https://www.rfc-editor.org/rfc/rfc8032."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidSignature

from shared.webhooks.scheme import CallbackRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")  # 64 bytes: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.6


class PublicKeys(Protocol):
    """A provider's public keys, as they are known, and as they are now."""

    def known(self) -> "Sequence[Ed25519PublicKey]":
        """Return the known keys; raises `KeysUnavailable` when there are none."""

    def refreshed(self) -> "Sequence[Ed25519PublicKey]":
        """Return the keys after a look for newer ones: they are rotated."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """`PublicKeys` of a provider whose one key stands in the configuration."""

    key: "Ed25519PublicKey"

    def known(self) -> "Sequence[Ed25519PublicKey]":
        """Return the key."""
        return (self.key,)

    def refreshed(self) -> "Sequence[Ed25519PublicKey]":
        """Return the same key: whoever pins it looks for no other."""
        return (self.key,)


def read_signature(text: str) -> bytes:
    """Return a signature's bytes; raises `CallbackRefused`."""
    if not _SIGNATURE.fullmatch(text):
        raise CallbackRefused("the signature is not 64 bytes in hexadecimal")
    return bytes.fromhex(text)


def require_signature(signature: bytes, message: bytes, keys: PublicKeys, *, signer: str) -> None:
    """Return if any of the keys made the signature.

    Raises
    ------
    CallbackRefused
        When none did, nor any that is found by looking for newer ones.
    KeysUnavailable
        When there are none.
    """
    if _is_signed(signature, message, keys.known()) or _is_signed(signature, message, keys.refreshed()):
        return
    raise CallbackRefused(f"no key of {signer}'s made the signature")


def _is_signed(signature: bytes, message: bytes, keys: "Sequence[Ed25519PublicKey]") -> bool:
    for key in keys:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False
