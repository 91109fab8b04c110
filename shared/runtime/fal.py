"""fal, with the key from where it is kept, as it is now: who mends a refused key does not wait for cold starts."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import GetParameterError

from shared.fal.client import FalHosts, FalQueue
from shared.fal.outcomes import JobOutcome, ListedRequest, SubmitOutcome
from shared.fal.platform import FalPlatform
from shared.ledger.records import Seconds
from shared.prices import LivePrice
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


class Fal:
    """fal's queue and storage: `shared.ports.Provider`."""

    def __init__(self, present: PresentClient[FalQueue]) -> None:
        self._present = present

    def submit(self, endpoint: str, arguments: Mapping[str, Any], callback_url: str) -> SubmitOutcome:
        """Ask for one job; see `FalQueue.submit`."""
        return self._present().submit(endpoint, arguments, callback_url)

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        """Say how a job stands; see `FalQueue.look_up`."""
        return self._present().look_up(endpoint, request_id)

    def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask for the end of a job; see `FalQueue.cancel`."""
        self._present().cancel(endpoint, request_id)

    def upload(self, data: bytes, content_type: str, file_name: str, lifetime: int) -> str:
        """Hand a file over; see `FalQueue.upload`."""
        return self._present().upload(data, content_type, file_name, lifetime)


class Platform:
    """fal's platform API: `shared.ports.RequestList`, and prices."""

    def __init__(self, present: PresentClient[FalPlatform]) -> None:
        self._present = present

    def requests_between(self, endpoint: str, since: Seconds, until: Seconds) -> list[ListedRequest]:
        """Return an endpoint's requests of a span of time; see `FalPlatform.requests_between`."""
        return self._present().requests_between(endpoint, since, until)

    def prices(self, endpoints: Collection[str]) -> dict[str, LivePrice]:
        """Return what fal asks today; see `FalPlatform.prices`."""
        return self._present().prices(endpoints)


def fal_of(settings: FalSettings) -> Fal:
    """Return fal's queue and storage; raises `FalKeyMissing`."""
    hosts = FalHosts(rest_url=settings.fal_rest_url, cdn_url=settings.fal_cdn_url)
    return Fal(PresentClient(lambda: _key(settings), lambda key: FalQueue(key, hosts)))


def platform_of(settings: FalSettings, timeout: float = 20.0) -> Platform:
    """Return fal's platform API, one request of which may take `timeout` seconds; raises `FalKeyMissing`."""
    return Platform(PresentClient(lambda: _key(settings), lambda key: FalPlatform(key, settings.fal_api_url, timeout)))


def _key(settings: FalSettings) -> str:
    key = settings.fal_key or settings.fal_api_key
    if key:
        return key
    if not settings.fal_key_secret:
        raise FalKeyMissing("set FAL_KEY, or name the secret that holds the key in FAL_KEY_SECRET")
    secret = parameters.get_secret(settings.fal_key_secret, max_age=_SECRET_AGE)
    return str(secret).strip()
