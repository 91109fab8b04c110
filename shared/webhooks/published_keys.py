"""Ed25519 keys as providers publish them at an address: in a JWKS (RFC 7517, RFC 8037), or one in base64."""

import base64
import http.client
import json
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_TIMEOUT = 3
"""Seconds; fal waits 15 for our answer, and the kept set may still have to be written."""

_MAX_BYTES = 65_536

_STANDARD = str.maketrans("-_", "+/")
"""From the base64 of URLs, which JWKS have, to that of everything else."""


class KeysNotPublished(Exception):
    """There is no usable key set at the address just now."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the configured address or not at all."""

    def redirect_request(
        self,
        _req: urllib.request.Request,
        _fp: IO[bytes],
        _code: int,
        _msg: str,
        _headers: http.client.HTTPMessage,
        _newurl: str,
    ) -> None:
        """Follow nothing, so that the redirect's status counts as the error that it is."""


_opener = urllib.request.build_opener(_NoRedirects)


def read_keys(jwks: object) -> list[Ed25519PublicKey]:
    """Return the Ed25519 keys of a key set, whose ``x`` may carry padding or not, leaving out what is none."""
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    texts = (
        entry["x"].translate(_STANDARD).rstrip("=")
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and entry.get("crv") == "Ed25519" and isinstance(entry.get("x"), str)
    )
    return [key for text in texts if (key := read_base64_key(text + "=" * (-len(text) % 4)))]


def read_base64_key(text: str) -> Ed25519PublicKey | None:
    """Return the key whose 32 bytes are written in base64 (RFC 4648, 4); None where they are not."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError:
        return None


def write_keys(keys: Iterable[Ed25519PublicKey]) -> dict[str, list[dict[str, str]]]:
    """Return keys as a key set."""
    encoded = (base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=") for key in keys)
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x} for x in encoded]}


def fetch_keys(url: str, read: Callable[[object], list[Ed25519PublicKey]] = read_keys) -> list[Ed25519PublicKey]:
    """Return the keys that are published at an https URL, at least one; raises `KeysNotPublished`.

    Parameters
    ----------
    read
        Finds them in the JSON document that is there.
    """
    try:
        with _opener.open(url, timeout=_TIMEOUT) as answer:
            keys = read(json.loads(answer.read(_MAX_BYTES)))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise KeysNotPublished(f"{url}: {type(error).__name__}") from error
    if not keys:
        raise KeysNotPublished(f"{url}: it holds no Ed25519 key")
    return keys
