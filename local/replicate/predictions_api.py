"""Predictions over HTTP: create, get, list and cancel.

See https://replicate.com/docs/reference/http#predictions.
"""

import base64
import binascii
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, JsonValue, ValidationError
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.replicate.answers import (
    FAULT_ANSWERS,
    insufficient_credit,
    invalid_input,
    invalid_version,
    not_found,
    problem,
)
from local.replicate.models import model_named
from local.replicate.predictions import Predictions
from local.simulator.engine import Engine
from local.simulator.gate import Gate
from local.simulator.job_queue import Submission
from local.simulator.records import RequestRecord, RequestState
from local.simulator.submitting import accept_job, fault_answer
from local.simulator.waiting import wait_until
from shared.frozen import Frozen

_SHORTEST_DEADLINE = 5
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_PREFER_WAIT = re.compile(r"wait(?:=([1-9]\d?))?")
_LONGEST_WAIT = 60
_CANCEL_SECONDS = 1


def _https(url: str) -> str:
    if not url.startswith("https://"):
        raise PydanticCustomError("url_scheme", "Must be an HTTPS URL")
    return url


class NewPrediction(Frozen):
    """The body of a submit that names the model in its address."""

    input: dict[str, JsonValue]
    stream: bool | None = None
    webhook: Annotated[str, AfterValidator(_https)] | None = None
    webhook_events_filter: tuple[Literal["start", "output", "logs", "completed"], ...] | None = None


class NewPredictionOfVersion(NewPrediction):
    """The body of a submit that names the model itself."""

    version: str


class PredictionsApi:
    """The routes of predictions."""

    def __init__(self, engine: Engine, predictions: Predictions, gate: Gate) -> None:
        self._engine = engine
        self._predictions = predictions
        self._gate = gate

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v1/predictions", self._create_of_version, methods=["POST"]),
            Route("/v1/predictions", self._list, methods=["GET"]),
            Route("/v1/predictions/{prediction_id}", self._get, methods=["GET"]),
            Route("/v1/predictions/{prediction_id}/cancel", self._cancel, methods=["POST"]),
            Route("/v1/models/{owner}/{name}/predictions", self._create_of_model, methods=["POST"]),
        ]

    async def _create_of_version(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        try:
            submitted = NewPredictionOfVersion.model_validate_json(await request.body())
        except ValidationError as error:
            return invalid_input(error, "")
        model = model_named(submitted.version)
        return invalid_version() if model is None else await self._create(request, model, submitted)

    async def _create_of_model(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        model = f"{request.path_params['owner']}/{request.path_params['name']}"
        if model not in self._engine.models:
            return not_found()
        try:
            submitted = NewPrediction.model_validate_json(await request.body())
        except ValidationError as error:
            return invalid_input(error, "")
        return await self._create(request, model, submitted)

    async def _create(self, request: Request, model: str, submitted: NewPrediction) -> Response:
        settings = self._engine.settings.now
        if settings.balance_usd is not None and settings.balance_usd <= 0:
            return insufficient_credit()
        try:
            self._engine.models[model].input_model.model_validate(submitted.input)
        except ValidationError as error:
            return invalid_input(error, "input")
        cancel_after, prefer = request.headers.get("cancel-after"), request.headers.get("prefer")
        deadline = None if cancel_after is None else duration_seconds(cancel_after)
        if cancel_after is not None and (deadline is None or deadline < _SHORTEST_DEADLINE):
            return problem(422, f"- Cancel-After: {cancel_after!r} is no duration of at least {_SHORTEST_DEADLINE}s\n")
        submission = Submission(
            endpoint_id=model,
            input=submitted.input,
            unknown_inputs=self._engine.models[model].unknown_inputs(submitted.input),
            webhook_url=submitted.webhook,
            webhook_events=submitted.webhook_events_filter,
            deadline_seconds=deadline,
            file_seconds=settings.stored_result_seconds,
        )
        accepted = await accept_job(
            model,
            lambda: self._engine.queue.submit(submission),
            self._accepted,
            faults=self._engine.faults,
            answer_fault=lambda fault: fault_answer(fault, FAULT_ANSWERS),
            store=self._engine.store,
        )
        return await self._held_open(accepted, prefer)

    def _accepted(self, record: RequestRecord) -> Response:
        # As it was submitted: by the time of the answer it may be running.
        described = self._predictions.described(record.model_copy(update={"state": RequestState.IN_QUEUE}))
        return JSONResponse(described, 201, {"Location": described["urls"]["get"]})

    async def _held_open(self, accepted: Response, prefer: str | None) -> Response:
        """Wait for the prediction's end if the caller prefers that, and then describe it as it is."""
        preferred = _PREFER_WAIT.fullmatch(prefer or "")
        location = accepted.headers.get("location")
        if preferred is None or location is None:
            return accepted
        prediction_id = location.rpartition("/")[2]
        seconds = min(int(preferred[1] or _LONGEST_WAIT), _LONGEST_WAIT)
        done = await wait_until(lambda: self._is_over(prediction_id), seconds)
        described = self._predictions.described(self._engine.store.request(prediction_id))
        return JSONResponse(described, 201 if done else 202, {"Location": location})

    async def _get(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        record = self._engine.store.find_request(request.path_params["prediction_id"])
        return not_found() if record is None else JSONResponse(self._predictions.described(record))

    async def _cancel(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        prediction_id = request.path_params["prediction_id"]
        record = self._engine.store.find_request(prediction_id)
        if record is None:
            return not_found()
        if record.state is not RequestState.COMPLETED:
            self._engine.queue.cancel(record)
            if self._engine.settings.now.cancel_stops_running:
                await wait_until(lambda: self._is_over(prediction_id), _CANCEL_SECONDS)
        return JSONResponse(self._predictions.described(self._engine.store.request(prediction_id)))

    async def _list(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        query = request.query_params
        try:
            after, before = _moment(query.get("created_after")), _moment(query.get("created_before"))
            begin = _cursor_position(query.get("cursor"))
        except ValueError as error:
            return problem(400, f"Invalid query: {error}")
        created = [
            record
            for record in self._listed()
            if (after is None or _created(record) >= after) and (before is None or _created(record) < before)
        ]
        end = begin + self._engine.settings.now.request_list_page
        return JSONResponse(
            {
                "previous": self._page(request, max(0, begin - (end - begin))) if begin else None,
                "next": self._page(request, end) if end < len(created) else None,
                "results": [self._predictions.described(record) for record in created[begin:end]],
            }
        )

    def _listed(self) -> Iterator[RequestRecord]:
        """Return what is listed by now, newest first."""
        settings = self._engine.settings.now
        for record in reversed(list(self._engine.store.requests())):
            shown = settings.request_list_shows_unfinished or record.state is RequestState.COMPLETED
            if shown and record.submitted_at + settings.request_list_delay_seconds <= time.time():
                yield record

    def _page(self, request: Request, position: int) -> str:
        cursor = base64.urlsafe_b64encode(f"p={position}".encode()).decode()
        query = {**request.query_params, "cursor": cursor}
        return f"{self._engine.base_url}/v1/predictions?{urlencode(query)}"

    def _is_over(self, prediction_id: str) -> bool:
        return self._engine.store.request(prediction_id).state is RequestState.COMPLETED


def duration_seconds(text: str) -> float | None:
    """Return a duration such as ``90``, ``30s``, ``5m`` or ``1h30m45s`` in seconds; None if it is none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _created(record: RequestRecord) -> datetime:
    # In whole microseconds, as the caller was told it.
    return datetime.fromtimestamp(record.submitted_at, UTC)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _cursor_position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("p="))
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"the cursor {cursor!r} is none of ours") from error
