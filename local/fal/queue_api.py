"""fal's queue over HTTP: submit, status, result and cancel.

See https://fal.ai/docs/inference-api/queue/submit and the pages beside it. Status, result and cancel have the owner and
the app in their addresses only; under the full endpoint id they are answered with 405.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal.account import Account, authorization_of
from local.fal.answers import RETRY_HINT, DroppedConnection, detail, nginx_error, not_found, read_object, retry_hint
from local.fal.errors import infrastructure_error
from local.fal.faults import Faults, SubmitFault, WebhookFault
from local.fal.generation import ENDPOINTS
from local.fal.job_queue import JobQueue, Submission
from local.fal.records import RequestRecord, RequestState
from local.fal.settings import LiveSettings
from local.fal.store import Store
from local.fal.waiting import wait_until

_EXHAUSTED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
_EARLY_WEBHOOK_SECONDS = 60


class QueueApi:
    """The routes of ``queue.fal.run``."""

    def __init__(
        self,
        *,
        base_url: str,
        account: Account,
        store: Store,
        queue: JobQueue,
        faults: Faults,
        settings: LiveSettings,
    ) -> None:
        self._base_url = base_url
        self._account = account
        self._store = store
        self._queue = queue
        self._faults = faults
        self._settings = settings

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

        fault = self._faults.take(SubmitFault, endpoint_id)
        if fault is not None and fault.kind != "slow_first_byte":
            if fault.accepts_job:
                self._queue.submit(_submission(request, endpoint_id, inputs))
            answer = _FAULT_ANSWERS[fault.kind](endpoint_id)
            answer.headers.update(retry_hint(fault.hint))
            return answer

        record = self._queue.submit(_submission(request, endpoint_id, inputs))
        if fault is not None:
            await asyncio.sleep(fault.seconds)
        if self._faults.take(WebhookFault, endpoint_id, among=frozenset({"before_submit_response"})):
            await wait_until(lambda: self._store.request(record.request_id).webhook_settled, _EARLY_WEBHOOK_SECONDS)
        accepted = self._state_of(record, RequestState.IN_QUEUE) | {"logs": None, "metrics": {}}
        return JSONResponse(accepted, 200, {"x-fal-request-id": record.request_id})

    def _refusal(self, request: Request, endpoint_id: str) -> Response | None:
        authorization = authorization_of(request)
        if authorization is None:
            app = "/".join(endpoint_id.split("/")[:2])
            message = f'Cannot access application "{app}". Authentication is required to access this application.'
            return detail(401, message)
        if not self._account.owns(authorization):
            return detail(401, "No user found for Key ID and Secret")
        if endpoint_id not in ENDPOINTS:
            return _unknown_application(endpoint_id)
        settings = self._settings.now
        if settings.balance_usd is not None and settings.balance_usd <= 0:
            return detail(403, _EXHAUSTED)
        longest_queue = _number(request.query_params.get("fal_max_queue_length"))
        if longest_queue is not None and self._queue.waiting() > longest_queue:
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
        headers |= retry_hint(record.retry_hint)
        return JSONResponse(record.output, record.status_code or 500, headers)

    async def _cancel(self, request: Request) -> Response:
        record = self._find(request)
        if isinstance(record, Response):
            return record
        if record.state is RequestState.COMPLETED:
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        self._queue.cancel(record)
        # A newer page of fal's lists an "OK" as well, perhaps for requests that had not started: unverified.
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    def _find(self, request: Request) -> RequestRecord | Response:
        if not self._account.owns(authorization_of(request)):
            return detail(401, "invalid key credentials")
        record = self._store.find_request(request.path_params["request_id"])
        app = f"{request.path_params['owner']}/{request.path_params['app']}"
        if record is None or record.app != app:
            return not_found()
        if record.state is RequestState.COMPLETED and not self._queue.is_kept(record):
            return not_found()
        return record

    def _state_of(self, record: RequestRecord, state: RequestState) -> dict[str, Any]:
        url = f"{self._base_url}/{record.app}/requests/{record.request_id}"
        answer: dict[str, Any] = {
            "status": state.value,
            "request_id": record.request_id,
            "response_url": url,
            "status_url": f"{url}/status",
            "cancel_url": f"{url}/cancel",
        }
        if state is RequestState.IN_QUEUE:
            answer["queue_position"] = self._queue.position(record.request_id)
        return answer


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


_FAULT_ANSWERS: dict[str, Callable[[str], Response]] = {
    "too_many_requests": lambda _: JSONResponse(
        {"detail": "Too many concurrent requests", "error_type": "concurrent_requests_limit"},
        429,
        {"X-Fal-Error-Type": "concurrent_requests_limit", RETRY_HINT: "1"},
    ),
    "internal_error": lambda _: _infrastructure("internal_error"),
    "bad_gateway_html": lambda _: nginx_error(502, "Bad Gateway"),
    "unavailable_json": lambda _: unavailable(),
    "unavailable_html": lambda _: nginx_error(503, "Service Temporarily Unavailable"),
    "gateway_timeout_html": lambda _: nginx_error(504, "Gateway Time-out"),
    "exhausted_balance": lambda _: detail(403, _EXHAUSTED),
    "application_not_found": _unknown_application,
    "garbage_json": lambda _: Response('{"status": "IN_QUEUE", "request_id": "', 200, media_type="application/json"),
    "drop_connection": lambda _: DroppedConnection(),
}
