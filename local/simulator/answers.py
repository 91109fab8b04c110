"""HTTP answers that every simulator gives, and some that only break-downs give."""

import asyncio
import contextvars
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

connection: contextvars.ContextVar[asyncio.WriteTransport] = contextvars.ContextVar("connection")
"""The connection that the running handler answers on; the server sets it."""


def detail(status_code: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with an error in one sentence, as fal does, and the simulators' own API."""
    return JSONResponse({"detail": message}, status_code, headers)


def nginx_error(status_code: int, reason: str) -> Response:
    """Answer as the proxy in front of a provider does, without reaching the provider."""
    title = f"{status_code} {reason}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(page, status_code, media_type="text/html")


async def read_object(request: Request) -> dict[str, Any] | None:
    """Return the JSON object in a request's body, or None if it is something else."""
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


class DroppedConnection(Response):
    """No answer at all: the connection ends."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection."""
        connection.get().abort()


class CutOffAnswer(Response):
    """An answer whose connection ends half-way through the body."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half the body, and cut the connection."""
        content = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        connection.get().abort()
