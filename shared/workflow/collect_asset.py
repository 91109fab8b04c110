"""Bring one result home: match its job, fetch the file, check it, store it as it came, wake who waits."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import parse_qs

from pydantic import ConfigDict, Field, model_validator

from shared.addresses import Address
from shared.downloads import DownloadFailed, DownloadRefused
from shared.frozen import Frozen
from shared.keys import AssetKind, FileRef
from shared.ledger.outages import closes_until
from shared.ledger.records import CANCELLED, Failure, Handover, Job, Seconds
from shared.ledger.states import ACCEPT, DISTRUST, FAIL, REPEAT, RETRY, SETTLED, STORE, JobState
from shared.media.errors import MediaRefused
from shared.media.thumbnails import thumbnail
from shared.ports import LONGEST_DELAY
from shared.providers.callbacks import CallbackName, Delivered, DeliveredElsewhere, JobFailed, read_found
from shared.providers.errors import Scope, SortedError
from shared.providers.media import BlockedByContentPolicy, NoMediaReturned
from shared.providers.names import ProviderName
from shared.providers.outcomes import Failed, Finished, Gone, ProviderUnreachable
from shared.webhooks.store import CALLBACKS
from shared.workflow.asking import ask_again
from shared.workflow.thumbnails import keep_thumbnail
from shared.workflow.waking import wake

if TYPE_CHECKING:
    from shared.downloads import Downloader
    from shared.ports import Bucket, Ledger, Provider, Providers, Requests, TaskTokens

MAX_RETRIES = 2
"""So often a run asks for an asset again after a provider has given it up and may do better."""

MAX_REFUSALS = 5
"""So often a file that is not what was paid for is fetched before the job counts as failed."""

_RETRY_BOUND: Seconds = 15


class InboxMessage(Frozen):
    """A callback as it lies in the inbox.

    Parameters
    ----------
    provider
        Whose callback it is, as its signature has shown; None for what was found out without one.
    query
        The query of the URL that was called.
    body, stored_body
        Its body; or the key of the object that holds it, where no queue carries it.
    """

    model_config = ConfigDict(hide_input_in_errors=True)  # errors are logged, and the query holds the job's secret

    provider: ProviderName | None = None
    query: str
    body: str | None = None
    stored_body: Annotated[str, Field(pattern=f"^{CALLBACKS}[0-9a-f]{{64}}$")] | None = None

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        if (self.body is None) == (self.stored_body is None):
            raise ValueError("a message has either a body or the key of one")
        return self

    @property
    def address(self) -> Address:
        """The address that the callback names; empty when it names none."""
        return parse_qs(self.query).get("address", [""])[0]


class Collected(StrEnum):
    """What became of a callback."""

    STORED = "stored"
    FAILED = "failed"
    ASKED_AGAIN = "asked again"
    KNOWN = "known already"
    FOREIGN = "of no job of ours"


class ResultNotReady(Exception):
    """A provider says that a job is done, but its result cannot be had or stored yet."""


_NO_REASON = SortedError(
    name="no_reason_given",
    message="the job failed, and its provider says no more why",
    scope=Scope.JOB,
    retry=False,
    may_be_charged=True,
)


_OVERDUE = Failure(error="Overdue", message="it took longer than it may, and was told to stop")
_WITHDRAWN = Failure(error=CANCELLED, message="its run was cancelled, nobody else waited, and it was stopped")


@dataclass(frozen=True, slots=True)
class CollectingDesk:
    """What collecting needs from the world.

    Parameters
    ----------
    check_file
        Looks at a file of a kind, gives its content type; raises `MediaRefused`.
    downloaders
        For each provider, what fetches files from its hosts, and from no others.
    jitter
        Gives a random number between two others.
    """

    ledger: "Ledger"
    tokens: "TaskTokens"
    bucket: "Bucket"
    providers: "Providers"
    requests: "Requests"
    downloaders: "Mapping[ProviderName, Downloader]"
    check_file: Callable[[AssetKind, Path], str]
    clock: Callable[[], Seconds]
    jitter: Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The attempt at a job that a callback answers, and where it was made."""

    number: int
    provider: "Provider"
    endpoint: str
    downloader: "Downloader"


def collect_asset(message: InboxMessage, desk: CollectingDesk) -> Collected:
    """Bring the result that a callback announces home.

    Raises
    ------
    ResultNotReady, DownloadFailed
        When the message should come again.
    """
    try:
        name = CallbackName.from_query(message.query)
    except ValueError:
        return Collected.FOREIGN
    job = desk.ledger.job(name.address)
    if job is None or not job.expects(name.attempt, name.secret):
        return Collected.FOREIGN
    place = job.place_of(name.attempt)
    if message.provider not in {None, place.provider}:
        return Collected.FOREIGN
    if job.state is JobState.STORED:
        wake(job, desk.ledger, desk.tokens)
        return Collected.KNOWN
    provider = desk.providers[place.provider]
    attempt = _Attempt(name.attempt, provider, place.endpoint, desk.downloaders[place.provider])
    body = _body_of(message, desk.bucket)
    callback = provider.read_callback(body) if message.provider else read_found(body)
    job = _confirm(job, attempt, callback.request_id, desk)
    match callback:
        case Delivered(request_id, payload):
            return _store(job, attempt, Finished(payload), request_id, desk)
        case JobFailed(request_id, error) if error:
            return _give_up(job, attempt, error, desk)
        case DeliveredElsewhere(request_id):
            return _look_up(job, attempt, request_id, None, desk)
        case JobFailed(request_id):
            return _look_up(job, attempt, request_id, _NO_REASON, desk)


def _body_of(message: InboxMessage, bucket: "Bucket") -> bytes:
    """Return a callback's body; raises `ObjectMissing`."""
    return bucket.get(message.stored_body) if message.stored_body else (message.body or "").encode()


def _confirm(job: Job, attempt: _Attempt, request_id: str, desk: CollectingDesk) -> Job:
    """Record that the provider has the job, where that was not known: whatever happens, it is found there again."""
    if attempt.number != job.attempt or job.state not in ACCEPT.sources:
        return job
    accepted = desk.ledger.step(job, ACCEPT, desk.clock(), {"request_id": request_id, "submitted_at": job.sent_at})
    return accepted or desk.ledger.job(job.address) or job


def _look_up(
    job: Job, attempt: _Attempt, request_id: str, if_gone: SortedError | None, desk: CollectingDesk
) -> Collected:
    """Ask for what a callback did not say; `if_gone` is the failure when the provider cannot say it any more."""
    match attempt.provider.look_up(attempt.endpoint, request_id):
        case Finished() as finished:
            return _store(job, attempt, finished, request_id, desk)
        case Failed(error):
            return _give_up(job, attempt, error, desk)
        case Gone() if if_gone:
            return _give_up(job, attempt, if_gone, desk)
        case other:
            raise ResultNotReady(f"{request_id}: {type(other).__name__}")


def _store(job: Job, attempt: _Attempt, finished: Finished, request_id: str, desk: CollectingDesk) -> Collected:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as aside:
        path = Path(folder) / "result"
        run_seconds = aside.submit(_run_seconds, attempt, request_id, finished)
        try:
            url = attempt.provider.media_in(job.kind, finished.payload, attempt.endpoint).url
            downloaded = attempt.downloader.fetch(url, path)
            content_type = desk.check_file(job.kind, path)
        except (NoMediaReturned, BlockedByContentPolicy) as refusal:
            permanent = isinstance(refusal, BlockedByContentPolicy)
            failure = Failure(error=type(refusal).__name__, message=str(refusal), permanent=permanent)
            return _fail(job, attempt, failure, desk)
        except (MediaRefused, DownloadRefused) as refusal:
            return _distrust(job, attempt, refusal, desk)
        except DownloadFailed as failure:
            if desk.clock() <= (job.sent_at or job.claimed_at) + attempt.provider.lifetimes.result:
                raise
            return _distrust(job, attempt, failure, desk)  # it need not be there any more: it is not tried for ever
        small = aside.submit(thumbnail, path) if job.kind is not AssetKind.CLIP else None
        desk.bucket.upload(path, FileRef.of_asset(job.kind, job.address).key, content_type)
    changes = {
        "request_id": request_id,
        "content_type": content_type,
        "size": downloaded.size,
        "sha256": downloaded.sha256,
        "run_seconds": run_seconds.result(),
        "failure": None,
    }
    stored = desk.ledger.step(job, STORE, desk.clock(), changes)
    if stored and job.kind is not AssetKind.CLIP and attempt.provider.lifetimes.results_are_inputs:
        # What is made from this picture is asked for next: the provider need not be given what it has.
        place = Handover(url=url, expires_at=(job.sent_at or 0.0) + attempt.provider.lifetimes.result)
        desk.ledger.note_handover(job.address, attempt.provider.name, place)
    collected = _settle(job, stored, desk)
    if collected is Collected.KNOWN:
        raise ResultNotReady(f"{request_id}: its asset was claimed once more meanwhile")  # next time it is stored
    if small:
        keep_thumbnail(job.address, small, desk.bucket)  # nobody waits for it any more
    return collected


def _run_seconds(attempt: _Attempt, request_id: str, finished: Finished) -> Seconds | None:
    """Return how long the job was worked on, for the bill: where a callback does not say it, nothing depends on it."""
    if finished.run_seconds is not None:
        return finished.run_seconds
    try:
        outcome = attempt.provider.look_up(attempt.endpoint, request_id)
    except ProviderUnreachable:
        return None
    return outcome.run_seconds if isinstance(outcome, Finished) else None


def _distrust(job: Job, attempt: _Attempt, refusal: Exception, desk: CollectingDesk) -> Collected:
    """Have the file fetched again a few times: it may have been cut short on its way, and it is paid for."""
    if attempt.number != job.attempt:
        return Collected.KNOWN
    if job.refusals + 1 >= MAX_REFUSALS:
        return _fail(job, attempt, Failure(error=type(refusal).__name__, message=str(refusal)), desk)
    desk.ledger.step(job, DISTRUST, desk.clock(), {"refusals": job.refusals + 1})
    raise ResultNotReady(f"what came for {job.address} is not what was paid for: {refusal}") from refusal


def _give_up(job: Job, attempt: _Attempt, error: SortedError, desk: CollectingDesk) -> Collected:
    """Settle a job that its provider has given up: ask for it once more where that may help, or let it fail."""
    if attempt.number != job.attempt:
        return Collected.KNOWN  # what an earlier attempt failed of is no news for the present one
    if job.state is JobState.FAILED:
        wake(job, desk.ledger, desk.tokens)
        return Collected.KNOWN
    now = desk.clock()
    changes: dict[str, object] = {"retries": job.retries + 1}
    again = (error.retry and job.retries < MAX_RETRIES) or _is_for_another(job, error)
    if error.scope is Scope.FILE:
        again, changes = not job.handed_over_afresh, {"handed_over_afresh": True}
    if not again:
        return _fail(job, attempt, _failure_of(job, error), desk)
    if error.scope is Scope.FILE:
        for address in job.handed_over:
            desk.ledger.forget_handover(address, attempt.provider.name)
    if error.may_be_charged:  # then what was reserved for it stays so
        changes["charged_attempts"] = job.charged_attempts + 1
    if desk.ledger.step(job, REPEAT if error.may_be_charged else RETRY, now, changes) is None:
        return Collected.KNOWN
    if error.scope is Scope.ENDPOINT:
        what = str(job.place)
        noted = desk.ledger.outages((what,)).get(what)
        desk.ledger.note_outage(what, f"{error.name}: {error.message}", now, until=closes_until(noted, now))
    bound = min(LONGEST_DELAY, _RETRY_BOUND * 2**job.retries)
    ask_again(job.address, desk.ledger, desk.requests, delay=round(desk.jitter(0, bound)))
    return Collected.ASKED_AGAIN


def _is_for_another(job: Job, error: SortedError) -> bool:
    """Tell whether another provider is to be asked: this one has ended the job, and not for what was asked."""
    return error.scope is Scope.JOB and job.withdrawn_at is None and job.retries < job.others


def _failure_of(job: Job, error: SortedError) -> Failure:
    """Return why a job failed: where its provider only says that it was ended, why we had asked for that."""
    if error.scope is not Scope.JOB:
        return error.failure()
    if job.cancelled_at is not None:
        return _OVERDUE
    return _WITHDRAWN if job.withdrawn_at is not None else error.failure()


def _fail(job: Job, attempt: _Attempt, failure: Failure, desk: CollectingDesk) -> Collected:
    if attempt.number != job.attempt:
        return Collected.KNOWN
    return _settle(job, desk.ledger.step(job, FAIL, desk.clock(), {"failure": failure}), desk)


def _settle(job: Job, settled: Job | None, desk: CollectingDesk) -> Collected:
    # None: somebody else settled it meanwhile. Its waiters are woken all the same: that somebody may have died there.
    current = settled or desk.ledger.job(job.address)
    if current is None or current.state not in SETTLED:
        return Collected.KNOWN
    wake(current, desk.ledger, desk.tokens)
    if current.was_withdrawn:
        ask_again(current.address, desk.ledger, desk.requests)  # for who began to wait at the last moment
    return Collected.STORED if current.state is JobState.STORED else Collected.FAILED
