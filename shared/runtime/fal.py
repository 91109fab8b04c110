"""fal, with the key from where it is kept."""

from aws_lambda_powertools.utilities import parameters

from shared.fal.client import FalHosts, FalQueue
from shared.fal.platform import FalPlatform
from shared.runtime.settings import FalSettings

_SECRET_AGE = 900


class FalKeyMissing(Exception):
    """Nothing says how to tell fal who we are."""


def fal_of(settings: FalSettings) -> FalQueue:
    """Return fal's queue and storage; raises `FalKeyMissing`."""
    return FalQueue(_key(settings), FalHosts(rest_url=settings.fal_rest_url, cdn_url=settings.fal_cdn_url))


def platform_of(settings: FalSettings, timeout: float = 20.0) -> FalPlatform:
    """Return fal's platform API, one request of which may take `timeout` seconds; raises `FalKeyMissing`."""
    return FalPlatform(_key(settings), settings.fal_api_url, timeout)


def _key(settings: FalSettings) -> str:
    key = settings.fal_key or settings.fal_api_key
    if key:
        return key
    if not settings.fal_key_secret:
        raise FalKeyMissing("set FAL_KEY, or name the secret that holds the key in FAL_KEY_SECRET")
    secret = parameters.get_secret(settings.fal_key_secret, max_age=_SECRET_AGE)
    return str(secret).strip()
