"""The models in use, and the prices that one plan reckons with: the operator's, fal's of today, and the table's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.fal.endpoints import Endpoints
from shared.plan.models import PlannedAsset
from shared.prices import LivePrice, Price, Unit, price_notes, price_of
from shared.providers.names import Place
from shared.providers.routing import Router


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What can be bought, of whom, and what it costs.

    Of all this, only who is asked first, and for what, is part of an asset's address.

    Parameters
    ----------
    router
        Who may be asked for what.
    live
        fal's own prices of today, by endpoint.
    overrides
        The operator's prices in US dollars a unit, by endpoint.
    """

    endpoints: Endpoints
    router: Router = Router()  # noqa: RUF009 - immutable
    live: Mapping[str, LivePrice] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)

    def price(self, place: Place, unit: Unit) -> Price:
        """Return the price of an endpoint's unit."""
        return price_of(place.key, unit, live=self.live, overrides=self.overrides)

    def price_notes(self, assets: Iterable[PlannedAsset]) -> tuple[str, ...]:
        """Return a sentence for each endpoint whose price here disagrees with what fal says today."""
        units = {offer.place.key: asset.unit for asset in assets for offer in asset.offers}
        return price_notes(units, live=self.live, overrides=self.overrides)
