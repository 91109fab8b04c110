"""fal's storage over HTTP: upload tokens, uploads whole and in parts."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from local.fal.queue_api import lifetime_seconds
from local.simulator.account import authorization_of
from local.simulator.answers import DroppedConnection, detail, read_object
from local.simulator.engine import Engine
from local.simulator.faults import UploadFault

_UPLOADS = frozenset({"upload_unavailable", "drop_connection"})
_OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _OpenUpload:
    """An upload that was announced and is not complete."""

    path: str
    content_type: str
    file_name: str
    seconds: float | None
    etags: dict[int, str] = field(default_factory=dict)


class StorageApi:
    """The routes of ``rest.fal.ai/storage`` and of ``v3.fal.media``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[str, _OpenUpload] = {}

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        parts = "/files/{path:path}/multipart/{upload_id}"
        return [
            Route("/storage/auth/token", self._token, methods=["POST"]),
            Route("/storage/upload/initiate", self._initiate, methods=["POST"]),
            Route("/storage/upload/{upload_id}", self._put, methods=["PUT"]),
            Route("/files/upload", self._upload, methods=["POST"]),
            Route("/files/upload/multipart", self._begin_parts, methods=["POST"]),
            Route(f"{parts}/complete", self._complete_parts, methods=["POST"]),
            Route(f"{parts}/{{number:int}}", self._put_part, methods=["PUT"]),
        ]

    async def _token(self, request: Request) -> Response:
        refusal = self._refusal_of_key(request)
        if refusal is not None:
            return refusal
        if self._engine.faults.take(UploadFault, among=frozenset({"token_unavailable"})):
            return _unavailable()
        expires_at = datetime.now(UTC) + timedelta(seconds=self._engine.settings.now.upload_token_seconds)
        return JSONResponse(
            {
                "token": self._sign_token(expires_at.isoformat()),
                "token_type": "Bearer",
                "base_url": self._engine.base_url,
                "expires_at": expires_at.isoformat(),
            }
        )

    async def _initiate(self, request: Request) -> Response:
        refusal = self._refusal_of_key(request) or self._fault()
        if refusal is not None:
            return refusal
        announced = await read_object(request) or {}
        file_name = str(announced.get("file_name") or "upload.bin")
        upload = self._announce(request, file_name, str(announced.get("content_type") or _OCTETS))
        upload_id = self._keep_open(upload)
        return JSONResponse(
            {
                "upload_url": f"{self._engine.base_url}/storage/upload/{upload_id}",
                "file_url": self._engine.files.url(upload.path),
            }
        )

    async def _put(self, request: Request) -> Response:
        # The address is the permission, as with a presigned one.
        upload = self._open.pop(request.path_params["upload_id"], None)
        if upload is None:
            return detail(404, "Not Found")
        await self._save(upload, await request.body())
        return Response(status_code=200)

    async def _upload(self, request: Request) -> Response:
        refusal = self._refusal_of_token(request) or self._fault()
        if refusal is not None:
            return refusal
        upload = self._announce_by_headers(request)
        await self._save(upload, await request.body())
        return JSONResponse({"access_url": self._engine.files.url(upload.path)})

    async def _begin_parts(self, request: Request) -> Response:
        refusal = self._refusal_of_token(request) or self._fault()
        if refusal is not None:
            return refusal
        upload = self._announce_by_headers(request)
        return JSONResponse({"access_url": self._engine.files.url(upload.path), "uploadId": self._keep_open(upload)})

    async def _put_part(self, request: Request) -> Response:
        refusal = self._refusal_of_token(request)
        upload = self._upload_in_parts(request)
        if refusal is not None or upload is None:
            return refusal or detail(404, "Not Found")
        data = await request.body()
        number: int = request.path_params["number"]
        await self._engine.files.save_part(request.path_params["upload_id"], number, data)
        upload.etags[number] = f'"{hashlib.sha256(data).hexdigest()}"'
        return Response(status_code=200, headers={"ETag": upload.etags[number]})

    async def _complete_parts(self, request: Request) -> Response:
        refusal = self._refusal_of_token(request)
        upload = self._upload_in_parts(request)
        if refusal is not None or upload is None:
            return refusal or detail(404, "Not Found")
        named = {
            part.get("partNumber"): part.get("etag") for part in (await read_object(request) or {}).get("parts", [])
        }
        if not named or named != upload.etags:
            return detail(400, "The parts named are not the parts uploaded")
        upload_id = request.path_params["upload_id"]
        await self._save(upload, await self._engine.files.join_parts(upload_id, list(upload.etags)))
        del self._open[upload_id]
        return JSONResponse({"access_url": self._engine.files.url(upload.path)})

    def _refusal_of_key(self, request: Request) -> Response | None:
        authorization = authorization_of(request)
        if authorization is None:
            return detail(401, "Authorization header is required")
        return None if self._engine.knows(authorization) else detail(401, "No user found for Key ID and Secret")

    def _refusal_of_token(self, request: Request) -> Response | None:
        scheme, _, token = (authorization_of(request) or "").partition(" ")
        expires_at, _, _ = token.partition("/")
        genuine = scheme == "Bearer" and hmac.compare_digest(token.encode(), self._sign_token(expires_at).encode())
        if not genuine or datetime.fromisoformat(expires_at) < datetime.now(UTC):
            return detail(401, "Invalid or expired upload token")
        return None

    def _sign_token(self, expires_at: str) -> str:
        """Return an upload token that says itself until when it is good: clients keep theirs over a restart."""
        signature = hmac.digest(self._engine.account.key.encode(), expires_at.encode(), "sha256")
        return f"{expires_at}/{signature.hex()}"

    def _fault(self) -> Response | None:
        fault = self._engine.faults.take(UploadFault, among=_UPLOADS)
        if fault is None:
            return None
        return DroppedConnection() if fault.kind == "drop_connection" else _unavailable()

    def _announce_by_headers(self, request: Request) -> _OpenUpload:
        file_name = request.headers.get("x-fal-file-name", "file")
        return self._announce(request, file_name, request.headers.get("content-type", _OCTETS))

    def _announce(self, request: Request, file_name: str, content_type: str) -> _OpenUpload:
        # Only the lifetime is followed: access rules ("initial_acl") are not, every file is public.
        lifecycle = request.headers.get("x-fal-object-lifecycle-preference")
        path = self._engine.files.new_path(file_name)
        return _OpenUpload(path, content_type, file_name, lifetime_seconds(lifecycle))

    def _keep_open(self, upload: _OpenUpload) -> str:
        upload_id = secrets.token_hex(16)
        self._open[upload_id] = upload
        return upload_id

    def _upload_in_parts(self, request: Request) -> _OpenUpload | None:
        upload = self._open.get(request.path_params["upload_id"])
        return upload if upload is not None and upload.path == request.path_params["path"] else None

    async def _save(self, upload: _OpenUpload, data: bytes) -> None:
        await self._engine.files.save(
            data,
            path=upload.path,
            content_type=upload.content_type,
            file_name=upload.file_name,
            seconds=upload.seconds,
        )


def _unavailable() -> Response:
    # Not 502 to 504, which fal_client answers with ten attempts.
    return detail(500, "Storage is unavailable")
