"""A provider's public keys: fetched seldom, kept outside the function, and served stale rather than not at all."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from shared.webhooks.published_keys import KeysNotPublished, read_keys, write_keys
from shared.webhooks.scheme import KeysUnavailable
from shared.webhooks.store import StoreUnavailable, WebhookStore

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

logger = Logger()

MAX_AGE = 86_400
"""Seconds for which keys are good: https://fal.ai/docs/documentation/model-apis/inference/webhooks says 24 hours.

Hedra says nothing of it; what was signed with a newer key has them fetched at once, whoever signs."""

MIN_INTERVAL = 60
"""Seconds between two fetches, whoever does them, so that foreign callbacks cause no storm of fetches."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Keys, when they were fetched, and when that was last tried; 0 for never."""

    keys: "tuple[Ed25519PublicKey, ...]" = ()
    fetched_at: float = 0.0
    tried_at: float = 0.0

    def dumped(self) -> bytes:
        return json.dumps(
            {"fetched_at": self.fetched_at, "tried_at": self.tried_at, "jwks": write_keys(self.keys)}
        ).encode()


class KeySet:
    """The public keys of one provider.

    What is known is kept in the bucket with the time of the last attempt, good or not: a cold function reads that
    first, and asks the provider only for what nobody has asked for lately.

    Parameters
    ----------
    fetch
        Gives the keys as they are published, at least one; raises `KeysNotPublished`.
    store, key
        Where they are kept.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        fetch: "Callable[[], Sequence[Ed25519PublicKey]]",
        store: WebhookStore,
        key: str,
        clock: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._store = store
        self._key = key
        self._clock = clock
        self._known = _Known()

    def known(self) -> "Sequence[Ed25519PublicKey]":
        """Return the keys, renewed where they are more than a day old; raises `KeysUnavailable`."""
        now = self._clock()
        if self._are_old(now):
            self._renew(now)
        return self._keys()

    def refreshed(self) -> "Sequence[Ed25519PublicKey]":
        """Return the keys after a look for newer ones, at most one a minute; raises `KeysUnavailable`."""
        self._renew(self._clock(), whatever_their_age=True)
        return self._keys()

    def _keys(self) -> "Sequence[Ed25519PublicKey]":
        if not self._known.keys:
            raise KeysUnavailable("the provider's public keys cannot be had just now")
        return self._known.keys

    def _are_old(self, now: float) -> bool:
        return now - self._known.fetched_at > MAX_AGE

    def _were_tried_lately(self, now: float) -> bool:
        return now - self._known.tried_at <= MIN_INTERVAL

    def _renew(self, now: float, *, whatever_their_age: bool = False) -> None:
        if self._were_tried_lately(now):
            return
        self._take_over_kept_keys(now)
        if self._were_tried_lately(now) or not (whatever_their_age or self._are_old(now)):
            return
        try:
            self._known = _Known(tuple(self._fetch()), fetched_at=now, tried_at=now)
        except KeysNotPublished as error:
            logger.warning("public keys not fetched", reason=str(error))
            self._known = replace(self._known, tried_at=now)
        try:
            self._store.put(self._key, self._known.dumped())
        except StoreUnavailable as error:
            logger.warning("public keys not kept", reason=str(error))

    def _take_over_kept_keys(self, now: float) -> None:
        """Learn what other instances of the function have fetched, or tried in vain."""
        kept = _read(self._store.get(self._key), now)
        newest = max(kept, self._known, key=lambda known: known.fetched_at)
        self._known = replace(newest, tried_at=max(kept.tried_at, self._known.tried_at))


def _read(data: bytes | None, now: float) -> _Known:
    """Read what was kept; what cannot be read, or claims to be of the future, counts as nothing."""
    try:
        kept = json.loads(data or b"{}")
        keys = tuple(read_keys(kept["jwks"]))
        known = _Known(keys, float(kept["fetched_at"]) if keys else 0.0, float(kept["tried_at"]))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return _Known()
    latest = now + MIN_INTERVAL  # clocks of two machines may differ a little
    return known if 0 <= known.fetched_at <= latest and 0 <= known.tried_at <= latest else _Known()
