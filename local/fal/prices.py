"""The simulator's own price list, in US dollars, as of 2026-11-22.

It is written from fal's and the vendors' pages, and not shared with the callers of fal, so that a bill can be held
against it.
"""

from collections.abc import Mapping
from decimal import Decimal

from local.simulator.prices import Price, Unit


def _fixed(unit: Unit, usd: str) -> Price:
    return Price(unit, {"": Decimal(usd)}, usual="")


PRICES: Mapping[str, Price] = {
    # Ideogram's own list (https://ideogram.ai/features/api-pricing, 2026-11); fal's line for v3 is unverified.
    "fal-ai/ideogram/v3": Price(
        "images",
        {"TURBO": Decimal("0.03"), "BALANCED": Decimal("0.06"), "QUALITY": Decimal("0.09")},
        usual="BALANCED",
        varies_by="rendering_speed",
    ),
    # https://fal.ai/models/fal-ai/flux-pro/kontext/multi/llms.txt and .../max/multi/llms.txt
    "fal-ai/flux-pro/kontext/multi": _fixed("images", "0.04"),
    "fal-ai/flux-pro/kontext/max/multi": _fixed("images", "0.08"),
    # An assumption: no page of this endpoint was found. Third parties estimate Hedra's own API at $0.05 a second.
    "fal-ai/hedra-character-2": _fixed("seconds", "0.05"),
    # https://fal.ai/models/veed/fabric-1.0/llms.txt
    "veed/fabric-1.0": Price(
        "seconds", {"480p": Decimal("0.08"), "720p": Decimal("0.15")}, usual="480p", varies_by="resolution"
    ),
    # https://fal.ai/models/fal-ai/kling-video/ai-avatar/v2/standard
    "fal-ai/kling-video/ai-avatar/v2/standard": _fixed("seconds", "0.0562"),
}
