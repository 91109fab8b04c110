"""The connections of the HTTP adapter: how long one is waited for, and that none is used twice."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from shared.providers.http.provider import HttpProvider
from shared.providers.http.replicate import REPLICATE
from shared.providers.outcomes import Queued
from tests.unit.providers.http.vendor import KEY, PREDICTION, answer, prediction, replicate


class _Host(ThreadingHTTPServer):
    """A vendor that would keep every connection open, and counts them."""

    connections = 0


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Host

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        body = json.dumps(prediction()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[_Host]:
    with _Host(("127.0.0.1", 0), _Answering) as host:
        thread = Thread(target=host.serve_forever, args=(0.01,))
        thread.start()
        yield host
        host.shutdown()
        thread.join()


def test_each_request_has_a_connection_of_its_own(host: _Host) -> None:
    """One that was cut while its function slept would leave it open whether a request arrived."""
    provider = HttpProvider(REPLICATE, f"http://127.0.0.1:{host.server_port}", lambda: KEY)
    assert [provider.look_up("owner/model", "job-1") for _ in range(2)] == [Queued(), Queued()]
    assert host.connections == 2


def test_a_connection_is_waited_for_shorter_than_an_answer() -> None:
    """Without one nothing was sent: there is time left to ask somebody else."""
    vendor = replicate(answer(201, PREDICTION))
    vendor.submit()
    timeout = vendor.requests[0].extensions["timeout"]
    assert (timeout["connect"], timeout["read"]) == (5.0, 10.0)
