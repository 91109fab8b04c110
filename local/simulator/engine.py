"""Everything behind a provider's API: its jobs, files, callbacks and money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.routing import BaseRoute

from local.simulator.account import load_account
from local.simulator.callbacks import Callbacks, CallbackScheme
from local.simulator.control_api import ControlApi, RotatingKeys
from local.simulator.downloads import Downloads
from local.simulator.faults import Faults
from local.simulator.files import Files
from local.simulator.input_files import InputFiles
from local.simulator.job_queue import JobQueue
from local.simulator.job_runner import JobRunner
from local.simulator.launch import Launch
from local.simulator.media import DEFAULT_STUDIO, MediaWorkers
from local.simulator.models import Endpoint
from local.simulator.records import RequestRecord
from local.simulator.settings import LiveSettings, Settings
from local.simulator.store import Store


@dataclass(frozen=True, slots=True)
class Habits:
    """What a provider does in its own way.

    Attributes
    ----------
    name
        By which it keeps its memory.
    settings
        How it behaves unless it is told otherwise.
    key_prefix
        What its keys begin with.
    key_schemes
        How the header ``Authorization`` says that it is followed by a key.
    models
        What it can make, by the model's name.
    open_files
        Makes its files out of folder, store, settings, base address and key.
    new_id
        Makes the id of a job.
    usual_events
        What it calls back about where the caller does not choose.
    reports_cancelled
        Whether it calls back about jobs that were cancelled.
    """

    name: str
    settings: Settings
    key_prefix: str
    key_schemes: tuple[str, ...]
    models: Mapping[str, Endpoint]
    open_files: Callable[[Path, Store, LiveSettings, str, str], Files]
    new_id: Callable[[], str]
    usual_events: tuple[str, ...] = ("completed",)
    reports_cancelled: bool = True


class Engine:
    """Runs jobs, keeps files, calls back and writes the invoice.

    Parameters
    ----------
    launch
        Where it is, and how it is to behave at first.
    habits
        The provider's own ways.
    signing_keys
        What callbacks are signed with.
    scheme
        Makes the provider's callbacks, once the rest is there.
    """

    def __init__(
        self,
        launch: Launch,
        habits: Habits,
        signing_keys: RotatingKeys,
        scheme: Callable[["Engine"], CallbackScheme],
    ) -> None:
        self.base_url = launch.base_url
        self.models = habits.models
        self.new_id = habits.new_id
        self._key_schemes = habits.key_schemes
        self._usual_events = habits.usual_events
        self.account = load_account(launch.state_dir / "account.json", launch.key, prefix=habits.key_prefix)
        self.settings = LiveSettings(launch.settings(habits.settings))
        self.store = Store(launch.state_dir / f"{habits.name}.sqlite3")
        self.faults = Faults()
        self.files = habits.open_files(
            launch.state_dir / "files", self.store, self.settings, self.base_url, self.account.key
        )
        self.workers = MediaWorkers(launch.studio or DEFAULT_STUDIO)
        self.inputs = InputFiles(self.files, self.workers, self.settings)
        runner = JobRunner(
            files=self.files,
            inputs=self.inputs,
            workers=self.workers,
            faults=self.faults,
            settings=self.settings,
            endpoints=habits.models,
        )
        self.queue = JobQueue(
            self.store,
            runner,
            self.settings,
            self._on_completed,
            on_started=self._on_started,
            new_id=habits.new_id,
            reports_cancelled=habits.reports_cancelled,
        )
        self.callbacks = Callbacks(store=self.store, settings=self.settings, faults=self.faults, scheme=scheme(self))
        self._control = ControlApi(
            store=self.store,
            queue=self.queue,
            webhooks=self.callbacks,
            faults=self.faults,
            settings=self.settings,
            signing_keys=signing_keys,
            reset=self._reset,
        )

    def knows(self, authorization: str | None) -> bool:
        """Tell whether an ``Authorization`` header carries the account's key."""
        return self.account.owns(authorization, self._key_schemes)

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the simulator's own API and of files."""
        return [*self._control.routes(), *Downloads(self.files, self.faults).routes()]

    def start(self) -> None:
        """Take up what was under way when it last stopped."""
        self.callbacks.resume()
        self.queue.resume()

    async def stop(self) -> None:
        """Stop everything; what is under way is kept."""
        await self.queue.stop()
        await self.callbacks.close()
        await self.inputs.close()
        self.workers.stop()
        self.store.close()

    def _on_started(self, record: RequestRecord) -> None:
        if "start" in self._events_of(record):
            self.callbacks.announce_once(record)

    def _on_completed(self, record: RequestRecord) -> None:
        if "completed" in self._events_of(record):
            self.callbacks.deliver(record)
        else:
            self.store.save_request(record.model_copy(update={"webhook_settled": True}))

    def _events_of(self, record: RequestRecord) -> tuple[str, ...]:
        return self._usual_events if record.webhook_events is None else record.webhook_events

    async def _reset(self) -> None:
        await self.queue.stop()
        await self.callbacks.stop()
        self.faults.clear()
        self.settings.reset()
        self.store.clear()
        self.files.clear()
