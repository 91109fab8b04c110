"""The quote: what is missing, at its price."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import takewhile

from shared.addresses import Address
from shared.keys import AssetKind
from shared.plan.models import PlannedAsset, PlannedPart, Quote


def quote_of(
    assets: Mapping[Address, PlannedAsset], parts: Sequence[PlannedPart], stored: AbstractSet[Address]
) -> Quote:
    """Count what a plan will cost.

    Expected is what is missing with the first engine of each part; the ceiling has each clip at its dearest engine. An
    engine after one whose clip is stored is not reached, and so counts for nothing.
    """
    missing = {address: asset for address, asset in assets.items() if address not in stored}
    images = [asset for asset in missing.values() if asset.kind is not AssetKind.CLIP]
    first = {part.engines[0].clip.address for part in parts if part.engines[0].clip}
    clips = {address: asset for address, asset in missing.items() if asset.kind is AssetKind.CLIP}
    pictures_usd = sum(asset.price_usd for asset in images)
    dearest: dict[tuple[Address, ...], float] = {}
    for part in parts:
        addresses = [engine.clip.address for engine in part.engines if engine.clip]
        wanted = list(takewhile(lambda address: address in clips, addresses))
        if wanted:
            dearest[tuple(wanted)] = max(clips[address].price_usd for address in wanted)
    return Quote(
        expected_usd=round(pictures_usd + sum(clips[address].price_usd for address in first if address in clips), 4),
        ceiling_usd=round(pictures_usd + sum(dearest.values()), 4),
        images=len(images),
        clip_seconds=round(sum(clips[address].quantity for address in first if address in clips), 3),
        reused=len(assets) - len(missing),
    )
