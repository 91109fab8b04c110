"""A secret that a provider signs with: read when first needed, kept a while, and read anew when it has changed."""

import base64
from collections.abc import Callable

from aws_lambda_powertools import Logger

from shared.webhooks.scheme import KeysUnavailable

logger = Logger()

MAX_AGE = 240
"""Seconds for which a secret is not read again; that of fal's key is kept as long."""

MIN_INTERVAL = 60
"""Seconds between two readings, so that foreign callbacks cause no storm of them."""

RETRY_INTERVAL = 5
"""The same while there is no secret at all: Replicate gives up a minute after a job's end."""

_PREFIX = "whsec_"
_MIN_BYTES = 24
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme"""


class SecretUnreadable(Exception):
    """A secret cannot be read just now, or is none."""


class SigningSecret:
    """A signing secret, and where it is read.

    Parameters
    ----------
    read
        Gives the secret as the provider shows it; raises `SecretUnreadable`.
    clock
        Seconds since the epoch.
    """

    def __init__(self, read: Callable[[], str], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._key = b""
        self._read_at = self._tried_at = float("-inf")

    def known(self) -> bytes:
        """Return the secret's bytes, read anew where that was long ago; raises `KeysUnavailable`."""
        if self._clock() - self._read_at > MAX_AGE:
            self._renew()
        return self._present()

    def refreshed(self) -> bytes:
        """Return them after a look for a newer secret, at most one a minute; raises `KeysUnavailable`."""
        self._renew()
        return self._present()

    def _present(self) -> bytes:
        if not self._key:
            raise KeysUnavailable("our signing secret cannot be had just now")
        return self._key

    def _renew(self) -> None:
        """Read the secret; where it cannot be read, it stays as it was."""
        now = self._clock()
        if now - self._tried_at <= (MIN_INTERVAL if self._key else RETRY_INTERVAL):
            return
        self._tried_at = now
        try:
            self._key = decode_signing_secret(self._read())
        except SecretUnreadable as error:
            logger.warning("signing secret not read", reason=str(error))
        else:
            self._read_at = now


def decode_signing_secret(text: str) -> bytes:
    """Return the bytes of a secret as Standard Webhooks writes it, with its prefix or without.

    Raises
    ------
    SecretUnreadable
        When it is none, or so short that it could be guessed: what stands there until somebody has put the secret in
        must not be what callbacks are signed with.
    """
    encoded = text.strip().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if len(key) < _MIN_BYTES:
        raise SecretUnreadable(f"it is not {_PREFIX} and {_MIN_BYTES} bytes or more in base64")
    return key
