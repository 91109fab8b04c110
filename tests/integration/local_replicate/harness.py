"""What the tests of the simulated Replicate share."""

from dataclasses import dataclass
from typing import Any

import httpx

from local.fal.control import SimulatorControl
from local.replicate.process import SimulatedReplicate
from tests.integration.local_fal.harness import Receiver, audio_file, image_file

STUDIO = "tests.integration.local_fal.plain_studio"
HOOK = "https://abc.hooks.test/replicate?address=a1&attempt=1&secret=s3cret"
NANO_BANANA = "google/nano-banana-2"
KLING = "kwaivgi/kling-avatar-v2"
FABRIC = "veed/fabric-1.0"


@dataclass(frozen=True)
class Replicate:
    """What a test of the simulator needs."""

    simulator: SimulatedReplicate
    control: SimulatorControl
    receiver: Receiver
    http: httpx.Client
    """Speaks to the simulator with the account's token."""

    def submit(self, model: str = NANO_BANANA, *, webhook: str | None = None, **inputs: Any) -> dict[str, Any]:
        """Create a prediction as the stack does, and return what the simulator says of it."""
        body = {"version": model, "input": inputs or {"prompt": "a quiet harbour"}}
        if webhook is not None:
            body |= {"webhook": webhook, "webhook_events_filter": ["completed"]}
        answer = self.http.post("/v1/predictions", json=body)
        assert answer.status_code == 201, answer.text
        prediction: dict[str, Any] = answer.json()
        return prediction

    def finished(self, prediction: dict[str, Any]) -> dict[str, Any]:
        """Wait until nothing is under way, and return what there is to say of a prediction then."""
        self.control.wait_until_idle()
        found: dict[str, Any] = self.http.get(prediction["urls"]["get"]).raise_for_status().json()
        return found

    def upload(self, content: bytes, content_type: str) -> str:
        """Hand a file over; return its address."""
        answer = self.http.post("/v1/files", files={"content": ("file", content, content_type)})
        assert answer.status_code == 201, answer.text
        url: str = answer.json()["urls"]["get"]
        return url

    def upload_image(self) -> str:
        return self.upload(image_file(), "image/png")

    def upload_audio(self, seconds: float) -> str:
        return self.upload(audio_file(seconds), "audio/wav")
