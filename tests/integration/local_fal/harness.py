"""What the tests of the simulated fal share: somebody to call back, and files to send."""

import io
import json
import threading
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import fal_client
import fal_client.client
import httpx
import pytest
from PIL import Image

from local.fal.control import SimulatorControl
from local.fal.process import SimulatedFal

STUDIO = "tests.integration.local_fal.plain_studio"
HOOK = "https://abc.hooks.test/callback?secret=s3cret"


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


@dataclass(frozen=True)
class Fal:
    """What a test of the simulator needs."""

    simulator: SimulatedFal
    control: SimulatorControl
    receiver: Receiver
    client: fal_client.SyncClient
    http: httpx.Client
    """Speaks to the simulator without any key."""

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Key {self.simulator.facts.key}"}

    def submit(
        self, endpoint_id: str = "fal-ai/ideogram/v3", *, webhook: str | None = None, **inputs: Any
    ) -> fal_client.SyncRequestHandle:
        return self.client.submit(endpoint_id, {"prompt": "a quiet harbour", **inputs}, webhook_url=webhook)

    def upload_image(self) -> str:
        return self.client.upload(image_file(), "image/png")

    def upload_audio(self, seconds: float) -> str:
        return self.client.upload(audio_file(seconds), "audio/wav")


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


def use_simulator(simulator: SimulatedFal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point this process's fal_client, which reads its hosts when it is imported, at the simulator."""
    url = f"https://{simulator.facts.host}"
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{url}/")
    monkeypatch.setattr(fal_client.client, "REST_URL", url)
    monkeypatch.setattr(fal_client.client, "CDN_URL", url)
    monkeypatch.setenv("SSL_CERT_FILE", simulator.facts.ca_file)
