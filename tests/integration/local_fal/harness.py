"""What the tests of the simulated fal share."""

from dataclasses import dataclass
from typing import Any

import fal_client
import fal_client.client
import httpx
import pytest
from typing_extensions import override

from local.fal.process import SimulatedFal
from tests.integration.local_simulator.harness import Simulated, audio_file, image_file

HOOK = "https://abc.hooks.test/callback?secret=s3cret"
IDEOGRAM = "fal-ai/ideogram/v3"


@dataclass(frozen=True)
class Fal(Simulated[SimulatedFal]):
    """What a test of the simulator needs; its ``http`` has no key."""

    client: fal_client.SyncClient

    hook = HOOK
    model = IDEOGRAM
    accepted = 200

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Key {self.simulator.facts.key}"}

    @override
    def post_picture(self, webhook: str | None = None) -> httpx.Response:
        query = {} if webhook is None else {"fal_webhook": webhook}
        return self.http.post(f"/{IDEOGRAM}", json={"prompt": "x"}, params=query, headers=self.authorization)

    @override
    def picture_url(self) -> str:
        url: str = self.submit().get(interval=0.01)["images"][0]["url"]
        return url

    def submit(
        self, endpoint_id: str = IDEOGRAM, *, webhook: str | None = None, **inputs: Any
    ) -> fal_client.SyncRequestHandle:
        return self.client.submit(endpoint_id, {"prompt": "a quiet harbour", **inputs}, webhook_url=webhook)

    def upload_image(self) -> str:
        return self.client.upload(image_file(), "image/png")

    def upload_audio(self, seconds: float) -> str:
        return self.client.upload(audio_file(seconds), "audio/wav")


def use_simulator(simulator: SimulatedFal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point this process's fal_client, which reads its hosts when it is imported, at the simulator."""
    url = f"https://{simulator.facts.host}"
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{url}/")
    monkeypatch.setattr(fal_client.client, "REST_URL", url)
    monkeypatch.setattr(fal_client.client, "CDN_URL", url)
    monkeypatch.setenv("SSL_CERT_FILE", simulator.facts.ca_file)
