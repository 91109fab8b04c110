"""The keys of providers as they are now: who mends a refused key does not wait for cold starts."""

from collections.abc import Callable
from typing import Generic, TypeVar

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import GetParameterError

from shared.runtime.settings import FalSettings, ProviderSettings

_SECRET_AGE = 240
"""Seconds for which a secret is not read again: less than a cycle of reconcile, which has paused runs go on."""

Client = TypeVar("Client")


class KeyMissing(Exception):
    """Nothing says how to tell a provider who we are."""


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
    """Return fal's key; raises `KeyMissing`, or `GetParameterError` when the secret cannot be read just now."""
    return _key(settings.fal_key or settings.fal_api_key, settings.fal_key_secret, "FAL_KEY")


def replicate_token(settings: ProviderSettings) -> str:
    """Return Replicate's API token; raises as `fal_key` does."""
    return _key(settings.replicate_api_token, settings.replicate_api_token_secret, "REPLICATE_API_TOKEN")


def hedra_key(settings: ProviderSettings) -> str:
    """Return the key of Hedra's own API; raises as `fal_key` does."""
    return _key(settings.hedra_api_key, settings.hedra_api_key_secret, "HEDRA_API_KEY")


def _key(given: str | None, secret_name: str, variable: str) -> str:
    if given:
        return given
    if not secret_name:
        raise KeyMissing(f"set {variable}, or name the secret that holds the key in {variable}_SECRET")
    secret = parameters.get_secret(secret_name, max_age=_SECRET_AGE)
    return str(secret).strip()
