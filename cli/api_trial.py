"""Try a provider's models, each with one cheap request as an episode makes it, and follow it to its end by asking."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.api_faults import Fault, fault_of_error, fault_of_exception, fault_of_refusal, strikes_all
from cli.api_help import HELP, FaultKind
from cli.api_results import Results
from cli.trial_material import SHORTEST_VOICE, drawn_face, drawn_room, trial_script, voice
from shared.content_types import content_type_of
from shared.frozen import Frozen
from shared.keys import AssetKind, FileKind, FileRef
from shared.ledger.records import Seconds
from shared.plan.assets import clip_asset, composite_asset, portrait_asset
from shared.plan.catalogue import Catalogue
from shared.plan.models import Offer, PlannedAsset
from shared.providers.capabilities import capability_of
from shared.providers.engines import Engine
from shared.providers.errors import SortedError
from shared.providers.media import BlockedByContentPolicy, NoMediaReturned
from shared.providers.names import TITLES, ProviderName
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    InProgress,
    JobOutcome,
    ProviderUnreachable,
    Queued,
)
from shared.providers.routing import Router

if TYPE_CHECKING:
    from shared.ports import Provider

_FIRST_WAIT: Seconds = 0.2
_LONGEST_WAIT: Seconds = 2.0

_FACE = FileRef(kind=FileKind.PORTRAIT, address="face")
_ROOM = FileRef(kind=FileKind.BACKGROUND, address="room")
_VOICE = FileRef(kind=FileKind.PART, address="voice")


class Model(StrEnum):
    """What can be tried: fal's picture models by their names, what others make by its kind, and engines."""

    IDEOGRAM = "ideogram"
    KONTEXT = "kontext"
    PORTRAIT = "portrait"
    COMPOSITE = "composite"
    HEDRA = "hedra"
    KLING = "kling"
    FABRIC = "fabric"


MODELS: Mapping[ProviderName, tuple[Model, ...]] = {
    ProviderName.FAL: (Model.IDEOGRAM, Model.KONTEXT, Model.HEDRA, Model.KLING, Model.FABRIC),
    ProviderName.REPLICATE: (Model.PORTRAIT, Model.COMPOSITE, Model.KLING, Model.FABRIC),
    ProviderName.HEDRA: (Model.PORTRAIT, Model.COMPOSITE, Model.HEDRA, Model.KLING, Model.FABRIC),
}
"""What can be tried at each."""

TRIED_BY_DEFAULT = 3
"""So many of these, from the first on: one of each kind."""

_PORTRAITS = (Model.IDEOGRAM, Model.PORTRAIT)
_COMPOSITES = (Model.KONTEXT, Model.COMPOSITE)


@dataclass(frozen=True, slots=True)
class Trial:
    """One request that is to be made, as it is planned.

    Parameters
    ----------
    voice_seconds
        How much voice a clip is asked for.
    """

    model: Model
    kind: AssetKind
    offer: Offer
    voice_seconds: Seconds


class Tried(Frozen):
    """What came of it.

    Parameters
    ----------
    good
        Whether a picture or a clip came.
    price_usd
        What it costs, or may, by the price that is known; None where certainly nothing was bought.
    """

    model: Model
    endpoint: str
    good: bool
    fault: FaultKind | None = None
    message: str = ""
    next_step: str = ""
    request_id: str | None = None
    queued_seconds: Seconds | None = None
    run_seconds: Seconds | None = None
    price_usd: float | None = None
    price_source: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What trying needs of a provider and of time.

    Parameters
    ----------
    new_key
        Gives each request a key of its own.
    why_refused
        Asks why the provider takes nothing from us; None where that is not known.
    clock
        Seconds that only go forward.
    patience
        How long one request may take.
    """

    provider: "Provider"
    results: Results
    new_key: Callable[[], str]
    clock: Callable[[], Seconds]
    wait: Callable[[Seconds], None]
    patience: Seconds
    why_refused: Callable[[], SortedError | None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True)
class Made:
    """A portrait that was made already: engines rather take it than a drawn face."""

    url: str
    data: bytes


def trials_of(provider: ProviderName, models: Sequence[Model], catalogue: Catalogue) -> list[Trial]:
    """Return what is to be tried, in the order in which an episode needs it."""
    script = trial_script(provider)
    [character], [scene] = script.characters, script.scenes
    [line] = scene.lines
    here = Catalogue(catalogue.endpoints, Router(configured=frozenset({provider})), catalogue.live, catalogue.overrides)

    def asset_of(model: Model, seconds: Seconds) -> PlannedAsset:
        if model in _PORTRAITS:
            return portrait_asset(script, character, (), here)
        if model in _COMPOSITES:
            return composite_asset(script, scene, line, portrait=_FACE, background=_ROOM, catalogue=here)
        # What the voice comes to, padded to the grid of the house format, and rounded up as providers may.
        paid = math.ceil(seconds + 0.5)
        clip = partial(clip_asset, Engine(model), script, scene, line, picture=_FACE, recording=_VOICE)
        return clip(seconds=paid, label=f"a clip of {model}", catalogue=here)

    def trial(model: Model) -> Trial:
        engine = None if model in (*_PORTRAITS, *_COMPOSITES) else Engine(model)
        capability = capability_of(provider, AssetKind.CLIP, engine) if engine else None
        shortest = capability.min_seconds if capability else None
        seconds = max(SHORTEST_VOICE, 1.1 * (shortest or 0.0))  # not so close that its rounding counts
        asset = asset_of(model, seconds)
        return Trial(model, asset.kind, asset.first, seconds)

    return [trial(model) for model in MODELS[provider] if model in models]


def try_models(trials: Sequence[Trial], asking: Asking) -> Iterator[Tried]:
    """Try each model once; after a fault that would strike all others too, no other is asked."""
    portrait: Made | None = None
    for trial in trials:
        tried, data = try_model(trial, portrait, asking)
        yield tried
        if tried.url and data and trial.kind is AssetKind.PORTRAIT:
            portrait = Made(tried.url, data)
        if tried.fault and strikes_all(tried.fault):
            return


def try_model(trial: Trial, portrait: Made | None, asking: Asking) -> tuple[Tried, bytes | None]:
    """Make one request with one submit, and look after it until it has ended; return also the file that it made."""
    provider = asking.provider.name
    try:
        arguments = _filled_in(trial, portrait, asking.provider)
    except ProviderUnreachable as error:
        refused = asking.why_refused()
        fault = fault_of_error(refused, provider) if refused else fault_of_exception(error, provider)
        return _faulty(trial, fault, provider), None
    began = asking.clock()
    answer = asking.provider.submit(trial.offer.endpoint, arguments, None, key=asking.new_key())
    if not isinstance(answer, Accepted):
        return _faulty(trial, fault_of_refusal(answer, provider), provider), None
    started: Seconds | None = None
    pause, outcome = _FIRST_WAIT, _look_up(trial, answer.request_id, asking)
    while isinstance(outcome, Queued | InProgress | ProviderUnreachable):
        if isinstance(outcome, InProgress) and started is None:
            started = asking.clock()
        if asking.clock() - began > asking.patience:
            return _gave_up(trial, answer.request_id, outcome, asking), None
        asking.wait(pause)
        pause = min(_LONGEST_WAIT, pause * 1.5)
        outcome = _look_up(trial, answer.request_id, asking)
    whole = asking.clock() - began
    run_seconds = outcome.run_seconds if isinstance(outcome, Finished) else None
    if run_seconds is None:
        run_seconds = asking.clock() - started if started is not None else None
    tried, data = _judged(trial, outcome, asking)
    times = {
        "request_id": answer.request_id,
        "queued_seconds": round(max(0.0, whole - (run_seconds or 0.0)), 1),
        "run_seconds": None if run_seconds is None else round(run_seconds, 1),
    }
    return tried.model_copy(update=times), data


def _filled_in(trial: Trial, portrait: Made | None, provider: "Provider") -> dict[str, Any]:
    """Return a request with where its files lie, after handing them over; raises `ProviderUnreachable`."""
    files: dict[FileRef, Callable[[], bytes]] = {
        _FACE: (lambda: portrait.data) if portrait else drawn_face,
        _ROOM: drawn_room,
        _VOICE: partial(voice, trial.voice_seconds),
    }
    arguments: dict[str, Any] = dict(trial.offer.arguments)
    for entry in trial.offer.inputs:
        if entry.file == _FACE and portrait and provider.lifetimes.results_are_inputs:
            url = portrait.url
        else:
            data = files[entry.file]()
            url = provider.upload(data, content_type_of(data[:16]), entry.file.address)
        file = provider.file_argument(url)
        arguments[entry.field] = [*arguments.get(entry.field, ()), file] if entry.listed else file
    return arguments


def _look_up(trial: Trial, request_id: str, asking: Asking) -> JobOutcome | ProviderUnreachable:
    try:
        return asking.provider.look_up(trial.offer.endpoint, request_id)
    except ProviderUnreachable as error:
        return error


def _judged(trial: Trial, outcome: Finished | Failed | Gone, asking: Asking) -> tuple[Tried, bytes | None]:
    provider = asking.provider.name
    faulty = partial(_faulty, trial, provider=provider, may_be_charged=True)
    match outcome:
        case Failed(error):
            fault = fault_of_error(error, provider)
            return _faulty(trial, fault, provider, may_be_charged=error.may_be_charged), None
        case Gone():
            message = f"{TITLES[provider]} knows the request no more, or has deleted what it made"
            return faulty(Fault(FaultKind.NO_RESULT, message)), None
    try:
        url = asking.provider.media_in(trial.kind, outcome.payload, trial.offer.endpoint).url
    except BlockedByContentPolicy as refusal:
        return faulty(Fault(FaultKind.INPUTS_REFUSED, str(refusal))), None
    except NoMediaReturned as refusal:
        return faulty(Fault(FaultKind.NO_RESULT, str(refusal))), None
    fetched = asking.results.fetch(url)
    if isinstance(fetched, Fault):
        return faulty(fetched).model_copy(update={"url": url}), None
    offer = trial.offer
    good = Tried(model=trial.model, endpoint=offer.endpoint, good=True, **_priced(offer), url=url)
    return good, fetched


def _gave_up(
    trial: Trial, request_id: str, outcome: Queued | InProgress | ProviderUnreachable, asking: Asking
) -> Tried:
    """Have the provider cancel what takes too long, if it can; it may finish, and cost, all the same."""
    provider = asking.provider.name
    if isinstance(outcome, ProviderUnreachable):
        fault = fault_of_exception(outcome, provider)
    else:
        where = "still queues" if isinstance(outcome, Queued) else "is still being worked on"
        can_cancel = HELP[provider].can_cancel
        done = f"{TITLES[provider]} was asked to cancel it" if can_cancel else "it cannot be cancelled, and may finish"
        fault = Fault(FaultKind.TOO_SLOW, f"the request {where} after {asking.patience:g} s; {done}")
    try:
        asking.provider.cancel(trial.offer.endpoint, request_id)
    except ProviderUnreachable as error:
        fault = fault_of_exception(error, provider)
    return _faulty(trial, fault, provider, may_be_charged=True).model_copy(update={"request_id": request_id})


def _faulty(trial: Trial, fault: Fault, provider: ProviderName, *, may_be_charged: bool = False) -> Tried:
    return Tried(
        model=trial.model,
        endpoint=trial.offer.endpoint,
        good=False,
        fault=fault.kind,
        message=fault.message,
        next_step=fault.next_step(provider, trial.model),
        **(_priced(trial.offer) if may_be_charged or fault.is_unsure else {}),
    )


def _priced(offer: Offer) -> dict[str, Any]:
    return {"price_usd": round(offer.price_usd, 4), "price_source": offer.price_source}
