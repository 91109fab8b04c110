"""A host of files on this machine that speaks TLS, and says whatever a test has it say."""

import select
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.simulator.certificates import prepare_certificates, server_context

Answer = Callable[[ssl.SSLSocket], object]


@dataclass
class FileHost:
    """What the host says, and what it was asked; its certificate is for ``localhost`` and 127.0.0.1."""

    port: int
    answer: Answer
    requests: list[bytes] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/files/clip.mp4"


def said(body: bytes, status: str = "200 OK", headers: Mapping[str, str | int] | None = None) -> Answer:
    """Answer with a body; the headers tell its length unless they are given."""
    lines = {"Content-Length": len(body)} if headers is None else headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return lambda connection: connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)


def dripped(head: bytes, drop: bytes) -> Answer:
    """Answer with a beginning, and then with a few bytes at a time until the other side has had enough."""

    def answer(connection: ssl.SSLSocket) -> None:
        connection.sendall(head)
        while not select.select([connection], [], [], 0.005)[0]:
            connection.sendall(drop)

    return answer


@contextmanager
def file_host(folder: Path) -> Iterator[FileHost]:
    prepare_certificates(folder)
    context = server_context(folder)
    host = FileHost(0, said(b""))

    def note_name(_: ssl.SSLObject | ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> None:
        host.server_names.append(name)

    context.sni_callback = note_name

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                with context.wrap_socket(self.request, server_side=True) as connection:
                    asked = b""
                    while not asked.endswith(b"\r\n\r\n"):
                        asked += connection.recv(4096)
                    host.requests.append(asked)
                    host.answer(connection)
            except OSError:
                return  # the other side hung up, as it should in most of these tests

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        host.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield host
        server.shutdown()
        thread.join()
