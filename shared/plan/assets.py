"""Each kind of asset as it would be bought: its request, its address, its price."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.addresses import address_of
from shared.configuration import ASSET_RECIPE
from shared.fal.models.request import FalRequest
from shared.keys import AssetKind, FileRef
from shared.ledger.budgets import EXACT
from shared.ledger.records import Seconds
from shared.plan.catalogue import Catalogue
from shared.plan.models import Input, PlannedAsset
from shared.prices import Unit
from shared.script.models import Character, Engine, Line, Scene, Script
from shared.script.requests import (
    background_request,
    composite_request,
    fabric_request,
    hedra_request,
    kling_request,
    portrait_request,
)

PROVIDER = "fal"


def portrait_asset(
    script: Script, character: Character, style_references: Sequence[FileRef], catalogue: Catalogue
) -> PlannedAsset:
    """Return a character's portrait."""
    request = portrait_request(script, character, style_references=[file.address for file in style_references])
    return _asset(
        AssetKind.PORTRAIT,
        catalogue.endpoints.ideogram,
        request,
        [Input(field="image_urls", file=file, listed=True) for file in style_references],
        catalogue=catalogue,
        take=character.take,
        label=f"portrait of {character.name}",
    )


def background_asset(script: Script, scene: Scene, catalogue: Catalogue) -> PlannedAsset:
    """Return a scene's background."""
    return _asset(
        AssetKind.BACKGROUND,
        catalogue.endpoints.ideogram,
        background_request(script, scene),
        [],
        catalogue=catalogue,
        take=scene.take,
        label=f"background of scene {scene.number}",
    )


def composite_asset(
    script: Script, scene: Scene, line: Line, *, portrait: FileRef, background: FileRef, catalogue: Catalogue
) -> PlannedAsset:
    """Return the composite that a line is spoken in."""
    request = composite_request(script, scene, line, portrait=portrait.address, background=background.address)
    return _asset(
        AssetKind.COMPOSITE,
        catalogue.endpoints.kontext,
        request,
        [Input(field="image_urls", file=file, listed=True) for file in (portrait, background)],
        catalogue=catalogue,
        take=line.take,
        label=f"{line.character} in scene {scene.number}",
    )


def clip_asset(
    engine: Engine,
    script: Script,
    scene: Scene,
    line: Line,
    *,
    picture: FileRef,
    recording: FileRef,
    seconds: Seconds,
    label: str,
    catalogue: Catalogue,
) -> PlannedAsset:
    """Return a part's talking clip by one engine.

    Parameters
    ----------
    seconds
        The length of the recording as it is sent, which is what is paid for.
    """
    files = {"image": picture.address, "audio": recording.address}
    request: FalRequest
    match engine:
        case Engine.HEDRA:
            endpoint, request = catalogue.endpoints.hedra, hedra_request(script, scene, line, **files)
        case Engine.FABRIC:
            endpoint, request = catalogue.endpoints.fabric, fabric_request(script, **files)
        case Engine.KLING:
            endpoint, request = catalogue.endpoints.kling, kling_request(**files)
        case Engine.STILL:
            raise ValueError("a still is not bought")
    inputs = [Input(field="image_url", file=picture), Input(field="audio_url", file=recording)]
    return _asset(
        AssetKind.CLIP,
        endpoint,
        request,
        inputs,
        catalogue=catalogue,
        take=line.take,
        label=label,
        quantity=seconds,
        unit="second",
    )


def _asset(
    kind: AssetKind,
    endpoint: str,
    request: FalRequest,
    inputs: Sequence[Input],
    *,
    catalogue: Catalogue,
    take: int,
    label: str,
    quantity: float = 1,
    unit: Unit = "image",
) -> PlannedAsset:
    arguments = _without_files(request.body(), inputs)
    address = address_of(
        ASSET_RECIPE,
        kind,
        provider=PROVIDER,
        endpoint=endpoint,
        arguments=arguments,
        take=take,
        inputs=[[entry.field, entry.file.address] for entry in inputs],
    )
    price = catalogue.price(endpoint, unit)
    return PlannedAsset(
        address=address,
        kind=kind,
        endpoint=endpoint,
        arguments=arguments,
        inputs=tuple(inputs),
        label=label,
        quantity=quantity,
        unit=unit,
        price_usd=round(price.of(arguments) * quantity, EXACT),
        price_source=price.source,
    )


def _without_files(body: Mapping[str, Any], inputs: Sequence[Input]) -> dict[str, Any]:
    # How a file is handed over is no part of an address: its own address is, among the inputs.
    fields = {entry.field for entry in inputs}
    return {name: value for name, value in body.items() if name not in fields}
