"""fal's platform API, with the key as it is now; apart from fal's queue, since `plan_episode` needs no `fal_client`."""

from collections.abc import Collection

from shared.fal.platform import FalPlatform
from shared.ledger.records import Seconds
from shared.prices import LivePrice
from shared.providers.outcomes import ListedRequest
from shared.runtime.keys import PresentClient, fal_key
from shared.runtime.settings import FalSettings


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


def platform_of(settings: FalSettings, timeout: float = 20.0) -> Platform:
    """Return fal's platform API, one request of which may take `timeout` seconds; raises `KeyMissing`."""
    return Platform(
        PresentClient(lambda: fal_key(settings), lambda key: FalPlatform(key, settings.fal_api_url, timeout))
    )
