"""fal's prices of today, asked for where there is a key, and kept for a while."""

from collections.abc import Callable, Collection, Mapping

from aws_lambda_powertools.utilities.parameters import GetParameterError

from shared.ledger.records import Seconds
from shared.prices import LivePrice
from shared.providers.outcomes import ProviderUnreachable
from shared.runtime.clients import clock
from shared.runtime.fal_platform import platform_of
from shared.runtime.keys import KeyMissing
from shared.runtime.settings import FalSettings

_TIMEOUT: Seconds = 5
"""A quote does not wait long for what the table knows nearly as well."""

_KEPT: Seconds = 3600

LivePrices = Callable[[Collection[str]], Mapping[str, LivePrice]]


class KeptPrices:
    """Prices as they were asked for a while ago, so that not every plan asks; what fal does not know is kept too.

    Parameters
    ----------
    ask
        Gives the prices of endpoints; one that is not known is absent.
    """

    def __init__(self, ask: LivePrices, now: Callable[[], Seconds], kept: Seconds = _KEPT) -> None:
        self._ask, self._now, self._kept = ask, now, kept
        self._known: dict[str, tuple[Seconds, LivePrice | None]] = {}

    def __call__(self, endpoints: Collection[str]) -> dict[str, LivePrice]:
        """Return the prices of endpoints; raises what `ask` raises."""
        now = self._now()
        stale = [
            endpoint
            for endpoint in sorted(endpoints)
            if endpoint not in self._known or now - self._known[endpoint][0] > self._kept
        ]
        if stale:
            told = self._ask(stale)
            self._known |= {endpoint: (now, told.get(endpoint)) for endpoint in stale}
        known = {endpoint: self._known[endpoint][1] for endpoint in endpoints}
        return {endpoint: price for endpoint, price in known.items() if price}


def live_prices_of(settings: FalSettings) -> LivePrices:
    """Return what gives fal's prices of today; none where there is no key. It raises `ProviderUnreachable`."""

    def ask(endpoints: Collection[str]) -> Mapping[str, LivePrice]:
        try:
            return platform_of(settings, _TIMEOUT).prices(endpoints)
        except KeyMissing:
            return {}
        except GetParameterError as error:
            raise ProviderUnreachable("the secret with fal's key cannot be read") from error

    return KeptPrices(ask, clock)
