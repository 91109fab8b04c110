"""Public keys as providers publish them: a JWKS (RFC 7517) of Ed25519 keys (RFC 8037), at an address."""

import base64
import http.client
import json
import urllib.request
from collections.abc import Iterable, Mapping
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_TIMEOUT = 3
"""Seconds; fal waits 15 for our answer, and the kept set may still have to be written."""

_MAX_BYTES = 65_536


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


def fetch_keys(url: str) -> list[Ed25519PublicKey]:
    """Return the keys that are published at an https URL, at least one; raises `KeysNotPublished`."""
    try:
        with _opener.open(url, timeout=_TIMEOUT) as answer:
            keys = read_keys(json.loads(answer.read(_MAX_BYTES)))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise KeysNotPublished(f"{url}: {type(error).__name__}") from error
    if not keys:
        raise KeysNotPublished(f"{url}: it holds no Ed25519 key")
    return keys


def read_keys(jwks: object) -> list[Ed25519PublicKey]:
    """Return the Ed25519 keys of a key set, whose ``x`` may carry padding or not, leaving out what is none."""
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


def write_keys(keys: Iterable[Ed25519PublicKey]) -> dict[str, list[dict[str, str]]]:
    """Return keys as a key set."""
    encoded = (base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=") for key in keys)
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x} for x in encoded]}
