"""Each kind of asset as it would be bought: who can make it, by which requests, at which address and price."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.addresses import address_of
from shared.configuration import ASSET_RECIPE
from shared.fal.models.request import FalRequest
from shared.keys import AssetKind, FileRef
from shared.ledger.budgets import EXACT
from shared.ledger.records import Seconds
from shared.plan.catalogue import Catalogue
from shared.plan.models import Input, Offer, PlannedAsset
from shared.providers.capabilities import capability_of, titles, what
from shared.providers.engines import Engine
from shared.providers.names import Place, ProviderName
from shared.providers.routing import NobodyToAsk, OutOfLimits
from shared.script.models import Character, Line, Scene, Script
from shared.script.requests import (
    background_request,
    composite_request,
    fabric_request,
    hedra_request,
    kling_request,
    portrait_request,
)
from shared.script.stand_ins import StandInRequest, clip_request, picture_request

if TYPE_CHECKING:
    from shared.prices import Unit


def portrait_asset(
    script: Script, character: Character, style_references: Sequence[FileRef], catalogue: Catalogue
) -> PlannedAsset:
    """Return a character's portrait; raises `NobodyToAsk`, as all functions here do."""
    request = portrait_request(script, character, style_references=[file.address for file in style_references])
    inputs = [Input(field="image_urls", file=file, listed=True) for file in style_references]
    return _asset(
        AssetKind.PORTRAIT,
        script,
        _fal_offer(catalogue.endpoints.ideogram, request, inputs),
        partial(picture_request, script=script, prompt=request.prompt, images=style_references, as_style=True),
        catalogue,
        take=character.take,
        label=f"portrait of {character.name}",
    )


def background_asset(script: Script, scene: Scene, catalogue: Catalogue) -> PlannedAsset:
    """Return a scene's background."""
    request = background_request(script, scene)
    return _asset(
        AssetKind.BACKGROUND,
        script,
        _fal_offer(catalogue.endpoints.ideogram, request, []),
        partial(picture_request, script=script, prompt=request.prompt, images=()),
        catalogue,
        take=scene.take,
        label=f"background of scene {scene.number}",
    )


def composite_asset(
    script: Script, scene: Scene, line: Line, *, portrait: FileRef, background: FileRef, catalogue: Catalogue
) -> PlannedAsset:
    """Return the composite that a line is spoken in."""
    request = composite_request(script, scene, line, portrait=portrait.address, background=background.address)
    images = (portrait, background)
    inputs = [Input(field="image_urls", file=file, listed=True) for file in images]
    return _asset(
        AssetKind.COMPOSITE,
        script,
        _fal_offer(catalogue.endpoints.kontext, request, inputs),
        partial(picture_request, script=script, prompt=request.prompt, images=images),
        catalogue,
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
        script,
        _fal_offer(endpoint, request, inputs),
        partial(
            clip_request, engine=engine, script=script, scene=scene, line=line, picture=picture, recording=recording
        ),
        catalogue,
        take=line.take,
        label=label,
        engine=engine,
        seconds=seconds,
    )


_Request = tuple[str, dict[str, Any], tuple[Input, ...]]
"""An endpoint, what is sent to it without the files, and the files."""


def _fal_offer(endpoint: str, request: FalRequest, inputs: Sequence[Input]) -> _Request:
    return endpoint, _without_files(request.body(), inputs), tuple(inputs)


def _asset(
    kind: AssetKind,
    script: Script,
    at_fal: _Request,
    elsewhere: Callable[..., StandInRequest],
    catalogue: Catalogue,
    *,
    take: int,
    label: str,
    engine: Engine | None = None,
    seconds: Seconds | None = None,
) -> PlannedAsset:
    """Return an asset with the offers of all who can make it, in the order in which they are asked.

    Parameters
    ----------
    elsewhere
        Gives the request for a provider that stands in for fal.
    seconds
        The length of a clip; None for a picture.
    """
    unit: Unit = "image" if seconds is None else "second"
    quantity = 1.0 if seconds is None else seconds
    offers: list[Offer] = []
    order = catalogue.router.order(kind, engine, script.providers)
    if not order:
        raise NobodyToAsk(f"{label}: {catalogue.router.why_nobody(kind, engine, script.providers)}")
    for name in order:
        capability = capability_of(name, kind, engine)
        if capability is None or not capability.takes(seconds, script.aspect_ratio):
            continue
        if name is ProviderName.FAL:
            endpoint, arguments, inputs = at_fal
        else:
            arguments, files = elsewhere(name)
            endpoint = capability.endpoint
            inputs = tuple(
                Input(field=field.name, file=file, listed=field.listed) for field in files for file in field.files
            )
        price = catalogue.price(Place(provider=name, endpoint=endpoint), unit)
        offers.append(
            Offer(
                provider=name,
                endpoint=endpoint,
                arguments=arguments,
                inputs=inputs,
                price_usd=round(price.of(arguments) * quantity, EXACT),
                price_source=price.source,
            )
        )
    if not offers:
        raise OutOfLimits(
            f"{label}: {titles(order)} cannot make {what(kind, engine)} of {quantity:.1f} seconds "
            f"in {script.aspect_ratio}"
        )
    return PlannedAsset(
        address=_address_of(kind, offers[0], take),
        kind=kind,
        offers=tuple(offers),
        label=label,
        quantity=quantity,
        unit=unit,
    )


def _address_of(kind: AssetKind, offer: Offer, take: int) -> str:
    """Return the address of what an offer makes."""
    return address_of(
        ASSET_RECIPE,
        kind,
        provider=offer.provider,
        endpoint=offer.endpoint,
        arguments=offer.arguments,
        take=take,
        inputs=[[entry.field, entry.file.address] for entry in offer.inputs],
    )


def _without_files(body: Mapping[str, Any], inputs: Sequence[Input]) -> dict[str, Any]:
    # How a file is handed over is no part of an address: its own address is, among the inputs.
    fields = {entry.field for entry in inputs}
    return {name: value for name, value in body.items() if name not in fields}
