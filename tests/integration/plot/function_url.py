"""Where the simulated fal calls back: an HTTP server in the place of the function URL."""

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

CallBack = Callable[[Mapping[str, str], str, bytes, str], int]
"""Takes a callback's headers, query, body and path; gives the status that it is answered with."""


class FunctionUrl:
    """Hands every POST to whoever takes callbacks at present, several at once."""

    def __init__(self) -> None:
        self.call_back: CallBack | None = None
        function_url = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                call_back = function_url.call_back
                path, _, query = self.path.partition("?")
                headers = dict(self.headers)
                status = call_back(headers, query, body, path) if call_back else HTTPStatus.SERVICE_UNAVAILABLE
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
