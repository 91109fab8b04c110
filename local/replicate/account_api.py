"""What Replicate says of the account and of its models."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.replicate.answers import not_found
from local.replicate.callbacks import SigningSecret
from local.replicate.models import version_of
from local.simulator.engine import Engine
from local.simulator.gate import Gate

_FIRST_SEEN = "2026-01-01T00:00:00.000000Z"


class AccountApi:
    """The routes of the account, of models and of the signing secret."""

    def __init__(self, engine: Engine, secret: SigningSecret, gate: Gate) -> None:
        self._engine = engine
        self._secret = secret
        self._gate = gate

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v1/account", self._account, methods=["GET"]),
            Route("/v1/webhooks/default/secret", self._signing_secret, methods=["GET"]),
            Route("/v1/models/{owner}/{name}", self._model, methods=["GET"]),
        ]

    async def _account(self, request: Request) -> Response:
        account = {"type": "user", "username": "simulated", "name": "Simulated", "github_url": None}
        return self._gate.refusal(request) or JSONResponse(account)

    async def _signing_secret(self, request: Request) -> Response:
        return self._gate.refusal(request) or JSONResponse({"key": self._secret.text})

    async def _model(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        owner, name = request.path_params["owner"], request.path_params["name"]
        model = self._engine.models.get(f"{owner}/{name}")
        if model is None:
            return not_found()
        return JSONResponse(
            {
                "url": f"https://replicate.com/{owner}/{name}",
                "owner": owner,
                "name": name,
                "description": model.title,
                "visibility": "public",
                "github_url": None,
                "paper_url": None,
                "license_url": None,
                "run_count": 0,
                "cover_image_url": None,
                "default_example": None,
                "latest_version": {
                    "id": version_of(model.endpoint_id),
                    "created_at": _FIRST_SEEN,
                    "cog_version": "0.16.0",
                    "openapi_schema": {"components": {"schemas": {"Input": model.input_model.model_json_schema()}}},
                },
            }
        )
