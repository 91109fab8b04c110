"""Where fal publishes its keys, on this machine: it can be down, lie, or point elsewhere, and counts who asks."""

import json
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.webhooks.published_keys import write_keys


@dataclass
class KeySite:
    """An HTTP server; `answer` is what it says at fal's address, `elsewhere` what it says anywhere else."""

    answer: bytes = b""
    status: HTTPStatus = HTTPStatus.OK
    elsewhere: bytes = b""
    asked: list[str] = field(default_factory=list)

    def publish(self, *keys: Ed25519PrivateKey) -> None:
        self.answer, self.status = jwks_of(*keys), HTTPStatus.OK

    def __enter__(self) -> Self:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                at_home = self.path == "/.well-known/jwks.json"
                answer = site.answer if at_home else site.elsewhere
                self.send_response(site.status if at_home else HTTPStatus.OK)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def jwks_of(*keys: Ed25519PrivateKey) -> bytes:
    return json.dumps(write_keys(key.public_key() for key in keys)).encode()
