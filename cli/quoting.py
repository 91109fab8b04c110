"""What a run would cost: planned as `plan_episode` plans it, from a folder, without uploading or buying anything."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import JsonValue

from cli.folder import files_of
from cli.folder_bucket import FolderBucket
from cli.target import endpoints_of, router_of
from shared.addresses import Address
from shared.frozen import Frozen
from shared.keys import AssetKind, episode_folder
from shared.ledger.budgets import EXACT, Limits, Usage
from shared.plan.models import PlannedAsset
from shared.plan.quote import reachable_clips
from shared.plan.timeline import episode_seconds
from shared.prices import Unit
from shared.providers.names import Place, ProviderName
from shared.script.overrides import script_with_overrides

if TYPE_CHECKING:
    from cli.target import Records
    from shared.workflow.plan_episode import Planned

FALLBACK = "clip, if stepped down"
"""What a lesser engine makes where every better one fails."""


class InputsRefused(Exception):
    """No episode can be made of a folder; the text says why."""


class QuoteRow(Frozen):
    """What one model makes.

    Parameters
    ----------
    kind
        What it makes: ``portrait``, ``background``, ``composite`` or ``clip``, or clips that are bought only where
        every better engine fails.
    provider, endpoint
        Who is asked for it first, and for which model.
    stand_ins
        Who else may be asked, in order, where that provider certainly does not make it.
    count
        How many the episode may need.
    there
        How many of them were bought before.
    quantity
        How much is to be bought, in `unit`.
    unit_usd
        US dollars a unit; None where it is not the same for all.
    usd
        US dollars for what is to be bought.
    """

    kind: str
    provider: ProviderName
    endpoint: str
    stand_ins: tuple[ProviderName, ...]
    count: int
    there: int
    quantity: float
    unit: Unit
    unit_usd: float | None
    usd: float

    @property
    def place(self) -> Place:
        """Where it is asked for first."""
        return Place(provider=self.provider, endpoint=self.endpoint)


class EpisodeQuote(Frozen):
    """What a run would cost.

    Parameters
    ----------
    seconds
        How long the episode would be.
    caps, spent
        What the script allows, and what the episode has used of it in earlier runs.
    over_cap
        Why nothing would be bought; None where the caps allow the ceiling.
    """

    episode_id: str
    title: str
    seconds: float
    lines: int
    parts: int
    shots: int
    rows: tuple[QuoteRow, ...]
    reused: int
    assets: int
    expected_usd: float
    ceiling_usd: float
    caps: Limits
    spent: Usage
    over_cap: str | None
    warnings: tuple[str, ...]


def quote_of_folder(
    folder: Path, episode_id: str, records: "Records", overrides: Mapping[str, JsonValue] | None = None
) -> EpisodeQuote:
    """Return what a run of a folder would cost, with what the stack has already.

    Raises
    ------
    FolderEmpty, LinkLeadsOut
        As `cli.folder.files_of` does.
    InputsRefused
        When no episode can be made of it.
    """
    with TemporaryDirectory() as scratch:
        prefix = episode_folder(episode_id)
        *others, script = files_of(folder)
        files = {prefix + path.relative_to(folder).as_posix(): path for path in others}
        if overrides:
            changed = Path(scratch, "script.json")
            changed.write_bytes(script_with_overrides(script.read_bytes(), file_name=script.name, overrides=overrides))
            script = changed
        bucket = FolderBucket({**files, prefix + script.name: script}, Path(scratch))
        return _told(_planned(bucket, episode_id, records))


def _planned(bucket: FolderBucket, episode_id: str, records: "Records") -> "Planned":
    # The workflow imports the media library, for which no other command has to wait.
    from shared.runtime.pricing import live_prices_of
    from shared.runtime.settings import FalSettings
    from shared.workflow.inputs import read_inputs
    from shared.workflow.plan_episode import PlanningDesk, Rejected, plan_inputs
    from shared.workflow.quoting import Prices
    from shared.workflow.status import StatusBoard

    parameters = records.parameters
    desk = PlanningDesk(
        bucket=bucket,
        ledger=records.ledger,
        status=StatusBoard(bucket, records.ledger, time.time),
        endpoints=endpoints_of(parameters),
        router=router_of(parameters),
        prices=Prices(
            live_prices_of(FalSettings.from_environment()), json.loads(parameters.get("PriceOverrides") or "{}")
        ),
        is_running=records.executions.is_running,
        clock=time.time,
        encoder_preset=parameters.get("EncoderPreset", "veryfast"),
    )
    try:
        with plan_inputs(read_inputs(bucket, episode_id, records.configuration), "quote", desk) as planned:
            return planned
    except Rejected as rejection:
        raise InputsRefused(str(rejection)) from rejection


def _told(planned: "Planned") -> EpisodeQuote:
    plan, reached = planned.plan, planned.cap_reached
    return EpisodeQuote(
        episode_id=plan.episode_id,
        title=plan.title,
        seconds=episode_seconds(plan),
        lines=len({part.line for part in plan.parts}),
        parts=len(plan.parts),
        shots=len(plan.shots),
        rows=tuple(_rows(planned)),
        reused=plan.quote.reused,
        assets=len(plan.assets),
        expected_usd=plan.quote.expected_usd,
        ceiling_usd=plan.quote.ceiling_usd,
        caps=plan.caps,
        spent=planned.spent,
        over_cap=f"the script's caps.{reached.cap}: {reached}" if reached else None,
        warnings=plan.warnings,
    )


def _rows(planned: "Planned") -> Iterator[QuoteRow]:
    """Yield what makes up the quote: without the rows of lesser engines, their sum is what is expected."""
    plan, stored = planned.plan, planned.stored
    refused = planned.refused
    ways = [reachable_clips(part, plan.assets, stored, refused) for part in plan.parts]
    first = {clips[0] for clips in ways if clips}
    lesser = {address for clips in ways for address in clips[1:]} - first
    groups: dict[tuple[str, Place], list[PlannedAsset]] = {}
    for address, asset in plan.assets.items():
        if asset.kind is not AssetKind.CLIP or address in first or address in stored:
            groups.setdefault((asset.kind, asset.first.place), []).append(asset)
        elif address in lesser:
            groups.setdefault((FALLBACK, asset.first.place), []).append(asset)
    order = [*AssetKind, FALLBACK]
    for kind, place in sorted(groups, key=lambda group: order.index(group[0])):
        yield _row(kind, place, groups[kind, place], stored)


def _row(kind: str, place: Place, assets: Sequence[PlannedAsset], stored: frozenset[Address]) -> QuoteRow:
    missing = [asset for asset in assets if asset.address not in stored]
    unit_prices = {round(asset.price_usd / asset.quantity, EXACT) for asset in assets if asset.quantity}
    return QuoteRow(
        kind=kind,
        provider=place.provider,
        endpoint=place.endpoint,
        stand_ins=tuple(dict.fromkeys(offer.provider for asset in assets for offer in asset.offers[1:])),
        count=len(assets),
        there=len(assets) - len(missing),
        quantity=_sum(asset.quantity for asset in missing),
        unit=assets[0].unit,
        unit_usd=unit_prices.pop() if len(unit_prices) == 1 else None,
        usd=_sum(asset.price_usd for asset in missing),
    )


def _sum(amounts: Iterable[float]) -> float:
    return round(sum(amounts), EXACT)
