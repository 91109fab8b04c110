"""The simulated Hedra, put together from its parts."""

import uuid

from starlette.applications import Starlette
from starlette.responses import Response
from typing_extensions import override

from local.hedra.callbacks import HedraCallbacks, SigningKey
from local.hedra.catalogue_api import CatalogueApi
from local.hedra.errors import rate_limited, unauthorized, unavailable
from local.hedra.files import HedraFiles
from local.hedra.files_api import FilesApi
from local.hedra.jobs import Jobs
from local.hedra.jobs_api import JobsApi
from local.hedra.models import MODELS
from local.hedra.submit_api import DefaultWebhook, SubmitApi
from local.hedra.webhooks_api import WebhooksApi
from local.simulator.engine import Engine, Habits
from local.simulator.gate import Gate
from local.simulator.launch import Launch
from local.simulator.settings import Settings

_DAY = 86_400

HABITS = Habits(
    name="hedra",
    settings=Settings(
        # How long outputs are kept is unverified.
        stored_result_seconds=_DAY,
        stored_large_result_seconds=_DAY,
        # "Up to 12 attempts over approximately 6 hours, backing off 10s, 30s, 90s, 4m30s, 13m30s, 40m30s, then hourly."
        webhook_backoff_seconds=(10, 30, 90, 270, 810, 2430, 3600),
        webhook_max_retries=11,
        webhook_first_timeout_seconds=15,
        webhook_retry_timeout_seconds=15,
    ),
    key_prefix="",
    key_schemes=("Bearer", "Key"),
    models=MODELS,
    open_files=HedraFiles,
    new_id=lambda: f"job_{uuid.uuid4()}",
)
"""What Hedra does in its own way."""


class Simulator(Engine):
    """Everything behind one address: the API, files, and the simulator's own API."""

    def __init__(self, launch: Launch) -> None:
        key = SigningKey(launch.state_dir / "signing-key")
        super().__init__(launch, HABITS, key, lambda engine: HedraCallbacks(_jobs(engine), key))
        gate = Gate(self, unauthorized=unauthorized, rate_limited=rate_limited)
        self._default_webhook = DefaultWebhook()
        self.app = Starlette(
            routes=[
                *self.routes(),
                *JobsApi(self, _jobs(self), gate).routes(),
                *FilesApi(self, gate).routes(),
                *WebhooksApi(self, key, self._default_webhook, gate).routes(),
                *CatalogueApi(self, gate).routes(),
                *SubmitApi(self, _jobs(self), gate, self._default_webhook).routes(),
            ]
        )

    def unavailable(self) -> Response:
        """Answer that Hedra is not available, in its own words."""
        return unavailable()

    @override
    async def _reset(self) -> None:
        await super()._reset()
        self._default_webhook.set(None, enabled=False)


def _jobs(engine: Engine) -> Jobs:
    return Jobs(engine.store, engine.files, engine.settings)
