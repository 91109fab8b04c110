"""fal's queue over HTTP: submit, status, result and cancel.

See https://fal.ai/docs/inference-api/queue/submit and the pages beside it. Status, result and cancel have the owner and
the app in their addresses only; under the full endpoint id they are answered with 405.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal.generation import ENDPOINTS
from local.simulator.account import authorization_of
from local.simulator.answers import detail, read_object
from local.simulator.engine import Engine
from local.simulator.errors import infrastructure_error
from local.simulator.faults import SubmitFault
from local.simulator.job_queue import Submission
from local.simulator.records import RequestRecord, RequestState
from local.simulator.submitting import accept_job, fault_answer

_EXHAUSTED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
_RETRY_HINT = "X-Fal-Needs-Retry"


class QueueApi:
    """The routes of ``queue.fal.run``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def routes(self) -> list[BaseRoute]:
        """Return the routes. The last takes every POST, so that they must come after all others."""
        request = "/{owner}/{app}/requests/{request_id}"
        return [
            Route(f"{request}/status", self._status, methods=["GET"]),
            Route(f"{request}/cancel", self._cancel, methods=["PUT"]),
            Route(request, self._result, methods=["GET"]),
            # The documentation's prose has this address; answers and clients do not.
            Route(f"{request}/response", self._result, methods=["GET"]),
            Route("/{endpoint_id:path}", self._submit, methods=["POST"]),
        ]

    async def _submit(self, request: Request) -> Response:
        endpoint_id: str = request.path_params["endpoint_id"]
        refusal = self._refusal(request, endpoint_id)
        if refusal is not None:
            return refusal
        inputs = await read_object(request)
        if inputs is None:
            return _infrastructure("bad_request")
        submission = _submission(request, endpoint_id, inputs)
        return await accept_job(
            endpoint_id,
            lambda: self._engine.queue.submit(submission),
            self._accepted,
            faults=self._engine.faults,
            answer_fault=lambda fault: _answer_fault(fault, endpoint_id),
            store=self._engine.store,
        )

    def _accepted(self, record: RequestRecord) -> Response:
        accepted = self._state_of(record, RequestState.IN_QUEUE) | {"logs": None, "metrics": {}}
        return JSONResponse(accepted, 200, {"x-fal-request-id": record.request_id})

    def _refusal(self, request: Request, endpoint_id: str) -> Response | None:
        authorization = authorization_of(request)
        if authorization is None:
            app = _app_of(endpoint_id)
            message = f'Cannot access application "{app}". Authentication is required to access this application.'
            return detail(401, message)
        if not self._engine.knows(authorization):
            return detail(401, "No user found for Key ID and Secret")
        if endpoint_id not in ENDPOINTS:
            return _unknown_application(endpoint_id)
        settings = self._engine.settings.now
        if settings.balance_usd is not None and settings.balance_usd <= 0:
            return detail(403, _EXHAUSTED)
        longest_queue = _number(request.query_params.get("fal_max_queue_length"))
        if longest_queue is not None and self._engine.queue.waiting() > longest_queue:
            return detail(429, "Queue is too long")
        return None

    async def _status(self, request: Request) -> Response:
        record = self._find(request)
        if isinstance(record, Response):
            return record
        answer = self._state_of(record, record.state)
        answer["logs"] = [] if request.query_params.get("logs") in {"1", "true"} else None
        if record.state is not RequestState.COMPLETED:
            answer["metrics"] = {}
            return JSONResponse(answer, 202)
        answer["metrics"] = {"inference_time": (record.ended_at or 0) - (record.started_at or record.ended_at or 0)}
        # Only errors of the infrastructure show here: a model's 422 is seen in the result alone.
        if record.error_type is not None and isinstance(record.output, dict):
            answer |= {"error": record.output["detail"], "error_type": record.error_type}
        return JSONResponse(answer, 200)

    async def _result(self, request: Request) -> Response:
        record = self._find(request)
        if isinstance(record, Response):
            return record
        if record.state is not RequestState.COMPLETED:
            # Unverified; integrators report this.
            return detail(400, "Request is still in progress")
        headers = {"x-fal-request-id": record.request_id, "x-fal-billable-units": str(record.billable_units)}
        if record.error_type is not None:
            headers["X-Fal-Error-Type"] = record.error_type
        if record.timed_out_waiting:
            headers["X-Fal-Request-Timeout-Type"] = "user"
        headers |= _retry_hint(record.retry_hint)
        return JSONResponse(record.output, record.status_code or 500, headers)

    async def _cancel(self, request: Request) -> Response:
        record = self._find(request)
        if isinstance(record, Response):
            return record
        if record.state is RequestState.COMPLETED:
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        self._engine.queue.cancel(record)
        # A newer page of fal's lists an "OK" as well, perhaps for requests that had not started: unverified.
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    def _find(self, request: Request) -> RequestRecord | Response:
        if not self._engine.knows(authorization_of(request)):
            return detail(401, "invalid key credentials")
        record = self._engine.store.find_request(request.path_params["request_id"])
        app = f"{request.path_params['owner']}/{request.path_params['app']}"
        if record is None or _app_of(record.endpoint_id) != app:
            return _not_found()
        if record.state is RequestState.COMPLETED and not self._engine.queue.is_kept(record):
            return _not_found()
        return record

    def _state_of(self, record: RequestRecord, state: RequestState) -> dict[str, Any]:
        url = f"{self._engine.base_url}/{_app_of(record.endpoint_id)}/requests/{record.request_id}"
        answer: dict[str, Any] = {
            "status": state.value,
            "request_id": record.request_id,
            "response_url": url,
            "status_url": f"{url}/status",
            "cancel_url": f"{url}/cancel",
        }
        if state is RequestState.IN_QUEUE:
            answer["queue_position"] = self._engine.queue.position(record.request_id)
        return answer


def _app_of(endpoint_id: str) -> str:
    """Return the owner and the app, the part of an endpoint's id that the queue's addresses are made of."""
    return "/".join(endpoint_id.split("/")[:2])


def _submission(request: Request, endpoint_id: str, inputs: dict[str, Any]) -> Submission:
    headers = request.headers
    # The first name is the new one; fal_client 1.0.3 still sends the second.
    start_timeout = headers.get("x-fal-request-start-timeout") or headers.get("x-fal-request-timeout")
    return Submission(
        endpoint_id=endpoint_id,
        input=inputs,
        unknown_inputs=ENDPOINTS[endpoint_id].unknown_inputs(inputs),
        webhook_url=request.query_params.get("fal_webhook"),
        low_priority=headers.get("x-fal-queue-priority") == "low",
        start_timeout_seconds=_number(start_timeout),
        keeps_payload=headers.get("x-fal-store-io") != "0",
        file_seconds=lifetime_seconds(headers.get("x-fal-object-lifecycle-preference")),
    )


def _not_found() -> Response:
    """Answer for a request that the queue does not know, or no longer."""
    return JSONResponse({"status": "NOT_FOUND"}, 404)


def lifetime_seconds(lifecycle: str | None) -> float | None:
    """Return the lifetime that a lifecycle header asks for, in seconds; None if it asks for none."""
    try:
        return float(json.loads(lifecycle or "{}")["expiration_duration_seconds"])
    except (ValueError, TypeError, KeyError):
        return None


def _infrastructure(error_type: str) -> Response:
    error = infrastructure_error(error_type)
    return JSONResponse(error.body, error.status_code, {"X-Fal-Error-Type": error_type})


def unavailable() -> Response:
    """Answer that fal has no machine for it."""
    return _infrastructure("runner_scheduling_failure")


def _unknown_application(endpoint_id: str) -> Response:
    # fal names what follows the owner. That it also refuses an unknown path of a known app here is unverified.
    _, _, name = endpoint_id.partition("/")
    return detail(404, f'Application "{name or endpoint_id}" not found')


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _answer_fault(fault: SubmitFault, endpoint_id: str) -> Response:
    answer = fault_answer(fault, {**_FAULT_ANSWERS, "application_not_found": lambda: _unknown_application(endpoint_id)})
    answer.headers.update(_retry_hint(fault.hint))
    return answer


def _retry_hint(hint: bool | None) -> dict[str, str]:  # noqa: FBT001 - the one thing to say
    """Return the header by which fal says whether to try again; none where it says nothing."""
    return {} if hint is None else {_RETRY_HINT: str(hint).lower()}


_FAULT_ANSWERS: Mapping[str, Callable[[], Response]] = {
    "too_many_requests": lambda: JSONResponse(
        {"detail": "Too many concurrent requests", "error_type": "concurrent_requests_limit"},
        429,
        {"X-Fal-Error-Type": "concurrent_requests_limit", _RETRY_HINT: "1"},
    ),
    "internal_error": lambda: _infrastructure("internal_error"),
    "unavailable_json": unavailable,
    "exhausted_balance": lambda: detail(403, _EXHAUSTED),
    "garbage_json": lambda: Response('{"status": "IN_QUEUE", "request_id": "', 200, media_type="application/json"),
}
"""fal's own answers to a submit, by the kind of the fault."""
