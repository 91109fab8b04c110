"""Submitting over HTTP, and asking for the price before that."""

import time
from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.hedra.errors import (
    FAULT_ANSWERS,
    error,
    insufficient_balance,
    invalid_field,
    invalid_fields,
    model_not_found,
)
from local.hedra.jobs import Jobs, moment
from local.hedra.models import Asset, UploadedFile, media_of
from local.simulator.engine import Engine
from local.simulator.errors import RequestFailed
from local.simulator.gate import Gate
from local.simulator.job_queue import Submission
from local.simulator.models import Endpoint, ModelInput
from local.simulator.records import RequestRecord
from local.simulator.submitting import accept_job, fault_answer
from shared.frozen import Frozen


class NewJob(Frozen):
    """The body of a submit; the key stood in it before it became a header."""

    input: dict[str, JsonValue]
    webhook: str | None = None
    idempotency_key: str | None = None


class EstimateRequest(Frozen):
    """The body of a question for a price."""

    input: dict[str, JsonValue]


class SubmitApi:
    """The routes of ``/v3/models/{model}`` that take inputs."""

    def __init__(self, engine: Engine, jobs: Jobs, gate: Gate, default_webhook: "DefaultWebhook") -> None:
        self._engine = engine
        self._jobs = jobs
        self._gate = gate
        self._default_webhook = default_webhook

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v3/models/{model}", self._submit, methods=["POST"]),
            Route("/v3/models/{model}/estimate", self._estimate, methods=["POST"]),
        ]

    async def _submit(self, request: Request) -> Response:
        model = self._model_of(request)
        if isinstance(model, Response):
            return model
        try:
            submitted = NewJob.model_validate_json(await request.body())
        except ValidationError as refused:
            return invalid_fields(refused, "", list(NewJob.model_fields))
        webhook = submitted.webhook or self._default_webhook.url
        key = request.headers.get("idempotency-key") or submitted.idempotency_key
        known = None if key is None else self._job_of(key)
        if known is not None and (known.endpoint_id, known.input, known.webhook_url) != (
            model.endpoint_id,
            submitted.input,
            webhook,
        ):
            return error("ALREADY_EXISTS", "This idempotency key was used for another request.")
        if known is None and (refused_inputs := self._refusal_of_inputs(model, submitted.input)) is not None:
            return refused_inputs
        submission = Submission(
            endpoint_id=model.endpoint_id,
            input=submitted.input,
            webhook_url=webhook,
            idempotency_key=key,
            file_seconds=self._engine.settings.now.stored_result_seconds,
        )
        return await accept_job(
            model.endpoint_id,
            # Two that come at once find each other here: nothing is awaited between this look and the entry.
            lambda: (None if key is None else self._job_of(key)) or self._engine.queue.submit(submission),
            self._accepted,
            faults=self._engine.faults,
            answer_fault=lambda fault: fault_answer(fault, FAULT_ANSWERS),
            store=self._engine.store,
        )

    async def _estimate(self, request: Request) -> Response:
        model = self._model_of(request)
        if isinstance(model, Response):
            return model
        try:
            asked = EstimateRequest.model_validate_json(await request.body())
        except ValidationError as refused:
            return invalid_fields(refused, "", list(EstimateRequest.model_fields))
        try:
            inputs = model.input_model.model_validate(asked.input)
        except ValidationError as refused:
            return invalid_fields(refused, "input", list(model.input_model.model_fields))
        try:
            quantity = await self._quantity(model, inputs)
        except RequestFailed:
            return invalid_field("input.audio", "The audio could not be read", "unreadable")
        cost = quantity * model.price.of(inputs.model_dump(mode="json"))
        return JSONResponse({"model": model.endpoint_id, "cost": float(cost), "currency": "USD"})

    def _model_of(self, request: Request) -> Endpoint | Response:
        """Return the model that a request is for, or the answer that refuses it."""
        name = request.path_params["model"]
        return self._gate.refusal(request) or self._engine.models.get(name) or model_not_found(name)

    async def _quantity(self, model: Endpoint, inputs: ModelInput) -> Decimal:
        if model.price.unit == "images":
            return Decimal(1)
        audio = [media.address for field, media in media_of(inputs) if field.startswith("audio")]
        seconds = [(await self._engine.inputs.audio(address, ("audio",)))[1] for address in audio]
        return Decimal(str(round(sum(seconds), 3)))

    def _refusal_of_inputs(self, model: Endpoint, given: Mapping[str, JsonValue]) -> Response | None:
        try:
            inputs = model.input_model.model_validate(given)
        except ValidationError as refused:
            return invalid_fields(refused, "input", list(model.input_model.model_fields))
        for field, media in media_of(inputs):
            refusal = self._refusal_of_media(f"input.{field}", media)
            if refusal is not None:
                return refusal
        settings = self._engine.settings.now
        prompt = str(given.get("prompt", "")).lower()
        if any(trigger.lower() in prompt for trigger in settings.content_policy_triggers):
            return error("MODERATION_FAILED", "Prompt failed moderation.", param="input.prompt")
        price = model.price.of(inputs.model_dump(mode="json")) if model.price.unit == "images" else None
        balance = settings.balance_usd
        if balance is not None and (balance <= 0 or (price is not None and balance < price)):
            return insufficient_balance(balance, price)
        return None

    def _refusal_of_media(self, field: str, media: UploadedFile | Asset) -> Response | None:
        path = self._engine.files.path_of(media.address)
        record = None if path is None else self._engine.files.find(path)
        if isinstance(media, Asset):
            return None if record is not None else invalid_field(field, "Asset not found.", "not_found")
        if path is None and self._engine.inputs.allows(media.url):
            return None
        if record is None or record.endpoint_id is not None:
            # The words are unverified; that it is refused is documented.
            return invalid_field(field, "External URLs are not accepted; upload the file with POST /v3/files.", "url")
        expires_at = record.created_at + self._engine.settings.now.upload_url_seconds
        if expires_at > time.time():
            return None
        advice = "Upload the file again and submit with the fresh url."
        return invalid_field(field, f"the POST /v3/files url expired at {moment(expires_at)}. {advice}", "expired")

    def _accepted(self, record: RequestRecord) -> Response:
        accepted = self._jobs.accepted(record)
        return JSONResponse(accepted, 202, {"Location": accepted["result_url"]})

    def _job_of(self, key: str) -> RequestRecord | None:
        return next((record for record in self._engine.store.requests() if record.idempotency_key == key), None)


class DefaultWebhook:
    """Where jobs that name no address of their own call back; forgotten when the process ends."""

    def __init__(self) -> None:
        self._stored: str | None = None
        self.enabled = False
        self.updated_at: float | None = None

    @property
    def stored(self) -> str | None:
        """The address, in use or not."""
        return self._stored

    @property
    def url(self) -> str | None:
        """The address that is in use."""
        return self._stored if self.enabled else None

    def set(self, url: str | None, *, enabled: bool) -> None:
        """Put an address there, or none."""
        self._stored, self.enabled, self.updated_at = url, enabled, time.time()
