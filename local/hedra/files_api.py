"""Uploads over HTTP."""

import mimetypes

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.hedra.errors import invalid_field, unavailable
from local.hedra.jobs import moment
from local.simulator.answers import DroppedConnection
from local.simulator.engine import Engine
from local.simulator.faults import UploadFault
from local.simulator.gate import Gate
from local.simulator.multipart import read_form

# "Deleted separately by a bucket lifecycle policy about a day after upload."
_KEPT_SECONDS = 86_400
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "audio/wav",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
}


class FilesApi:
    """The route of ``/v3/files``."""

    def __init__(self, engine: Engine, gate: Gate) -> None:
        self._engine = engine
        self._gate = gate

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route("/v3/files", self._upload, methods=["POST"])]

    async def _upload(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        fault = self._engine.faults.take(UploadFault)
        if fault is not None:
            return DroppedConnection() if fault.kind == "drop_connection" else unavailable()
        form = read_form(request.headers.get("content-type", ""), await request.body())
        file = None if form is None else form.get("file")
        if file is None:
            return invalid_field("file", "Field required", "required")
        content_type = sniffed_type(file.content)
        files = self._engine.files
        extension = mimetypes.guess_extension(content_type) or ""
        record = await files.save(
            file.content,
            path=files.new_path(f"upload{extension}"),
            content_type=content_type,
            file_name=file.file_name or "upload",
            seconds=_KEPT_SECONDS,
        )
        expires_at = record.created_at + self._engine.settings.now.upload_url_seconds
        answer = {"url": files.url(record.path), "content_type": content_type, "expires_at": moment(expires_at)}
        return JSONResponse(answer, 201)


def sniffed_type(content: bytes) -> str:
    """Return a file's type by its first bytes: what the request says of it is not trusted."""
    return next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), "application/octet-stream")
