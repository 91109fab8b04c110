"""The key of fal from where it is kept, as it is now: who mends a refused key does not wait for cold starts."""

from collections.abc import Callable
from typing import Generic, TypeVar

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import GetParameterError

from shared.runtime.settings import FalSettings

_SECRET_AGE = 240
"""Seconds for which a secret is not read again: less than a cycle of reconcile, which has paused runs go on."""

Client = TypeVar("Client")


class FalKeyMissing(Exception):
    """Nothing says how to tell fal who we are."""


class PresentClient(Generic[Client]):
    """A client that is made anew when the key has changed.

    Parameters
    ----------
    key
        Gives the key; raises `GetParameterError` when it cannot be read just now.
    make
        Makes a client for a key.
    """

    def __init__(self, key: Callable[[], str], make: Callable[[str], Client]) -> None:
        self._key, self._make = key, make
        present = key()
        self._made = present, make(present)

    def __call__(self) -> Client:
        """Return the client for the key as it is now; where it cannot be read, for the key as it was."""
        try:
            key = self._key()
        except GetParameterError:
            return self._made[1]
        if key != self._made[0]:
            self._made = key, self._make(key)
        return self._made[1]


def fal_key(settings: FalSettings) -> str:
    """Return the key; raises `FalKeyMissing`, or `GetParameterError` when the secret cannot be read just now."""
    key = settings.fal_key or settings.fal_api_key
    if key:
        return key
    if not settings.fal_key_secret:
        raise FalKeyMissing("set FAL_KEY, or name the secret that holds the key in FAL_KEY_SECRET")
    secret = parameters.get_secret(settings.fal_key_secret, max_age=_SECRET_AGE)
    return str(secret).strip()
