"""What the tests of the simulated Hedra share."""

from dataclasses import dataclass
from typing import Any

import httpx
from typing_extensions import override

from local.hedra.process import SimulatedHedra
from shared.providers.http.hedra import HEDRA
from tests.integration.local_simulator.harness import audio_file, image_file
from tests.integration.local_simulator.stand_in import StandIn

HOOK = "https://abc.hooks.test/hedra?address=a1&attempt=1&secret=s3cret"
NANO_BANANA = "nano-banana-2"
AVATAR = "hedra-avatar"
KLING = "kling-ai-avatar-v2"
FABRIC = "veed-fabric-10"

PICTURE: dict[str, Any] = {"prompt": "a quiet harbour", "aspect_ratio": "16:9", "resolution": "1K"}


@dataclass(frozen=True)
class Hedra(StandIn[SimulatedHedra]):
    """What a test of the simulator needs; its ``http`` has the account's key."""

    hook = HOOK
    model = NANO_BANANA
    accepted = 202
    spec = HEDRA
    picture = PICTURE
    clip_model = AVATAR

    @override
    def post_picture(self, webhook: str | None = None) -> httpx.Response:
        return self.post(webhook=webhook)

    @override
    def picture_url(self) -> str:
        url: str = self.finished(self.submit())["outputs"][0]["url"]
        return url

    @override
    def clip(self, image: Any, audio: Any) -> dict[str, Any]:
        media = {"start_image": image, "audio": audio}
        return {"prompt": "calm", "aspect_ratio": "16:9", "resolution": "720p", **media}

    def post(
        self, model: str = NANO_BANANA, *, webhook: str | None = None, key: str | None = None, **inputs: Any
    ) -> httpx.Response:
        """Submit a job, and return the answer."""
        body: dict[str, Any] = {"input": inputs or PICTURE}
        if webhook is not None:
            body["webhook"] = webhook
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.http.post(f"models/{model}", json=body, headers=headers)

    def submit(self, model: str = NANO_BANANA, *, webhook: str | None = None, **inputs: Any) -> str:
        """Submit a job that is accepted, and return its id."""
        answer = self.post(model, webhook=webhook, **inputs)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def result(self, job_id: str) -> dict[str, Any]:
        """Return what there is to say of a job."""
        found: dict[str, Any] = self.http.get(f"jobs/{job_id}").raise_for_status().json()
        return found

    def finished(self, job_id: str) -> dict[str, Any]:
        """Return it once nothing is under way."""
        self.control.wait_until_idle()
        return self.result(job_id)

    def upload(self, content: bytes) -> dict[str, str]:
        """Hand a file over; return how inputs name it."""
        answer = self.http.post("files", files={"file": ("file.bin", content, "text/plain")})
        assert answer.status_code == 201, answer.text
        return {"source": "url", "url": answer.json()["url"]}

    def upload_image(self) -> dict[str, str]:
        return self.upload(image_file())

    def upload_audio(self, seconds: float) -> dict[str, str]:
        return self.upload(audio_file(seconds))
