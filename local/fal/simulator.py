"""The simulated fal.ai, put together from its parts."""

import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.fal.generation import ENDPOINTS
from local.fal.platform_api import PlatformApi
from local.fal.queue_api import QueueApi, unavailable
from local.fal.signing_keys import SigningKeys
from local.fal.storage_api import StorageApi
from local.fal.webhooks import FalCallbacks
from local.simulator.engine import Engine, Habits
from local.simulator.files import Files
from local.simulator.launch import Launch
from local.simulator.settings import Settings

HABITS = Habits(
    name="fal",
    settings=Settings(),
    key_prefix="",
    # "Bearer" is for login tokens only, so that a key sent as one is refused.
    key_schemes=("Key",),
    models=ENDPOINTS,
    open_files=lambda folder, store, settings, url, _: Files(folder, store, settings, url),
    new_id=lambda: str(uuid.uuid4()),
    # A cancelled request calls nobody back; whether fal does is unverified.
    reports_cancelled=False,
)
"""What fal does in its own way."""


class Simulator(Engine):
    """Everything behind one address: all of fal's hosts, and the simulator's own API."""

    def __init__(self, launch: Launch) -> None:
        self._signing_keys = keys = SigningKeys(launch.state_dir / "signing-keys.json")
        super().__init__(
            launch,
            HABITS,
            keys,
            lambda engine: FalCallbacks(engine.account, keys, engine.queue.result_expires_at),
        )
        self.app = Starlette(
            routes=[
                Route("/.well-known/jwks.json", self._public_keys),
                *self.routes(),
                *StorageApi(self).routes(),
                *PlatformApi(self).routes(),
                *QueueApi(self).routes(),
            ]
        )

    def unavailable(self) -> Response:
        """Answer that fal is not available, in its own words."""
        return unavailable()

    async def _public_keys(self, _: Request) -> Response:
        return JSONResponse(self._signing_keys.public_keys())
