"""The key of callbacks, where they go by default, and how they fared."""

from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.hedra.callbacks import SigningKey
from local.hedra.errors import envelope, error, invalid_field, invalid_fields
from local.hedra.jobs import moment, status_of
from local.hedra.paging import PageUnknown, page_of
from local.hedra.submit_api import DefaultWebhook
from local.simulator.engine import Engine
from local.simulator.gate import Gate
from local.simulator.records import RequestRecord, RequestState
from shared.frozen import Frozen

_SUCCESS = range(200, 300)
_ERRORS_BY_STATUS = {429: "RESOURCE_EXHAUSTED", 401: "UNAUTHORIZED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_SERVER_ERRORS = range(500, 600)


class DefaultWebhookUpdate(Frozen):
    """The body by which the default is set."""

    url: str
    enabled: bool = True


class WebhooksApi:
    """The routes of ``/v3/webhooks``."""

    def __init__(self, engine: Engine, key: SigningKey, default: DefaultWebhook, gate: Gate) -> None:
        self._engine = engine
        self._key = key
        self._default = default
        self._gate = gate

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v3/webhooks/public-key", self._public_key, methods=["GET"]),
            Route("/v3/webhooks/default", self._show_default, methods=["GET"]),
            Route("/v3/webhooks/default", self._set_default, methods=["PUT"]),
            Route("/v3/webhooks/default", self._delete_default, methods=["DELETE"]),
            Route("/v3/webhooks/deliveries", self._list, methods=["GET"]),
            Route("/v3/webhooks/deliveries/{job_id}/redeliver", self._redeliver, methods=["POST"]),
        ]

    async def _public_key(self, _: Request) -> Response:
        # For everybody: the OpenAPI document asks for no key here.
        return JSONResponse({"algorithm": "ed25519", "public_key": self._key.public_key()})

    async def _show_default(self, request: Request) -> Response:
        return self._gate.refusal(request) or self._described_default()

    async def _set_default(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        try:
            update = DefaultWebhookUpdate.model_validate_json(await request.body())
        except ValidationError as refused:
            return invalid_fields(refused, "", list(DefaultWebhookUpdate.model_fields))
        self._default.set(update.url, enabled=update.enabled)
        return self._described_default()

    async def _delete_default(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        self._default.set(None, enabled=False)
        return Response(status_code=204)

    async def _list(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        with_webhook = [record for record in self._engine.store.requests() if record.webhook_url is not None]
        try:
            page, next_cursor = page_of(with_webhook[::-1], request.query_params)
        except PageUnknown as unknown:
            return invalid_field(unknown.field, str(unknown), "type")
        return JSONResponse({"data": [self._delivery(record) for record in page], "next_cursor": next_cursor})

    async def _redeliver(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        record = self._engine.store.find_request(request.path_params["job_id"])
        if record is None or record.webhook_url is None:
            return error("NOT_FOUND", "Webhook delivery not found.")
        if not record.webhook_settled or self._engine.callbacks.is_delivering(record.request_id):
            return error("ALREADY_IN_PROGRESS", "A delivery of this event is still in progress.")
        self._engine.callbacks.deliver(record, again=True)
        return JSONResponse({**self._delivery(record), "status": "PENDING"})

    def _described_default(self) -> Response:
        updated_at = self._default.updated_at
        return JSONResponse(
            {
                "url": self._default.stored,
                "enabled": self._default.enabled,
                "updated_at": None if updated_at is None else moment(updated_at),
                "updated_by_key_id": None if updated_at is None else self._engine.account.key.partition(":")[0],
            }
        )

    def _delivery(self, record: RequestRecord) -> dict[str, Any]:
        attempts = [
            attempt
            for attempt in self._engine.store.webhook_attempts(record.request_id)
            if attempt.status_code is not None or attempt.error != "dropped"
        ]
        last = attempts[-1] if attempts else None
        delivered = last is not None and last.status_code in _SUCCESS
        status = "DELIVERED" if delivered else "FAILED" if record.webhook_settled else "PENDING"
        over = record.state is RequestState.COMPLETED
        return {
            "job_id": record.request_id,
            "job_accessible": True,
            "model": record.endpoint_id,
            "event_type": f"job.{status_of(record).lower()}" if over else None,
            "status": status,
            "source": "default" if record.webhook_url == self._default.stored else "per_job",
            "attempts": len(attempts),
            "last_response_status": None if last is None else last.status_code,
            "last_error": None if last is None or delivered else _error_of_attempt(last.status_code),
            "webhook_url": record.webhook_url,
            "created_at": moment(record.submitted_at),
            "last_attempt_at": None if last is None else moment(last.at),
        }


def _error_of_attempt(status_code: int | None) -> dict[str, Any]:
    if status_code is None or status_code in _SERVER_ERRORS:
        return envelope("UNAVAILABLE", "The endpoint could not be reached or failed.")
    return envelope(_ERRORS_BY_STATUS.get(status_code, "INVALID_ARGUMENT"), "The endpoint refused the delivery.")
