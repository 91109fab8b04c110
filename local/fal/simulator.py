"""The simulated fal.ai, put together from its parts."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.fal.account import load_account
from local.fal.callbacks import Callbacks
from local.fal.control_api import ControlApi
from local.fal.faults import Faults
from local.fal.files import Files
from local.fal.input_files import InputFiles
from local.fal.job_queue import JobQueue
from local.fal.job_runner import JobRunner
from local.fal.launch import Launch
from local.fal.media import DEFAULT_STUDIO, MediaWorkers
from local.fal.platform_api import PlatformApi
from local.fal.queue_api import QueueApi, unavailable
from local.fal.records import RequestRecord
from local.fal.settings import LiveSettings, Settings
from local.fal.signing_keys import SigningKeys
from local.fal.storage_api import StorageApi
from local.fal.store import Store
from local.fal.webhooks import FalCallbacks


class Simulator:
    """Everything behind one address: all of fal's hosts, and the simulator's own API.

    Parameters
    ----------
    launch
        Where it is, and how it is to behave at first.
    """

    def __init__(self, launch: Launch) -> None:
        state_dir, base_url = launch.state_dir, launch.base_url
        self.account = account = load_account(state_dir / "account.json", launch.key)
        self.settings = self._settings = LiveSettings(launch.settings(Settings()))
        self._store = Store(state_dir / "fal.sqlite3")
        self._faults = Faults()
        self._files = Files(state_dir / "files", self._store, self._settings, base_url)
        self._workers = MediaWorkers(launch.studio or DEFAULT_STUDIO)
        self._signing_keys = SigningKeys(state_dir / "signing-keys.json")
        self._inputs = InputFiles(self._files, self._workers, self._settings)
        runner = JobRunner(
            files=self._files,
            inputs=self._inputs,
            workers=self._workers,
            faults=self._faults,
            settings=self._settings,
        )
        self._queue = JobQueue(self._store, runner, self._settings, self._on_completed)
        self._webhooks = Callbacks(
            store=self._store,
            settings=self._settings,
            faults=self._faults,
            scheme=FalCallbacks(account, self._signing_keys, self._queue.result_expires_at),
        )
        control = ControlApi(
            store=self._store,
            queue=self._queue,
            webhooks=self._webhooks,
            faults=self._faults,
            settings=self._settings,
            signing_keys=self._signing_keys,
            reset=self._reset,
        )
        storage = StorageApi(
            base_url=base_url,
            account=account,
            files=self._files,
            faults=self._faults,
            settings=self._settings,
        )
        platform = PlatformApi(account=account, store=self._store, settings=self._settings)
        queue = QueueApi(
            base_url=base_url,
            account=account,
            store=self._store,
            queue=self._queue,
            faults=self._faults,
            settings=self._settings,
        )
        jwks = Route("/.well-known/jwks.json", self._public_keys)
        self.app = Starlette(routes=[jwks, *control.routes(), *storage.routes(), *platform.routes(), *queue.routes()])

    def unavailable(self) -> Response:
        """Answer that fal is not available, in its own words."""
        return unavailable()

    def start(self) -> None:
        """Take up what was under way when the simulator last stopped."""
        self._webhooks.resume()
        self._queue.resume()

    async def stop(self) -> None:
        """Stop everything; what is under way is kept."""
        await self._queue.stop()
        await self._webhooks.close()
        await self._inputs.close()
        self._workers.stop()
        self._store.close()

    def _on_completed(self, record: RequestRecord) -> None:
        self._webhooks.deliver(record)

    async def _reset(self) -> None:
        await self._queue.stop()
        await self._webhooks.stop()
        self._faults.clear()
        self._settings.reset()
        self._store.clear()
        self._files.clear()

    async def _public_keys(self, _: Request) -> Response:
        return JSONResponse(self._signing_keys.public_keys())
