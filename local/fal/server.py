"""Serving the simulator over TLS until it is told to stop."""

import asyncio
import logging
import ssl
from socket import socket
from typing import TYPE_CHECKING, cast

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.utils import wrap_app
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.fal.answers import connection

if TYPE_CHECKING:
    from hypercorn.typing import Framework

# Clients keep connections between requests; those that fal_client opens live as long as its process.
_KEEP_ALIVE_SECONDS = 300
_log = logging.getLogger(__name__)


async def serve(app: ASGIApp, sock: socket, tls: ssl.SSLContext, stop: asyncio.Event) -> None:
    """Serve an application until ``stop`` is set, and then end all connections at once.

    Hypercorn's own ``serve`` keeps its connections to itself; here each handler can reach its own, to cut it when a
    fault asks for that.

    Parameters
    ----------
    app
        The application.
    sock
        A bound socket.
    tls
        The server's side of TLS.
    stop
        Ends the server.
    """
    config = Config()
    config.accesslog = None
    config.errorlog = "-"
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    wrapped = wrap_app(cast("Framework", _with_whole_bodies(app)), config.wsgi_max_body_size, "asgi")
    context = WorkerContext(None)
    loop = asyncio.get_running_loop()
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection.set(writer.transport)
        await TCPServer(wrapped, loop, config, context, {}, reader, writer)

    def forget(task: asyncio.Task[None]) -> None:
        del connections[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a connection broke", exc_info=error)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = loop.create_task(answer(reader, writer))
        connections[task] = writer
        task.add_done_callback(forget)

    server = await asyncio.start_server(accept, sock=sock, ssl=tls)
    await stop.wait()
    server.close()
    open_now = dict(connections)
    for task, writer in open_now.items():
        writer.transport.abort()
        task.cancel()
    await asyncio.gather(*open_now, return_exceptions=True)


def _with_whole_bodies(app: ASGIApp) -> ASGIApp:
    """Read every request to its end before it is answered.

    An answer to a request that was not read makes the server cut the connection, and the client may see that instead
    of the answer.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        unread: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def receive_again() -> Message:
            return unread.pop() if unread else await receive()

        await app(scope, receive_again, send)

    return answer
