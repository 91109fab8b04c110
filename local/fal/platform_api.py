"""fal's platform API (https://fal.ai/docs/platform-apis): the account's requests, prices and usage."""

import base64
import json
import time
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal.generation import ENDPOINTS
from local.simulator.account import authorization_of
from local.simulator.engine import Engine
from local.simulator.records import RequestRecord, RequestState

PREFIX = "/v1"
_DAY = 24 * 3600
_MAX_LIMIT = 100
_DEFAULT_LIMIT = 50
_ONE_PAGE = {"next_cursor": None, "has_more": False}


class PlatformApi:
    """The routes of ``api.fal.ai/v1``. The shape of its errors is unverified."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route(f"{PREFIX}/meta", self._meta),
            Route(f"{PREFIX}/models", self._models),
            Route(f"{PREFIX}/models/pricing", self._pricing),
            Route(f"{PREFIX}/models/usage", self._usage),
            Route(f"{PREFIX}/models/requests/by-endpoint", self._requests),
        ]

    async def _meta(self, _: Request) -> Response:
        return JSONResponse({"webhook_ip_ranges": ["127.0.0.1/32"]})

    async def _models(self, request: Request) -> Response:
        wanted = request.query_params.getlist("endpoint_id") or list(ENDPOINTS)
        query = request.query_params.get("q", "").lower()
        models = [
            {
                "endpoint_id": endpoint.endpoint_id,
                "metadata": {"display_name": endpoint.title, "category": endpoint.category, "status": "active"},
            }
            for endpoint in ENDPOINTS.values()
            if endpoint.endpoint_id in wanted and query in f"{endpoint.endpoint_id} {endpoint.title}".lower()
        ]
        return JSONResponse({"models": models, **_ONE_PAGE})

    async def _pricing(self, request: Request) -> Response:
        if not self._engine.knows(authorization_of(request)):
            return _unauthorized()
        wanted = request.query_params.getlist("endpoint_id")
        if not wanted:
            return _error(400, "validation_error", "endpoint_id is required")
        unknown = [endpoint_id for endpoint_id in wanted if endpoint_id not in ENDPOINTS]
        if unknown:
            return _error(404, "not_found", f"Unknown endpoint: {', '.join(unknown)}")
        prices = [
            {
                "endpoint_id": endpoint_id,
                "unit_price": float(ENDPOINTS[endpoint_id].price.of_usual()),
                "unit": ENDPOINTS[endpoint_id].price.unit,
                "currency": "USD",
            }
            for endpoint_id in wanted
        ]
        return JSONResponse({"prices": prices, **_ONE_PAGE})

    async def _usage(self, request: Request) -> Response:
        if not self._engine.knows(authorization_of(request)):
            return _unauthorized()
        wanted = request.query_params.getlist("endpoint_id")
        quantities: defaultdict[tuple[str, str, str, Decimal], Decimal] = defaultdict(Decimal)
        for line in self._engine.store.invoice_lines():
            if not wanted or line.endpoint in wanted:
                day = datetime.fromtimestamp(line.at, UTC).date().isoformat()
                quantities[day, line.endpoint, line.unit, line.unit_price_usd] += line.quantity
        days: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for (day, endpoint_id, unit, unit_price), quantity in quantities.items():
            days[day].append(
                {
                    "endpoint_id": endpoint_id,
                    "unit": unit,
                    "quantity": float(quantity),
                    "unit_price": float(unit_price),
                    "cost": float(quantity * unit_price),
                    "currency": "USD",
                }
            )
        series = [{"bucket": f"{day}T00:00:00Z", "results": results} for day, results in sorted(days.items())]
        return JSONResponse({"time_series": series, **_ONE_PAGE})

    async def _requests(self, request: Request) -> Response:
        if not self._engine.knows(authorization_of(request)):
            return _unauthorized()
        query = request.query_params
        endpoint_id = query.get("endpoint_id")
        if endpoint_id is None:
            return _error(400, "validation_error", "endpoint_id is required")
        now = time.time()
        try:
            end = _seconds(query["end"]) if "end" in query else now
            start = _seconds(query["start"]) if "start" in query else end - _DAY
            limit = int(query.get("limit", _DEFAULT_LIMIT))
            skip = int(base64.urlsafe_b64decode(query["cursor"])) if "cursor" in query else 0
        except ValueError as error:
            return _error(400, "validation_error", str(error))
        if not 1 <= limit <= _MAX_LIMIT:
            return _error(400, "validation_error", f"limit must be from 1 to {_MAX_LIMIT}")
        settings = self._engine.settings.now
        # Newest first; the order is unverified.
        listed = [
            record
            for record in self._engine.store.requests_submitted(endpoint_id, start, end)
            if record.submitted_at + settings.request_list_delay_seconds <= now
            and (settings.request_list_shows_unfinished or record.state is RequestState.COMPLETED)
        ]
        page = listed[skip : skip + limit]
        more = len(listed) > skip + limit
        # Payloads come only if they are asked for: taken from callers of fal, its own page is unverified.
        expanded = query.get("expand") == "payloads"
        return JSONResponse(
            {
                "items": [_item(record) | (self._payloads(record) if expanded else {}) for record in page],
                "next_cursor": base64.urlsafe_b64encode(str(skip + limit).encode()).decode() if more else None,
                "has_more": more,
            }
        )

    def _payloads(self, record: RequestRecord) -> dict[str, Any]:
        kept = len(json.dumps(record.output)) <= self._engine.settings.now.request_list_output_bytes
        return {
            "json_input": record.input if record.keeps_payload else None,
            "json_output": record.output if record.keeps_payload and kept else None,
        }


def _item(record: RequestRecord) -> dict[str, Any]:
    started, ended = record.started_at, record.ended_at
    return {
        "request_id": record.request_id,
        "endpoint_id": record.endpoint_id,
        "sent_at": _iso(record.submitted_at),
        "started_at": _iso(started),
        "ended_at": _iso(ended),
        "status_code": record.status_code,
        "duration": ended - started if ended is not None and started is not None else None,
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _seconds(time_text: str) -> float:
    moment = datetime.fromisoformat(time_text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _unauthorized() -> Response:
    return _error(401, "authorization_error", "Authentication required")


def _error(status_code: int, error_type: str, message: str) -> Response:
    return JSONResponse({"error": {"type": error_type, "message": message}}, status_code)
