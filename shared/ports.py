"""What the workflow needs from the world: adapters implement it, and tests have in-memory ones of the same contract."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from shared.addresses import Address
from shared.keys import AssetKind
from shared.ledger.budgets import Budget, CapReached, Limits, Usage
from shared.ledger.records import (
    Failure,
    Handover,
    Job,
    Outage,
    PartOutcome,
    Run,
    RunState,
    Seconds,
    Waiter,
    Watch,
)
from shared.ledger.states import Transition
from shared.providers.callbacks import CallbackBody
from shared.providers.media import FileLifetimes, MediaFile
from shared.providers.names import Place, ProviderName
from shared.providers.outcomes import JobOutcome, ListedRequest, SubmitOutcome


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker states when it claims a job.

    Parameters
    ----------
    place
        Where it is to be asked for.
    usage
        What it reserves of its budgets.
    others
        How many other providers can make it.
    episode_limits, day_limits
        What the episode, and the stack in a day, may use at most.
    rebuy
        Whether a job that is held may be bought once more.
    """

    address: Address
    kind: AssetKind
    run: str
    episode_id: str
    place: Place
    usage: Usage
    secret: str
    lease: Seconds
    episode_limits: Limits = Limits()  # noqa: RUF009 -- immutable
    day_limits: Limits = Limits()  # noqa: RUF009 -- immutable
    rebuy: bool = False
    others: int = 0


class Ledger(Protocol):
    """Jobs, waiters and runs. Reads are strongly consistent; every write that decides something is conditional."""

    def job(self, address: Address) -> Job | None:
        """Return the job of an address, or None when the ledger has never seen it."""

    def jobs(self, addresses: Iterable[Address]) -> dict[Address, Job]:
        """Return the jobs of those addresses that the ledger has seen."""

    def claim(self, claim: Claim, now: Seconds) -> Job | CapReached | None:
        """Claim a job that is free, and reserve its cost; return it as claimed.

        Returns
        -------
        Job or CapReached or None
            None when somebody else has it or it is settled; `CapReached` when a budget does not allow it.
        """

    def step(
        self, job: Job, transition: Transition, now: Seconds, changes: Mapping[str, object] | None = None
    ) -> Job | None:
        """Make a transition on this attempt of a job; return the job after it, or None when its state forbids it."""

    def adopt(self, job: Job, request_id: str, now: Seconds) -> Job | None:
        """Accept a request that was found at the provider for a job; None also when another job has it already."""

    def spent(self, budget: Budget) -> Usage:
        """Return what has been reserved of a budget."""

    def watched(self) -> list[Watch]:
        """Return the addresses that reconcile looks after: every open job's, and all for which somebody waits."""

    def unwatch(self, watch: Watch) -> None:
        """Look after an address no more, unless somebody has had cause to since `watch` was read."""

    def add_waiter(self, waiter: Waiter) -> None:
        """Remember a task token that waits for an asset; the same token twice is one waiter."""

    def waiters(self, address: Address) -> list[Waiter]:
        """Return the tokens that wait for an asset."""

    def remove_waiter(self, waiter: Waiter) -> None:
        """Forget a token that was answered."""

    def claim_run(
        self,
        episode_id: str,
        digest: str,
        now: Seconds,
        *,
        name: Callable[[int], str],
        again: AbstractSet[RunState],
        rebuy: bool = False,
    ) -> Run:
        """Claim a state of an episode's inputs for a run.

        Parameters
        ----------
        name
            Gives the run's name for an attempt.
        again
            After which ends a run is taken up as the next attempt. What was claimed before another state of the inputs
            is taken up in any case: somebody went back to that state.
        rebuy
            Whether the new run may buy once more what is held.

        Returns
        -------
        Run
            A new run in state STARTING, or the run that has this state of the inputs already.
        """

    def run(self, episode_id: str, digest: str) -> Run | None:
        """Return the latest run at this state of the inputs."""

    def newest_run(self, episode_id: str) -> Run | None:
        """Return the run that was claimed last, at whatever state of the inputs."""

    def update_run(self, run: Run, state: RunState, changes: Mapping[str, object] | None = None) -> Run | None:
        """Bring this attempt of a run from a state that has not ended to `state`; None when it had ended already."""

    def open_runs(self) -> list[Run]:
        """Return every run that has not ended."""

    def note_part(self, run_name: str, outcome: PartOutcome) -> None:
        """Remember how a part was made in a run."""

    def parts(self, run_name: str) -> dict[int, PartOutcome]:
        """Return the parts that a run has made so far, by their index."""

    def note_given_up(self, run_name: str, address: Address, failure: Failure) -> None:
        """Remember why a run made do without a clip, where the clip's own job does not say it."""

    def given_up(self, run_name: str) -> dict[Address, Failure]:
        """Return what was noted so, by the clip's address."""

    def outages(self, whats: Iterable[str]) -> dict[str, Outage]:
        """Return the outages that are noted of endpoints, or of accounts."""

    def note_outage(
        self, what: str, reason: str, now: Seconds, *, until: Seconds = 0.0, definite: bool = False
    ) -> Outage:
        """Count one more sign of an outage, and send nothing there before `until`."""

    def end_outage(self, what: str) -> None:
        """Forget an outage: something was accepted."""

    def handover(self, address: Address, provider: ProviderName) -> Handover | None:
        """Return where a file was handed over to a provider, if it was."""

    def note_handover(self, address: Address, provider: ProviderName, handover: Handover) -> None:
        """Remember where a file was handed over."""

    def forget_handover(self, address: Address, provider: ProviderName) -> None:
        """Forget a place from which a provider could not fetch a file."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a listing."""

    key: str
    etag: str
    size: int
    modified_at: Seconds


class ObjectMissing(LookupError):
    """The bucket has no object with this key."""


class Bucket(Protocol):
    """The one bucket: inputs, assets, derived files and results."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises `ObjectMissing`."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store an object whole, replacing one that is there."""

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""

    def size(self, key: str) -> int:
        """Return an object's size in bytes; raises `ObjectMissing`."""

    def list(self, prefix: str, at_most: int | None = None) -> Sequence[StoredObject]:
        """Return all objects whose keys begin with `prefix`, or the first `at_most` of them, by key."""

    def download(self, key: str, target: Path) -> None:
        """Write an object to a file; raises `ObjectMissing`."""

    def upload(self, source: Path, key: str, content_type: str) -> None:
        """Store a file as an object."""

    def copy(self, source_key: str, target_key: str, content_type: str) -> None:
        """Copy an object within the bucket."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there are as good as deleted."""


class TaskTokens(Protocol):
    """Step Functions' side of a waiting task. A token that is gone counts as answered."""

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        """Let the waiting state go on."""

    def fail(self, token: str, failure: Failure) -> None:
        """Let the waiting state fail with this error."""


class Executions(Protocol):
    """Step Functions' executions."""

    def start(self, name: str, payload: Mapping[str, object]) -> str:
        """Start an execution, or find the one of this name; return its ARN."""

    def is_running(self, execution_arn: str) -> bool:
        """Tell whether an execution is still under way."""

    def stop(self, execution_arn: str, failure: Failure) -> None:
        """End an execution with this error; one that has ended, or never was, is left as it is."""


class Events(Protocol):
    """The event bus that says what became of an episode."""

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event on the bus."""


LONGEST_DELAY = 900
"""Seconds. Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


class Queue(Protocol):
    """One SQS queue."""

    def send(self, body: str, delay: int = 0) -> None:
        """Send a message, to be delivered after `delay` seconds (at most `LONGEST_DELAY`)."""


class Provider(Protocol):
    """One provider of pictures and clips, such as fal.ai.

    What its model answered is a *payload*, which only the provider itself reads: by `media_in`.
    """

    @property
    def name(self) -> ProviderName:
        """Which one it is."""

    @property
    def lifetimes(self) -> FileLifetimes:
        """How long files lie there."""

    @property
    def replays_safely(self) -> bool:
        """Whether the same submit under the same key, sent again, is one job and is paid for once."""

    def submit(
        self, endpoint: str, arguments: Mapping[str, object], callback_url: str | None, *, key: str
    ) -> SubmitOutcome:
        """Ask for one job, and say what is certain about it: with exactly one POST, unless it `replays_safely`.

        Parameters
        ----------
        callback_url
            None: nobody is called back.
        key
            Names this attempt at this asset, the same whenever it is sent again.
        """

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        """Say how a job stands; raises `ProviderUnreachable`."""

    def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask for the end of a job, which may finish all the same; raises `ProviderUnreachable`."""

    def requests_between(self, endpoint: str, since: Seconds, until: Seconds) -> Sequence[ListedRequest]:
        """Return the account's requests that were sent then, where there is a list; raises `ProviderUnreachable`."""

    def upload(self, data: bytes, content_type: str, file_name: str) -> str:
        """Hand a file over, for as long as `lifetimes` says; return its URL; raises `ProviderUnreachable`."""

    def file_argument(self, url: str) -> JsonValue:
        """Return how a request names a file that lies at this URL."""

    def read_callback(self, body: bytes) -> CallbackBody:
        """Read the body of a callback; raises `shared.providers.callbacks.CallbackUnreadable`."""

    def media_in(self, kind: AssetKind, payload: object, endpoint: str) -> MediaFile:
        """Return the file in what a model answered.

        Raises
        ------
        shared.providers.media.NoMediaReturned, shared.providers.media.BlockedByContentPolicy
            When there is none.
        """


Providers = Mapping[ProviderName, Provider]
"""All providers that are configured; asking for another one raises `shared.providers.names.NotConfigured`."""


class Requests(Protocol):
    """The queues by which assets are asked for, one a kind."""

    def send(self, kind: AssetKind, body: str, delay: int = 0) -> None:
        """Ask for an asset (again), after `delay` seconds (at most `LONGEST_DELAY`)."""
