"""Try fal's models, each with one cheap request of the product's own, and follow it to its end without a webhook."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cli.api_faults import Fault, FaultKind, fault_of_error, fault_of_exception, fault_of_refusal
from cli.trial_material import VOICE_SECONDS, drawn_face, drawn_room, trial_script, voice
from shared.fal.client import FalQueue
from shared.fal.endpoints import Endpoints
from shared.fal.models import hedra, ideogram, kontext
from shared.fal.models.media import BlockedByContentPolicy, MediaFile, NoMediaReturned
from shared.fal.outcomes import Accepted, Failed, FalUnreachable, Finished, Gone, InProgress, JobOutcome, Queued
from shared.frozen import Frozen
from shared.ledger.records import Seconds
from shared.prices import LivePrice, Unit, price_of
from shared.script.requests import composite_request, hedra_request, portrait_request

_FILE_LIFETIME = 3600
_FIRST_WAIT: Seconds = 0.2
_LONGEST_WAIT: Seconds = 2.0
_MAX_PART_SECONDS = math.ceil(VOICE_SECONDS + 0.5)
"""What a second of voice comes to, padded to the grid of the house format, and rounded up as fal may."""


class Model(StrEnum):
    """What can be tried."""

    IDEOGRAM = "ideogram"
    KONTEXT = "kontext"
    HEDRA = "hedra"


@dataclass(frozen=True, slots=True)
class Trial:
    """One request that is to be made.

    Parameters
    ----------
    arguments
        Gives the request, as it is sent; hands over the files that it needs.
    read_result
        Finds the file in the answer.
    """

    model: Model
    endpoint: str
    price_usd: float
    price_source: str
    arguments: "Callable[[Handover], dict[str, Any]]"
    read_result: Callable[[object], MediaFile]


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
class Fal:
    """What trying needs of fal and of time.

    Parameters
    ----------
    clock
        Seconds that only go forward.
    patience
        How long one request may take.
    """

    queue: FalQueue
    clock: Callable[[], Seconds]
    wait: Callable[[Seconds], None]
    patience: Seconds


class Handover:
    """Hands over the files that requests need, each once.

    Parameters
    ----------
    picture
        The portrait that was made already, if one was: engines rather take it than a drawn face.
    """

    def __init__(self, queue: FalQueue, picture: str | None) -> None:
        self._queue, self._picture = queue, picture

    def face(self) -> str:
        """Return where a portrait is; raises `FalUnreachable`."""
        return self._picture or self._upload(drawn_face(), "image/png", "face.png")

    def room(self) -> str:
        """Return where a background is; raises `FalUnreachable`."""
        return self._upload(drawn_room(), "image/png", "room.png")

    def voice(self) -> str:
        """Return where a piece of voice is; raises `FalUnreachable`."""
        return self._upload(voice(), "audio/mpeg", "voice.mp3")

    def _upload(self, data: bytes, content_type: str, name: str) -> str:
        return self._queue.upload(data, content_type, name, _FILE_LIFETIME)


def trials_of(
    models: Sequence[Model], endpoints: Endpoints, live: Mapping[str, LivePrice], overrides: Mapping[str, float]
) -> list[Trial]:
    """Return what is to be tried, in the order in which an episode needs it.

    Parameters
    ----------
    live, overrides
        As for `shared.prices.price_of`.
    """
    script = trial_script()
    [character], [scene] = script.characters, script.scenes
    [line] = scene.lines

    def portrait(_: Handover) -> dict[str, Any]:
        return portrait_request(script, character).body()

    def composite(files: Handover) -> dict[str, Any]:
        return composite_request(script, scene, line, portrait=files.face(), background=files.room()).body()

    def clip(files: Handover) -> dict[str, Any]:
        return hedra_request(script, scene, line, image=files.face(), audio=files.voice()).body()

    def trial(
        model: Model,
        endpoint: str,
        unit: Unit,
        arguments: Callable[[Handover], dict[str, Any]],
        read_result: Callable[[object], MediaFile],
    ) -> Trial:
        price = price_of(endpoint, unit, live=live, overrides=overrides)
        known: dict[str, object] = {"rendering_speed": script.rendering_speed, "resolution": script.resolution}
        usd = price.of(known) * (1 if unit == "image" else _MAX_PART_SECONDS)
        return Trial(model, endpoint, round(usd, 4), price.source, arguments, read_result)

    every = (
        trial(Model.IDEOGRAM, endpoints.ideogram, "image", portrait, ideogram.image_from),
        trial(Model.KONTEXT, endpoints.kontext, "image", composite, kontext.image_from),
        trial(Model.HEDRA, endpoints.hedra, "second", clip, hedra.video_from),
    )
    return [each for each in every if each.model in models]


def try_models(trials: Sequence[Trial], fal: Fal) -> Iterator[Tried]:
    """Try each model once; after a fault that would strike all others too, no other is asked."""
    picture: str | None = None
    for trial in trials:
        tried = try_model(trial, Handover(fal.queue, picture), fal)
        yield tried
        if tried.good and trial.model is Model.IDEOGRAM:
            picture = tried.url
        if tried.fault and Fault(tried.fault, "").is_of_the_account:
            return


def try_model(trial: Trial, files: Handover, fal: Fal) -> Tried:
    """Make one request with one POST, and look after it until it has ended."""
    try:
        arguments = trial.arguments(files)
    except FalUnreachable as error:
        return _faulty(trial, fault_of_exception(error))
    began = fal.clock()
    answer = fal.queue.submit(trial.endpoint, arguments, None)
    if not isinstance(answer, Accepted):
        return _faulty(trial, fault_of_refusal(answer))
    started: Seconds | None = None
    pause, outcome = _FIRST_WAIT, _look_up(trial, answer.request_id, fal)
    while isinstance(outcome, Queued | InProgress | FalUnreachable):
        if isinstance(outcome, InProgress) and started is None:
            started = fal.clock()
        if fal.clock() - began > fal.patience:
            return _gave_up(trial, answer.request_id, outcome, fal)
        fal.wait(pause)
        pause = min(_LONGEST_WAIT, pause * 1.5)
        outcome = _look_up(trial, answer.request_id, fal)
    whole = fal.clock() - began
    run_seconds = outcome.run_seconds if isinstance(outcome, Finished) else None
    if run_seconds is None:
        run_seconds = fal.clock() - started if started is not None else None
    tried = _judged(trial, outcome)
    return tried.model_copy(
        update={
            "request_id": answer.request_id,
            "queued_seconds": round(max(0.0, whole - (run_seconds or 0.0)), 1),
            "run_seconds": None if run_seconds is None else round(run_seconds, 1),
        }
    )


def _look_up(trial: Trial, request_id: str, fal: Fal) -> JobOutcome | FalUnreachable:
    try:
        return fal.queue.look_up(trial.endpoint, request_id)
    except FalUnreachable as error:
        return error


def _judged(trial: Trial, outcome: Finished | Failed | Gone) -> Tried:
    match outcome:
        case Failed(error):
            return _faulty(trial, fault_of_error(error), may_be_charged=error.may_be_charged)
        case Gone():
            return _faulty(trial, Fault(FaultKind.NO_RESULT, "fal knows the request no more"), may_be_charged=True)
    try:
        file = trial.read_result(outcome.payload)
    except BlockedByContentPolicy as refusal:
        return _faulty(trial, Fault(FaultKind.INPUTS_REFUSED, str(refusal)), may_be_charged=True)
    except NoMediaReturned as refusal:
        return _faulty(trial, Fault(FaultKind.NO_RESULT, str(refusal)), may_be_charged=True)
    return Tried(
        model=trial.model,
        endpoint=trial.endpoint,
        good=True,
        price_usd=trial.price_usd,
        price_source=trial.price_source,
        url=file.url,
    )


def _gave_up(trial: Trial, request_id: str, outcome: Queued | InProgress | FalUnreachable, fal: Fal) -> Tried:
    """Have fal cancel what takes too long; it may finish, and cost, all the same."""
    if isinstance(outcome, FalUnreachable):
        fault = fault_of_exception(outcome)
    else:
        where = "still queues" if isinstance(outcome, Queued) else "is still being worked on"
        fault = Fault(FaultKind.TOO_SLOW, f"the request {where} after {fal.patience:g} s; fal was asked to cancel it")
    try:
        fal.queue.cancel(trial.endpoint, request_id)
    except FalUnreachable as error:
        fault = fault_of_exception(error)
    faulty = _faulty(trial, fault, may_be_charged=True)
    return faulty.model_copy(update={"request_id": request_id})


def _faulty(trial: Trial, fault: Fault, *, may_be_charged: bool = False) -> Tried:
    may_cost = may_be_charged or fault.is_unsure
    return Tried(
        model=trial.model,
        endpoint=trial.endpoint,
        good=False,
        fault=fault.kind,
        message=fault.message,
        next_step=fault.next_step(trial.model),
        price_usd=trial.price_usd if may_cost else None,
        price_source=trial.price_source if may_cost else None,
    )
