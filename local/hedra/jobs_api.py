"""Jobs over HTTP: result, status and lists. There is no way to cancel one."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.hedra.errors import invalid_field, job_not_found
from local.hedra.jobs import Jobs
from local.hedra.paging import PageUnknown, page_of
from local.simulator.engine import Engine
from local.simulator.gate import Gate


class JobsApi:
    """The routes of ``/v3/jobs``."""

    def __init__(self, engine: Engine, jobs: Jobs, gate: Gate) -> None:
        self._engine = engine
        self._jobs = jobs
        self._gate = gate

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v3/jobs", self._list, methods=["GET"]),
            Route("/v3/models/{model}/jobs", self._list, methods=["GET"]),
            Route("/v3/jobs/{job_id}", self._result, methods=["GET"]),
            Route("/v3/jobs/{job_id}/status", self._status, methods=["GET"]),
        ]

    async def _result(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        record = self._engine.store.find_request(request.path_params["job_id"])
        return job_not_found() if record is None else JSONResponse(self._jobs.result(record))

    async def _status(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        record = self._engine.store.find_request(request.path_params["job_id"])
        return job_not_found() if record is None else JSONResponse(self._jobs.status(record))

    async def _list(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        newest_first = list(self._engine.store.requests(request.path_params.get("model")))[::-1]
        try:
            page, next_cursor = page_of(newest_first, request.query_params)
        except PageUnknown as unknown:
            return invalid_field(unknown.field, str(unknown), "type")
        return JSONResponse({"data": [self._jobs.summary(record) for record in page], "next_cursor": next_cursor})
