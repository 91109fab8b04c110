"""What things cost at fal: one dated table.

Prices of 2026-11-22. Where fal publishes none that could be confirmed, the note says whose figure it is.
"""

from dataclasses import dataclass
from typing import Literal

from shared.fal.models import fabric, hedra, ideogram, kling, kontext

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
}

UNKNOWN_IMAGE = Price(0.20, "image", "no price is known for this endpoint: a cautious guess")
UNKNOWN_CLIP = Price(0.30, "second", "no price is known for this endpoint: a cautious guess")


def price_of(endpoint: str, unit: Unit) -> Price:
    """Return an endpoint's price; for one that the table lacks, a cautious guess, so that caps still hold."""
    return PRICES.get(endpoint, UNKNOWN_IMAGE if unit == "image" else UNKNOWN_CLIP)
