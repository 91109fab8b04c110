"""What the tests of all simulated providers share: one of them, somebody for it to call back, and files to send."""

import io
import json
import ssl
import threading
import wave
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import av
import httpx
from PIL import Image

from local.simulator.control import SimulatorControl
from local.simulator.process import SimulatorProcess

STUDIO = "tests.integration.local_simulator.plain_studio"
SimulatorT = TypeVar("SimulatorT", bound=SimulatorProcess)


@dataclass(frozen=True)
class Delivery:
    """A POST that the receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, object]:
        content = json.loads(self.body)
        assert isinstance(content, dict)
        return content


@dataclass
class Receiver:
    """An HTTP server that takes webhooks and offers files."""

    url: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """The status codes of the next answers; 200 when there are no more."""
    files: dict[str, bytes] = field(default_factory=dict)
    on_delivery: Callable[[Delivery], None] = lambda _: None
    taking: threading.Lock = field(default_factory=threading.Lock)
    """Held while a webhook is taken: its answer belongs to the test in which it is taken."""

    def clear(self) -> None:
        with self.taking:
            self._clear()

    def take(self, delivery: Delivery) -> int:
        """Keep a delivery; return the status code of its answer."""
        with self.taking:
            self.deliveries.append(delivery)
            status_code = self.answers.pop(0) if self.answers else 200
        self.on_delivery(delivery)
        return status_code

    def _clear(self) -> None:
        self.deliveries.clear()
        self.answers.clear()
        self.files.clear()
        self.on_delivery = lambda _: None


@contextmanager
def listening() -> Iterator[Receiver]:
    """Let a receiver listen on this machine."""
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


@dataclass(frozen=True)
class Simulated(ABC, Generic[SimulatorT]):
    """A simulated provider, and what a test of it needs: the same things of each, asked for in its own way."""

    simulator: SimulatorT
    receiver: Receiver
    http: httpx.Client
    """Speaks to the simulator."""

    hook: ClassVar[str]
    """An address for callbacks that leads to the receiver."""
    model: ClassVar[str]
    """The model that draws the pictures."""
    accepted: ClassVar[int]
    """The status code of an answer that a submit was accepted."""

    @property
    def control(self) -> SimulatorControl:
        return self.simulator.control

    @abstractmethod
    def post_picture(self, webhook: str | None = None) -> httpx.Response:
        """Submit a picture, and return the answer, whatever it is."""

    @abstractmethod
    def picture_url(self) -> str:
        """Make a picture; return its address."""

    def start_afresh(self) -> None:
        """Forget what tests before this one did."""
        self.control.reset()
        self.control.change_settings(webhook_backoff_seconds=(0.02, 0.04))
        self.receiver.clear()


@contextmanager
def running(simulated: type[SimulatorT], state_dir: Path) -> Iterator[tuple[SimulatorT, Receiver]]:
    """Run a simulator that draws plainly, and somebody for it to call back and to fetch from."""
    with (
        listening() as receiver,
        simulated(
            state_dir, studio=STUDIO, webhook_routes={".hooks.test": receiver.url}, input_origins=[receiver.url]
        ) as simulator,
    ):
        yield simulator, receiver
    # Nothing that a handler could not handle.
    assert "Error in ASGI Framework" not in (state_dir / "simulator.log").read_text()


def client_of(simulator: SimulatorProcess, scheme: str | None = None) -> httpx.Client:
    """Return a client of a simulator that sends the account's key in a scheme, or none."""
    return httpx.Client(
        base_url=simulator.url,
        headers={} if scheme is None else {"Authorization": f"{scheme} {simulator.facts.key}"},
        verify=ssl.create_default_context(cafile=simulator.facts.ca_file),
        timeout=30,
        trust_env=False,
    )


def image_file(size: tuple[int, int] = (160, 90)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(buffer, "PNG")
    return buffer.getvalue()


def audio_file(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * round(8000 * seconds)))
    return buffer.getvalue()


def seen_in(clip: bytes) -> tuple[float, tuple[int, int], str]:
    """Return how long a clip's pictures play, in seconds, how large they are, and the codec of its sound."""
    with av.open(io.BytesIO(clip)) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert video.duration is not None
        assert video.time_base is not None
        return float(video.duration * video.time_base), (video.width, video.height), audio.codec_context.name
