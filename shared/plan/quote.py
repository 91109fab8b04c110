"""The quote: what is missing, at its price."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from shared.addresses import Address
from shared.keys import AssetKind
from shared.ledger.budgets import Usage
from shared.plan.models import PlannedAsset, PlannedPart, Quote


def quote_of(
    assets: Mapping[Address, PlannedAsset],
    parts: Sequence[PlannedPart],
    stored: AbstractSet[Address],
    refused: AbstractSet[Address] = frozenset(),
) -> Quote:
    """Count what a plan will cost.

    Expected is every picture that is missing, and for each part the first engine's clip that is missing, if none before
    it is there; each of them from who is asked first.

    The ceiling is every picture that is missing, and for each part the clips of all engines that can be reached, each
    of them from who is dearest: a clip that came and cannot be used has to be paid for as well as the one that takes
    its place, and so does one that is given up as overdue and comes after all. Therefore no bill of this plan's run
    exceeds it, whatever fails, is retried or comes late, and a cap that the ceiling keeps is met in the middle of the
    run only where a provider may have charged for a request that it gave up (`Bill.possibly_charged_usd`). It does not
    cover what a person has bought once more while nobody knew whether it was bought (`Bill.possible_duplicate_usd`).

    Parameters
    ----------
    stored
        Addresses of assets that were bought before. An engine after one whose clip is stored is not reached.
    refused
        Addresses of assets that the provider refused for good: nobody buys them any more.
    """
    pictures = [
        address for address, asset in assets.items() if asset.kind is not AssetKind.CLIP and address not in stored
    ]
    reachable = [reachable_clips(part, assets, stored, refused) for part in parts]
    first = {clips[0] for clips in reachable if clips}
    every = {address for clips in reachable for address in clips}
    return Quote(
        expected=_usage((*pictures, *first), assets),
        ceiling=sum((assets[address].dearest for address in (*pictures, *every)), Usage()),
        reused=sum(address in stored for address in assets),
    )


def reachable_clips(
    part: PlannedPart,
    assets: Mapping[Address, PlannedAsset],
    stored: AbstractSet[Address],
    refused: AbstractSet[Address],
) -> list[Address]:
    """Return the clips that a run may come to buy for a part, in order; none where what comes first is there."""
    clips: list[Address] = []
    for engine in part.engines:
        if engine.clip is None or engine.clip.address not in assets or engine.clip.address in stored:
            break  # a still and an own clip always work out
        if engine.clip.address not in refused:
            clips.append(engine.clip.address)
    return clips


def _usage(addresses: Iterable[Address], assets: Mapping[Address, PlannedAsset]) -> Usage:
    return sum((assets[address].usage for address in addresses), Usage())
