"""Connections to the very address that was checked, with an end to all that is waited for on them.

A name could be resolved once for a check and a second time for the connection (DNS rebinding), so it is resolved here,
once, and the connection is made to the outcome. TLS still names and verifies the host.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self

import httpcore
import httpx

from shared.downloads.errors import DownloadRefused
from shared.downloads.public_ip import IPAddress

Resolve = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host, as text."""


class TimeIsUp(Exception):
    """A download took longer than it may."""


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """The time for a download as a whole: a host that sends a byte now and then is never silent for long."""

    ends_at: float
    clock: Callable[[], float]

    @classmethod
    def of(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """Return a limit `seconds` from now on a monotonic `clock`."""
        return cls(clock() + seconds, clock)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.clock() >= self.ends_at

    def within(self, timeout: float | None) -> float:
        """Return a timeout that does not go beyond the limit; raises `TimeIsUp`."""
        left = self.ends_at - self.clock()
        if left <= 0:
            raise TimeIsUp
        return left if timeout is None else min(left, timeout)


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host; raises `OSError`."""
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class PinnedTransport(httpx.BaseTransport):
    """Sends one request on a connection of its own.

    Parameters
    ----------
    tls
        How servers are verified.
    accept
        Tells whether a host may be at an address.
    limit
        When all of it has to be over.
    resolve
        Gives a host's addresses; it is asked once for a connection.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        accept: Callable[[str, IPAddress], bool],
        limit: TimeLimit,
        resolve: Resolve = resolve,
    ) -> None:
        self._tls = tls
        self._backend = _CheckingBackend(resolve, accept, limit)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises what `httpcore` raises, `DownloadRefused` or `TimeIsUp`."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        connection = httpcore.HTTPConnection(url.origin, ssl_context=self._tls, network_backend=self._backend)
        sent = httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        try:
            answer = connection.handle_request(sent)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(connection, answer))


class _Body(httpx.SyncByteStream):
    """An answer's body; closing it closes its connection."""

    def __init__(self, connection: httpcore.HTTPConnection, answer: httpcore.Response) -> None:
        self._connection = connection
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
        self._connection.close()


class _CheckingBackend(httpcore.NetworkBackend):
    """Connects to addresses that are accepted, and to no name."""

    def __init__(self, resolve: Resolve, accept: Callable[[str, IPAddress], bool], limit: TimeLimit) -> None:
        self._resolve = resolve
        self._accept = accept
        self._limit = limit
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        error: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._addresses(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._limit.within(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as this:
                error = this
            else:
                return _LimitedStream(stream, self._limit)
        raise error or httpcore.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, all of which have to be acceptable: a mixture looks like an attack."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} has no address") from error
        for address in addresses:
            if not self._accept(host, ip_address(address)):
                raise DownloadRefused(f"results are not fetched from {host}: its address {address} is not a public one")
        return addresses


class _LimitedStream(httpcore.NetworkStream):
    """A stream that waits no longer than the limit for anything."""

    def __init__(self, stream: httpcore.NetworkStream, limit: TimeLimit) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._limit.within(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._limit.within(timeout))
        return _LimitedStream(stream, self._limit)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's own
        return self._stream.get_extra_info(info)
