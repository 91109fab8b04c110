"""A simulator's own API under ``/_simulator``, which no provider has: settings, faults, requests, the invoice."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Protocol

from pydantic import BaseModel, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.simulator.answers import detail, read_object
from local.simulator.callbacks import Callbacks
from local.simulator.faults import FAULT, Faults
from local.simulator.job_queue import JobQueue
from local.simulator.records import Invoice
from local.simulator.settings import LiveSettings
from local.simulator.store import Store
from local.simulator.waiting import wait_until

PREFIX = "/_simulator"


class RotatingKeys(Protocol):
    """What callbacks are signed with."""

    def rotate(self) -> None:
        """Sign with something new from now on."""
        ...


class ControlApi:
    """The routes under ``/_simulator``. They need no key: the simulator listens on the loopback interface only."""

    def __init__(
        self,
        *,
        store: Store,
        queue: JobQueue,
        webhooks: Callbacks,
        faults: Faults,
        settings: LiveSettings,
        signing_keys: RotatingKeys,
        reset: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._queue = queue
        self._webhooks = webhooks
        self._faults = faults
        self._settings = settings
        self._signing_keys = signing_keys
        self._reset_everything = reset

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(f"{PREFIX}/settings", self._show_settings, methods=["GET"]),
            Route(f"{PREFIX}/settings", self._change_settings, methods=["PATCH"]),
            Route(f"{PREFIX}/faults", self._list_faults, methods=["GET"]),
            Route(f"{PREFIX}/faults", self._add_fault, methods=["POST"]),
            Route(f"{PREFIX}/faults", self._clear_faults, methods=["DELETE"]),
            Route(f"{PREFIX}/faults/{{fault_id}}", self._remove_fault, methods=["DELETE"]),
            Route(f"{PREFIX}/requests", self._list_requests, methods=["GET"]),
            Route(f"{PREFIX}/requests/{{request_id}}/webhook", self._redeliver, methods=["POST"]),
            Route(f"{PREFIX}/webhooks", self._list_webhooks, methods=["GET"]),
            Route(f"{PREFIX}/invoice", self._show_invoice, methods=["GET"]),
            Route(f"{PREFIX}/idle", self._wait_until_idle, methods=["GET"]),
            Route(f"{PREFIX}/signing-keys", self._rotate_keys, methods=["POST"]),
            Route(f"{PREFIX}/reset", self._reset, methods=["POST"]),
        ]

    async def _show_settings(self, _: Request) -> Response:
        return _json(self._settings.now)

    async def _change_settings(self, request: Request) -> Response:
        try:
            self._settings.change(await read_object(request) or {})
        except ValidationError as error:
            return detail(400, str(error))
        self._queue.dispatch()
        return _json(self._settings.now)

    async def _list_faults(self, _: Request) -> Response:
        return _json_list(self._faults.all())

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault = FAULT.validate_json(await request.body())
        except ValidationError as error:
            return detail(400, str(error))
        return _json(self._faults.add(fault))

    async def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def _remove_fault(self, request: Request) -> Response:
        if not self._faults.remove(request.path_params["fault_id"]):
            return detail(404, "There is no such fault")
        return Response(status_code=204)

    async def _list_requests(self, request: Request) -> Response:
        billed = {line.request_id: float(line.usd) for line in self._store.invoice_lines()}
        listed: list[JsonValue] = [
            {**record.model_dump(mode="json"), "usd": billed.get(record.request_id, 0.0)}
            for record in self._store.requests(request.query_params.get("endpoint_id"))
        ]
        return JSONResponse(listed)

    async def _redeliver(self, request: Request) -> Response:
        record = self._store.find_request(request.path_params["request_id"])
        if record is None or record.ended_at is None or record.webhook_url is None:
            return detail(404, "There is no such request that has ended and has a webhook")
        self._webhooks.deliver(record, again=True)
        return Response(status_code=202)

    async def _list_webhooks(self, request: Request) -> Response:
        return _json_list(self._store.webhook_attempts(request.query_params.get("request_id")))

    async def _show_invoice(self, _: Request) -> Response:
        lines = self._store.invoice_lines()
        return _json(Invoice(lines=lines, total_usd=sum((line.usd for line in lines), start=Decimal(0))))

    async def _wait_until_idle(self, request: Request) -> Response:
        seconds = float(request.query_params.get("seconds", "30"))
        if await wait_until(lambda: self._queue.is_idle() and self._webhooks.is_idle(), seconds):
            return Response(status_code=204)
        return detail(408, "Requests or webhooks are still under way")

    async def _rotate_keys(self, _: Request) -> Response:
        self._signing_keys.rotate()
        return Response(status_code=204)

    async def _reset(self, _: Request) -> Response:
        await self._reset_everything()
        return Response(status_code=204)


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")


def _json_list(models: Sequence[BaseModel]) -> Response:
    return JSONResponse([model.model_dump(mode="json") for model in models])
