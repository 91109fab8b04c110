"""Downloads of the files behind ``/files/``, whole or not."""

import os

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from local.simulator.answers import CutOffAnswer, detail
from local.simulator.faults import Faults, ResultFileFault
from local.simulator.files import Files
from local.simulator.records import FileRecord


class Downloads:
    """The route of files.

    Parameters
    ----------
    files
        The files.
    faults
        What goes wrong with those that are results.
    """

    def __init__(self, files: Files, faults: Faults) -> None:
        self._files = files
        self._faults = faults

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/files/{path:path}", self._download, methods=["GET"])]

    async def _download(self, request: Request) -> Response:
        path: str = request.path_params["path"]
        if not self._files.admits(path, request.url.query):
            return detail(403, "Forbidden")
        record = self._files.find(path)
        if record is None:
            return detail(404, "Not Found")
        fault = None
        if record.endpoint_id is not None and request.method == "GET":
            fault = self._faults.take(ResultFileFault, record.endpoint_id)
        data = await self._files.read(record)
        return _altered(record, data, fault) if fault is not None else Response(data, media_type=record.content_type)


def _altered(record: FileRecord, data: bytes, fault: ResultFileFault) -> Response:
    if fault.kind == "missing":
        return detail(404, "Not Found")
    if fault.kind == "wrong_content":
        page = "<!doctype html><title>Just a moment...</title><p>Checking your browser."
        return Response(page, media_type="text/html")
    if fault.kind == "cut_off":
        return CutOffAnswer(data, media_type=record.content_type)
    content = data[: len(data) // 2] if fault.kind == "truncated" else os.urandom(len(data))
    return Response(content, media_type=record.content_type)
