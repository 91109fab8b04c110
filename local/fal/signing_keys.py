"""The Ed25519 keys that webhooks are signed with, and their public list (JWKS)."""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SigningKeys:
    """Two keys: webhooks are signed with the last, the one before is still in the list, as during a rotation.

    How many keys fal publishes is unverified; two make sure that a receiver tries them all.
    """

    _COUNT = 2

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            encoded: list[str] = json.loads(path.read_text())
            self._keys = [Ed25519PrivateKey.from_private_bytes(base64.b64decode(key)) for key in encoded]
        else:
            self._keys = [Ed25519PrivateKey.generate() for _ in range(self._COUNT)]
            self._save()

    def sign(self, *, request_id: str, user_id: str, timestamp: int, body: bytes) -> str:
        """Sign a webhook and return the signature in hexadecimal.

        The message is ``request_id``, ``user_id``, ``timestamp`` and the SHA-256 of the raw body, joined by newlines
        (https://fal.ai/docs/documentation/model-apis/inference/webhooks).
        """
        message = "\n".join([request_id, user_id, str(timestamp), hashlib.sha256(body).hexdigest()])
        return self._keys[-1].sign(message.encode()).hex()

    def rotate(self) -> None:
        """Sign with a new key from now on, and drop the oldest from the list."""
        self._keys = [*self._keys[1:], Ed25519PrivateKey.generate()]
        self._save()

    def public_keys(self) -> dict[str, list[dict[str, str]]]:
        """Return the JWKS document. ``x`` is unpadded base64url, as RFC 7517 and RFC 8037 say."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode(),
                }
                for key in self._keys
            ]
        }

    def _save(self) -> None:
        self._path.touch(mode=0o600)
        self._path.write_text(json.dumps([base64.b64encode(key.private_bytes_raw()).decode() for key in self._keys]))
