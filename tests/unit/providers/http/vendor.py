"""A vendor that answers requests as it is told, and keeps what it was asked."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from shared.providers.http.hedra import HEDRA
from shared.providers.http.provider import HttpProvider
from shared.providers.http.replicate import REPLICATE
from shared.providers.http.spec import ProviderSpec

KEY = "k1:very-secret"
CALLBACK = "https://hooks.example.test/vendor?address=a&attempt=1&secret=s3cr3t"
REPLICATE_URL, HEDRA_URL = "https://api.replicate.com", "https://api.hedra.com/v3"

Said = httpx.Response | Exception


class Vendor:
    """Answers one after the other; the last answer stays."""

    def __init__(
        self, spec: ProviderSpec, base_url: str, *answers: Said, clock: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.key = KEY
        transport = httpx.MockTransport(self._handle)
        self.provider = HttpProvider(spec, base_url, lambda: self.key, timeout=10.0, transport=transport, clock=clock)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, Exception):
            raise said
        # A response can be read once, and the last one stays.
        return httpx.Response(said.status_code, headers=said.headers, content=said.content)

    def submit(self, endpoint: str = "owner/model", **arguments: Any) -> Any:
        return self.provider.submit(endpoint, arguments or {"prompt": "x"}, CALLBACK, key="address-1")

    def look_up(self, *answers: Said) -> Any:
        self.answers = list(answers)
        return self.provider.look_up("owner/model", "job-1")

    @property
    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)

    @property
    def body(self) -> Any:
        """What the latest request carried."""
        return json.loads(self.requests[-1].content)


def replicate(*answers: Said) -> Vendor:
    return Vendor(REPLICATE, REPLICATE_URL, *answers)


def hedra(*answers: Said) -> Vendor:
    return Vendor(HEDRA, HEDRA_URL, *answers)


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    return httpx.Response(status, content=content.encode(), headers=headers)


PREDICTION = {
    "id": "gm3qorzdhgbfurvjtvhg6dckhu",
    "model": "google/nano-banana-2",
    "version": "hidden",
    "input": {"prompt": "x"},
    "logs": "",
    "output": None,
    "error": None,
    "status": "starting",
    "created_at": "2026-09-08T16:19:34.765994Z",
    "data_removed": False,
    "metrics": {},
    "urls": {"get": "https://api.replicate.com/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu"},
}
"""As the OpenAPI document of Replicate shows it."""

ACKNOWLEDGED = {
    "job_id": "job_0190",
    "model": "hedra-avatar",
    "status": "IN_QUEUE",
    "status_url": "/v3/jobs/job_0190/status",
    "result_url": "/v3/jobs/job_0190",
}
"""As the OpenAPI document of Hedra shows it."""

OUTPUT = {
    "status": "COMPLETED",
    "asset_id": "asset_1",
    "url": "https://files.hedra.test/clip.mp4?signature=x",
    "content_type": "video/mp4",
    "width": 1280,
    "height": 720,
    "duration_ms": 4000,
    "fps": 25,
    "error": None,
}


def prediction(**fields: Any) -> dict[str, Any]:
    return {**PREDICTION, **fields}


def hedra_job(status: str, **fields: Any) -> dict[str, Any]:
    return {"job_id": "job_0190", "model": "hedra-avatar", "status": status, "outputs": [], "error": None, **fields}


def hedra_error(code: str, message: str = "x", **fields: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **fields}, "trace_id": "0af7651916cd43dd8448eb211c80319c"}


EXPIRED_FILE = hedra_error(
    "INVALID_ARGUMENT",
    "input.images[0]: the POST /v3/files url expired at 2026-07-28T23:31:12+00:00.",
    retryable=False,
    param="input.images[0]",
    details=[{"field": "input.images[0]", "message": "it expired", "reason": "expired"}],
)
