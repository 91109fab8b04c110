"""What the tests of the simulated Replicate share."""

from dataclasses import dataclass
from typing import Any

import httpx
from typing_extensions import override

from local.replicate.process import SimulatedReplicate
from shared.providers.http.replicate import REPLICATE
from tests.integration.local_simulator.harness import audio_file, image_file
from tests.integration.local_simulator.stand_in import StandIn

HOOK = "https://abc.hooks.test/replicate?address=a1&attempt=1&secret=s3cret"
NANO_BANANA = "google/nano-banana-2"
KLING = "kwaivgi/kling-avatar-v2"
FABRIC = "veed/fabric-1.0"

PICTURE: dict[str, Any] = {
    "prompt": "Portrait of a captain",
    "aspect_ratio": "16:9",
    "resolution": "1K",
    "output_format": "png",
}


@dataclass(frozen=True)
class Replicate(StandIn[SimulatedReplicate]):
    """What a test of the simulator needs; its ``http`` has the account's token."""

    hook = HOOK
    model = NANO_BANANA
    accepted = 201
    spec = REPLICATE
    picture = PICTURE
    clip_model = KLING

    @override
    def post_picture(self, webhook: str | None = None) -> httpx.Response:
        return self.post(webhook=webhook)

    @override
    def picture_url(self) -> str:
        url: str = self.finished(self.submit())["output"]
        return url

    @override
    def clip(self, image: Any, audio: Any) -> dict[str, Any]:
        return {"mode": "std", "image": image, "audio": audio}

    def post(self, model: str = NANO_BANANA, *, webhook: str | None = None, **inputs: Any) -> httpx.Response:
        """Create a prediction as the stack does, and return the answer."""
        body = {"version": model, "input": inputs or {"prompt": "a quiet harbour"}}
        if webhook is not None:
            body |= {"webhook": webhook, "webhook_events_filter": ["completed"]}
        return self.http.post("/v1/predictions", json=body)

    def submit(self, model: str = NANO_BANANA, *, webhook: str | None = None, **inputs: Any) -> dict[str, Any]:
        """Create a prediction that is accepted, and return what the simulator says of it."""
        answer = self.post(model, webhook=webhook, **inputs)
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
