"""Running one request: validation, generation, and the faults that were ordered for it."""

import asyncio
import logging
from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue, ValidationError

from local.simulator.errors import MODEL_ERRORS, RequestFailed, infrastructure_error, model_error, validation_error
from local.simulator.faults import Faults, JobFault
from local.simulator.files import Files
from local.simulator.input_files import InputFiles
from local.simulator.media import MediaWorkers
from local.simulator.models import Endpoint, Job, Made, ModelInput
from local.simulator.records import RequestRecord
from local.simulator.settings import LiveSettings
from shared.frozen import Frozen

_OK = 200
_log = logging.getLogger(__name__)


class Outcome(Frozen):
    """How a request ended."""

    status_code: int
    output: JsonValue
    error_type: str | None = None
    failure: str | None = None
    retry_hint: bool | None = None
    quantity: Decimal = Decimal(0)
    unit: str = ""
    unit_price_usd: Decimal = Decimal(0)


class JobRunner:
    """Runs requests, one call each; knows nothing of queues."""

    def __init__(
        self,
        *,
        files: Files,
        inputs: InputFiles,
        workers: MediaWorkers,
        faults: Faults,
        settings: LiveSettings,
        endpoints: Mapping[str, Endpoint],
    ) -> None:
        self._files = files
        self._inputs = inputs
        self._workers = workers
        self._faults = faults
        self._settings = settings
        self._endpoints = endpoints

    async def run(self, record: RequestRecord) -> Outcome:
        """Run a request to its end, which may be an error, and take the time that the settings ask for."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._settings.now.latency_of(record.endpoint_id).run_seconds
        fault = self._faults.take(JobFault, record.endpoint_id)
        if fault is not None and fault.kind == "never_finish":
            await loop.create_future()
        if fault is not None and fault.kind == "finish_late":
            due += fault.seconds
        try:
            outcome = await self._generate(record, fault)
        except RequestFailed as error:
            outcome = failure_of(error, retry_hint=fault.hint if fault is not None else None)
        except Exception:  # noqa: BLE001 - whatever the media code raises, the caller sees the provider's own error
            _log.exception("request %s of %s broke the simulator", record.request_id, record.endpoint_id)
            outcome = failure_of(model_error("internal_server_error"))
        await asyncio.sleep(due - loop.time())
        return outcome

    async def _generate(self, record: RequestRecord, fault: JobFault | None) -> Outcome:
        if fault is not None and fault.kind == "error":
            raise _ordered_error(fault.error_type, record.input)
        endpoint = self._endpoints[record.endpoint_id]
        inputs = _validate(endpoint, record.input)
        self._refuse_forbidden_prompt(record.input)
        job = Job(
            request_id=record.request_id,
            endpoint_id=record.endpoint_id,
            file_seconds=record.file_seconds,
            files=self._files,
            inputs=self._inputs,
            workers=self._workers,
        )
        made = _altered(await endpoint.generate(inputs, job), fault)
        price = endpoint.price.of(inputs.model_dump(mode="json"))
        output = None if fault is not None and fault.kind == "null_payload" else made.output
        return Outcome(
            status_code=_OK, output=output, quantity=made.quantity, unit=endpoint.price.unit, unit_price_usd=price
        )

    def _refuse_forbidden_prompt(self, inputs: Mapping[str, JsonValue]) -> None:
        prompt = inputs.get("prompt")
        if isinstance(prompt, str) and any(
            trigger.lower() in prompt.lower() for trigger in self._settings.now.content_policy_triggers
        ):
            raise model_error("content_policy_violation", ("prompt",), value=prompt)


def failure_of(error: RequestFailed, *, retry_hint: bool | None = None) -> Outcome:
    """Return how a request ends that failed so."""
    return Outcome(
        status_code=error.status_code,
        output=error.body,
        error_type=error.error_type,
        failure=error.kind,
        retry_hint=retry_hint,
    )


def _validate(endpoint: Endpoint, given: Mapping[str, JsonValue]) -> ModelInput:
    try:
        return endpoint.input_model.model_validate(given)
    except ValidationError as error:
        raise validation_error(error) from error


def _altered(made: Made, fault: JobFault | None) -> Made:
    images = made.output.get("images")
    if fault is None or not isinstance(images, list):
        return made
    if fault.kind == "no_images":
        return Made({**made.output, "images": []}, Decimal(0))
    if fault.kind == "nsfw":
        # A picture was made, so it is billed; whether fal does so is unverified.
        return Made({**made.output, "has_nsfw_concepts": [True] * len(images)}, made.quantity)
    return made


def _ordered_error(error_type: str, inputs: Mapping[str, JsonValue]) -> RequestFailed:
    if error_type not in MODEL_ERRORS:
        return infrastructure_error(error_type)
    if error_type == "content_policy_violation":
        return model_error(error_type, ("prompt",), value=inputs.get("prompt"))
    first_file = next((name for name in inputs if name.endswith(("_url", "_urls"))), None)
    if first_file is None:
        return model_error(error_type)
    return model_error(error_type, (first_file,), value=inputs[first_file])
