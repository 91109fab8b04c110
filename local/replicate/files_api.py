"""Uploads over HTTP: create, get, list and download.

See https://replicate.com/docs/reference/http#files.
"""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.replicate.answers import not_found, problem, unavailable
from local.simulator.answers import DroppedConnection
from local.simulator.engine import Engine
from local.simulator.faults import UploadFault
from local.simulator.gate import Gate
from local.simulator.multipart import read_form
from local.simulator.records import FileRecord

_MAX_BYTES = 100 * 1000 * 1000
_OWNER = "simulated"


class FilesApi:
    """The routes of uploads. What a caller says of a file beside its content is forgotten when the process ends."""

    def __init__(self, engine: Engine, gate: Gate) -> None:
        self._engine = engine
        self._gate = gate
        self._metadata: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/v1/files", self._create, methods=["POST"]),
            Route("/v1/files", self._list, methods=["GET"]),
            Route("/v1/files/{file_id}", self._get, methods=["GET"]),
            Route("/v1/files/{file_id}/download", self._download, methods=["GET"]),
        ]

    async def _create(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        fault = self._engine.faults.take(UploadFault)
        if fault is not None:
            return DroppedConnection() if fault.kind == "drop_connection" else unavailable()
        form = read_form(request.headers.get("content-type", ""), await request.body())
        content = None if form is None else form.get("content")
        if form is None or content is None:
            return problem(400, "Missing content")
        if len(content.content) > _MAX_BYTES:
            return problem(413, "Files must be less than 100MB in size")
        try:
            metadata = json.loads(form["metadata"].content) if "metadata" in form else {}
        except ValueError:
            return problem(400, "Metadata must be valid JSON")
        named = form["filename"].content.decode() if "filename" in form else None
        typed = form["type"].content.decode() if "type" in form else None
        record = await self._engine.files.save(
            content.content,
            path=self._engine.new_id(),
            content_type=typed or content.content_type,
            file_name=named or content.file_name or "file",
            seconds=None,
        )
        self._metadata[record.path] = metadata
        return JSONResponse(await self._described(record), 201)

    async def _get(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        record = self._engine.files.find(request.path_params["file_id"])
        return not_found() if record is None else JSONResponse(await self._described(record))

    async def _list(self, request: Request) -> Response:
        refusal = self._gate.refusal(request)
        if refusal is not None:
            return refusal
        uploads = [
            record
            for record in self._engine.store.files()
            if record.endpoint_id is None and self._engine.files.find(record.path) is not None
        ]
        return JSONResponse(
            {"previous": None, "next": None, "results": [await self._described(record) for record in uploads]}
        )

    async def _download(self, request: Request) -> Response:
        record = self._engine.files.find(request.path_params["file_id"])
        query = request.query_params
        expiry = query.get("expiry", "")
        signature = self._signature(request.path_params["file_id"], expiry)
        genuine = hmac.compare_digest(query.get("signature", "").encode(), signature.encode())
        if record is None or not genuine or query.get("owner") != _OWNER or int(expiry) < time.time():
            return problem(404, "File not found")
        return Response(await self._engine.files.read(record), media_type=record.content_type)

    async def _described(self, record: FileRecord) -> dict[str, Any]:
        data = await self._engine.files.read(record)
        expires_at = record.expires_at
        return {
            "id": record.path,
            # The name and the ETag are not in the OpenAPI document; the official client cannot do without them.
            "name": record.file_name,
            "etag": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "content_type": record.content_type,
            "size": record.file_size,
            "checksums": {"sha256": hashlib.sha256(data).hexdigest()},
            "metadata": self._metadata.get(record.path, {}),
            "created_at": _moment(record.created_at),
            "expires_at": None if expires_at is None else _moment(expires_at),
            "urls": {"get": f"{self._engine.base_url}/v1/files/{record.path}"},
        }

    def _signature(self, file_id: str, expiry: str) -> str:
        """Sign as documented: the owner, the id and the expiry, under a secret of the files' own."""
        digest = hmac.digest(self._engine.account.key.encode(), f"{_OWNER} {file_id} {expiry}".encode(), "sha256")
        return base64.b64encode(digest).decode()


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
