"""Serving an application over TLS, and not serving it for a while."""

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import TYPE_CHECKING, cast

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.utils import wrap_app
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.simulator.answers import connection

if TYPE_CHECKING:
    from hypercorn.typing import AppWrapper, Framework

# Clients keep connections between requests; those that fal_client opens live as long as its process.
_KEEP_ALIVE_SECONDS = 300
_BACKLOG = 100
_log = logging.getLogger(__name__)


class Server:
    """Serves an application on a port of this machine, over HTTP/1.1 and TLS. The port is taken at once.

    Hypercorn's own ``serve`` keeps its connections to itself; here each handler can reach its own, to cut it when a
    fault asks for that, and all can be cut at once.

    Parameters
    ----------
    port
        The port; 0 for a free one.
    tls
        The server's side of TLS.

    Raises
    ------
    OSError
        If the port is taken.
    """

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._config = Config()
        self._config.accesslog = None
        self._config.errorlog = "-"
        self._config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
        self._context = WorkerContext(None)
        self._tls = tls
        self._connections: dict[asyncio.Task[None], asyncio.Transport | None] = {}
        self._listens = False
        self._socket = _bound(port)
        self._app: AppWrapper | None = None

    @property
    def port(self) -> int:
        """The port that it has, listening or not."""
        port: int = self._socket.getsockname()[1]
        return port

    def serve(self, app: ASGIApp) -> None:
        """Serve an application, from now on."""
        self._app = wrap_app(cast("Framework", _with_whole_bodies(app)), self._config.wsgi_max_body_size, "asgi")
        self.listen()

    def listen(self) -> None:
        """Accept connections again."""
        if not self._listens:
            self._listens = True
            self._socket.listen(_BACKLOG)
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def refuse(self) -> None:
        """Refuse connections from now on, and cut those that there are. The port stays taken."""
        if self._listens:
            port = self.port
            self._stop_listening()
            self._socket = _bound(port)
            self._cut_connections()

    async def close(self) -> None:
        """End, with all connections."""
        self._stop_listening()
        await asyncio.gather(*self._cut_connections(), return_exceptions=True)

    def _stop_listening(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._listens = False

    def _cut_connections(self) -> list[asyncio.Task[None]]:
        tasks = list(self._connections)
        for task in tasks:
            transport = self._connections[task]
            if transport is not None:
                transport.abort()
            task.cancel()
        return tasks

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            accepted, _ = self._socket.accept()
            task = asyncio.get_running_loop().create_task(self._answer(accepted))
            self._connections[task] = None
            task.add_done_callback(self._forget)

    async def _answer(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=self._tls)
        except OSError:  # the client went, or does not trust the certificate
            return
        task = asyncio.current_task()
        if task is not None:
            self._connections[task] = transport
        connection.set(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        if self._app is not None:
            await TCPServer(self._app, loop, self._config, self._context, {}, reader, writer)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a connection broke", exc_info=error)


def _bound(port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and every answer takes 40 ms more.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


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
