"""What things cost: one dated table, what fal says today, and what the operator knows better.

Prices of 2026-11-22. Where fal publishes none that could be confirmed, the note says whose figure it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Literal

from shared.fal.models import fabric, hedra, ideogram, kling, kontext
from shared.providers.endpoints import (
    AVATAR_AT_HEDRA,
    FABRIC_AT_HEDRA,
    FABRIC_AT_REPLICATE,
    KLING_AT_HEDRA,
    KLING_AT_REPLICATE,
    NANO_BANANA_AT_HEDRA,
    NANO_BANANA_AT_REPLICATE,
)
from shared.providers.names import Place, ProviderName

Unit = Literal["image", "second"]


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit.

    Parameters
    ----------
    by
        The argument that decides among `variants`, if one does; `usd` holds where it is absent.
    source
        Where the figure comes from.
    """

    usd: float
    unit: Unit
    source: str
    by: str | None = None
    variants: tuple[tuple[str, float], ...] = ()

    def of(self, arguments: dict[str, object]) -> float:
        """Return US dollars a unit for a request with these arguments."""
        return dict(self.variants).get(str(arguments.get(self.by)), self.usd) if self.by else self.usd

    @property
    def figures(self) -> tuple[float, ...]:
        """Every price that a request may have, in US dollars a unit, ascending."""
        return tuple(sorted({usd for _, usd in self.variants} | {self.usd}))


@dataclass(frozen=True, slots=True)
class LivePrice:
    """What fal asks for a unit just now.

    Parameters
    ----------
    usd
        US dollars a unit; where the price depends on the arguments, fal names one of the figures.
    unit
        The unit in fal's words, for example ``images``.
    """

    usd: float
    unit: str


def _at_replicate(endpoint: str) -> str:
    return Place(provider=ProviderName.REPLICATE, endpoint=endpoint).key


def _at_hedra(endpoint: str) -> str:
    return Place(provider=ProviderName.HEDRA, endpoint=endpoint).key


_NOT_PUBLISHED = "an estimate, from what others ask: Hedra says its prices only to who has a key"

PRICES: dict[str, Price] = {
    ideogram.ENDPOINT: Price(
        0.06,
        "image",
        "https://ideogram.ai/features/api-pricing (Ideogram's own list; fal's line was not confirmed)",
        by="rendering_speed",
        variants=(("TURBO", 0.03), ("BALANCED", 0.06), ("QUALITY", 0.09)),
    ),
    kontext.MULTI_ENDPOINT: Price(0.04, "image", "https://fal.ai/models/fal-ai/flux-pro/kontext/multi"),
    kontext.MAX_MULTI_ENDPOINT: Price(0.08, "image", "https://fal.ai/models/fal-ai/flux-pro/kontext/max/multi"),
    hedra.ENDPOINT: Price(0.05, "second", "an estimate: Hedra's own price at 720p; fal lists none"),
    fabric.ENDPOINT: Price(
        0.15,
        "second",
        "https://fal.ai/models/veed/fabric-1.0",
        by="resolution",
        variants=(("480p", 0.08), ("720p", 0.15)),
    ),
    kling.ENDPOINT: Price(0.0562, "second", "https://fal.ai/models/fal-ai/kling-video/ai-avatar/v2/standard"),
    _at_replicate(NANO_BANANA_AT_REPLICATE): Price(
        0.08, "image", "a retailer's price: Replicate's own was not confirmed"
    ),
    _at_replicate(KLING_AT_REPLICATE): Price(
        0.056, "second", "https://replicate.com/kwaivgi/kling-avatar-v2, mode std"
    ),
    _at_replicate(FABRIC_AT_REPLICATE): Price(
        0.15,
        "second",
        "https://replicate.com/veed/fabric-1.0",
        by="resolution",
        variants=(("480p", 0.08), ("720p", 0.15)),
    ),
    _at_hedra(NANO_BANANA_AT_HEDRA): Price(0.08, "image", _NOT_PUBLISHED),
    _at_hedra(AVATAR_AT_HEDRA): Price(0.05, "second", _NOT_PUBLISHED),
    _at_hedra(KLING_AT_HEDRA): Price(0.0562, "second", _NOT_PUBLISHED),
    _at_hedra(FABRIC_AT_HEDRA): Price(
        0.15, "second", _NOT_PUBLISHED, by="resolution", variants=(("480p", 0.08), ("720p", 0.15))
    ),
}

"""By `shared.providers.names.Place.key`."""

UNKNOWN_IMAGE = Price(0.20, "image", "no price is known for this endpoint: a cautious guess")
UNKNOWN_CLIP = Price(0.30, "second", "no price is known for this endpoint: a cautious guess")


LIVE_SOURCE = "https://api.fal.ai/v1/models/pricing"
OVERRIDE_SOURCE = "set by the operator"

_UNITS: Mapping[str, Unit] = {"image": "image", "images": "image", "second": "second", "seconds": "second"}
"""Our units by fal's names for them."""

_NO_LIVE_PRICES: Mapping[str, LivePrice] = MappingProxyType({})
_NO_OVERRIDES: Mapping[str, float] = MappingProxyType({})


def price_of(
    endpoint: str,
    unit: Unit,
    *,
    live: Mapping[str, LivePrice] = _NO_LIVE_PRICES,
    overrides: Mapping[str, float] = _NO_OVERRIDES,
) -> Price:
    """Return an endpoint's price, by its `Place.key`; for one that nobody knows, a cautious guess, so that caps hold.

    An override wins. Then comes the table, where the price depends on the arguments: fal says one figure only. Then
    comes what fal says, if it counts in the same unit, and then the table again.

    Parameters
    ----------
    live
        fal's own prices of today, by endpoint.
    overrides
        The operator's prices in US dollars a unit, by endpoint.
    """
    if endpoint in overrides:
        return Price(overrides[endpoint], unit, OVERRIDE_SOURCE)
    listed = PRICES.get(endpoint)
    if listed and listed.variants:
        return listed
    today = live.get(endpoint)
    if today and _is_usable(today, unit):
        return Price(today.usd, unit, LIVE_SOURCE)
    return listed or (UNKNOWN_IMAGE if unit == "image" else UNKNOWN_CLIP)


def price_notes(
    units: Mapping[str, Unit],
    *,
    live: Mapping[str, LivePrice] = _NO_LIVE_PRICES,
    overrides: Mapping[str, float] = _NO_OVERRIDES,
) -> tuple[str, ...]:
    """Return a sentence for each endpoint whose price in a quote disagrees with what fal says today.

    Parameters
    ----------
    units
        The endpoints in use, each with the unit that it is counted in.
    live, overrides
        As for `price_of`.
    """
    notes = []
    for endpoint, unit in units.items():
        today = live.get(endpoint)
        if today is None or endpoint in overrides:
            continue
        used = price_of(endpoint, unit, live=live).figures
        if not _is_usable(today, unit) or today.usd not in used:
            figures = " or ".join(f"${usd:g}" for usd in used)
            notes.append(
                f"fal now asks ${today.usd:g} for {endpoint}, counted in {today.unit}; this quote reckons with "
                f"{figures} per {unit}, so the bill may differ."
            )
    return tuple(notes)


def _is_usable(today: LivePrice, unit: Unit) -> bool:
    # A price of nothing would let everything through under every cap.
    return _UNITS.get(today.unit.lower()) == unit and isfinite(today.usd) and today.usd > 0
