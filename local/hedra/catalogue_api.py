"""The wallet and the models."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.hedra.errors import model_not_found
from local.simulator.engine import Engine
from local.simulator.gate import Gate
from local.simulator.models import Endpoint

_MORE_THAN_CAN_BE_SPENT = 1_000_000.0


class CatalogueApi:
    """The routes of ``/v3/balance`` and ``/v3/models``."""

    def __init__(self, engine: Engine, gate: Gate) -> None:
        self._engine = engine
        self._gate = gate

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v3/balance", self._balance, methods=["GET"]),
            Route("/v3/models", self._models, methods=["GET"]),
            Route("/v3/models/{model}", self._model, methods=["GET"]),
        ]

    async def _balance(self, request: Request) -> Response:
        usd = self._engine.settings.now.balance_usd
        balance = _MORE_THAN_CAN_BE_SPENT if usd is None else float(usd)
        return self._gate.refusal(request) or JSONResponse({"balance": balance, "spent": None, "currency": "USD"})

    async def _models(self, _: Request) -> Response:
        # For everybody, as the model's own page is.
        return JSONResponse({"data": [_summary(model) for model in self._engine.models.values()], "next_cursor": None})

    async def _model(self, request: Request) -> Response:
        model = self._engine.models.get(request.path_params["model"])
        if model is None:
            return model_not_found(request.path_params["model"])
        return JSONResponse({**_summary(model), "input_schema": model.input_model.model_json_schema()})


def _summary(model: Endpoint) -> dict[str, Any]:
    unit = model.price.unit.removesuffix("s")
    return {
        "id": model.endpoint_id,
        "modality": model.category,
        "name": model.title,
        "description": None,
        "price_description": f"${model.price.of_usual()} per {unit}",
        "logo_url": None,
    }
