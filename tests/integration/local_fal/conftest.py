"""One simulator for the whole folder, reset before every test, and somebody for it to call back."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fal_client
import httpx
import pytest

from local.fal.process import SimulatedFal
from tests.integration.local_fal.harness import STUDIO, Delivery, Fal, Receiver, use_simulator


@pytest.fixture(scope="session")
def receiver_server() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            delivery = Delivery(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(receiver.take(delivery))
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            data = receiver.files.get(self.path.partition("?")[0])
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, receiver_server: Receiver) -> Iterator[SimulatedFal]:
    state_dir = tmp_path_factory.mktemp("fal")
    with SimulatedFal(
        state_dir,
        studio=STUDIO,
        webhook_routes={".hooks.test": receiver_server.url},
        input_origins=[receiver_server.url],
    ) as simulator:
        yield simulator
    # Nothing that a handler could not handle.
    assert "Error in ASGI Framework" not in (state_dir / "simulator.log").read_text()


@pytest.fixture(scope="session")
def http(running: SimulatedFal) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=running.facts.ca_file)
    with httpx.Client(base_url=f"https://{running.facts.host}", verify=context, trust_env=False) as client:
        yield client


@pytest.fixture
def fal(running: SimulatedFal, receiver_server: Receiver, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Fal:
    use_simulator(running, monkeypatch)
    running.control.reset()
    running.control.change_settings(webhook_backoff_seconds=(0.02, 0.04))
    receiver_server.clear()
    client = fal_client.SyncClient(key=running.facts.key)
    return Fal(running, running.control, receiver_server, client, http)
