"""fal's public keys: fetched seldom, kept, and served stale rather than not at all."""

import http.client
import json
import urllib.request
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.fal.signatures import public_keys

_MAX_AGE = 86_400  # https://fal.ai/docs/documentation/model-apis/inference/webhooks: cache for at most 24 hours
_MIN_INTERVAL = 60
"""Seconds between two fetches, so that foreign callbacks cause no storm of them."""
_TIMEOUT = 5
_MAX_BYTES = 65_536


class KeysUnavailable(Exception):
    """No key set could be had: the callback is to come again."""


class KeySet:
    """The key set of fal's webhooks.

    Parameters
    ----------
    url
        Where it is published.
    clock
        Seconds since the epoch.
    """

    def __init__(self, url: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._clock = clock
        self._keys: list[Ed25519PublicKey] = []
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    def __call__(self, refresh: bool) -> list[Ed25519PublicKey]:  # noqa: FBT001 - the one thing to say
        """Return the keys; raises `KeysUnavailable` when there never were any.

        Parameters
        ----------
        refresh
            Whether the known keys did not do: keys are rotated.
        """
        now = self._clock()
        if (refresh or now - self._fetched_at > _MAX_AGE) and now - self._tried_at > _MIN_INTERVAL:
            self._tried_at = now
            self._fetch(now)
        if not self._keys:
            raise KeysUnavailable("fal's public keys cannot be had just now")
        return self._keys

    def _fetch(self, now: float) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=_TIMEOUT) as answer:  # noqa: S310 - a configured https URL
                keys = public_keys(json.loads(answer.read(_MAX_BYTES)))
        except (OSError, http.client.HTTPException, ValueError):
            return
        if keys:
            self._keys, self._fetched_at = keys, now
