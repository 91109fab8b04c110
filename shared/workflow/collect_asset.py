"""Bring one result home: match its job, fetch the file, check it, store it as it came, wake who waits."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from shared.addresses import Address
from shared.fal.callbacks import CallbackName, Delivered, DeliveredElsewhere, JobFailed, read_callback
from shared.fal.models.media import BlockedByContentPolicy, MediaFile, NoMediaReturned, first_image, only_video
from shared.fal.outcomes import Failed, Finished, Gone
from shared.frozen import Frozen
from shared.keys import AssetKind, FileRef
from shared.ledger.records import Failure, Job, Seconds
from shared.ledger.states import FAIL, SETTLED, STORE, JobState
from shared.media.errors import MediaRefused
from shared.workflow.waking import wake

if TYPE_CHECKING:
    from shared.downloads import Downloader
    from shared.ports import Bucket, Ledger, Provider, TaskTokens


class InboxMessage(Frozen):
    """A callback as it lies in the inbox."""

    query: str
    body: str

    @property
    def address(self) -> Address:
        """The address that the callback names; empty when it names none."""
        return parse_qs(self.query).get("address", [""])[0]


class Collected(StrEnum):
    """What became of a callback."""

    STORED = "stored"
    FAILED = "failed"
    KNOWN = "known already"
    FOREIGN = "of no job of ours"


class ResultNotReady(Exception):
    """fal says that a job is done, but its result cannot be had or stored yet."""


_NO_REASON = Failure(error="no_reason_given", message="fal says that the job failed, and no more why")


@dataclass(frozen=True, slots=True)
class CollectingDesk:
    """What collecting needs from the world.

    Parameters
    ----------
    check_file
        Looks at a file of a kind, gives its content type; raises `MediaRefused`.
    """

    ledger: "Ledger"
    tokens: "TaskTokens"
    bucket: "Bucket"
    provider: "Provider"
    downloader: "Downloader"
    check_file: Callable[[AssetKind, Path], str]
    clock: Callable[[], Seconds]


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
    if job.state is JobState.STORED:
        wake(job, desk.ledger, desk.tokens)
        return Collected.KNOWN
    match read_callback(message.body.encode()):
        case Delivered(request_id, payload):
            return _store(job, name, request_id, payload, desk)
        case JobFailed(request_id, error) if error:
            return _fail(job, name, request_id, error.failure(), desk)
        case DeliveredElsewhere(request_id):
            return _look_up(job, name, request_id, None, desk)
        case JobFailed(request_id):
            return _look_up(job, name, request_id, _NO_REASON, desk)


def _look_up(job: Job, name: CallbackName, request_id: str, if_gone: Failure | None, desk: CollectingDesk) -> Collected:
    """Ask fal for what a callback did not say; `if_gone` is the failure when fal cannot say it any more."""
    match desk.provider.look_up(job.endpoint, request_id):
        case Finished(payload):
            return _store(job, name, request_id, payload, desk)
        case Failed(error):
            return _fail(job, name, request_id, error.failure(), desk)
        case Gone() if if_gone:
            return _fail(job, name, request_id, if_gone, desk)
        case other:
            raise ResultNotReady(f"{request_id}: {type(other).__name__}")


def _store(
    job: Job, name: CallbackName, request_id: str, payload: Mapping[str, Any], desk: CollectingDesk
) -> Collected:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "result"
        try:
            desk.downloader.fetch(_media_in(payload, job).url, path)
            content_type = desk.check_file(job.kind, path)
        except (NoMediaReturned, BlockedByContentPolicy, MediaRefused) as refusal:
            permanent = isinstance(refusal, BlockedByContentPolicy)
            failure = Failure(error=type(refusal).__name__, message=str(refusal), permanent=permanent)
            return _fail(job, name, request_id, failure, desk)
        desk.bucket.upload(path, FileRef.of_asset(job.kind, job.address).key, content_type)
        size = path.stat().st_size
    changes = {"request_id": request_id, "content_type": content_type, "size": size}
    collected = _settle(job, desk.ledger.step(job, STORE, desk.clock(), changes), desk)
    if collected is Collected.KNOWN:
        raise ResultNotReady(f"{request_id}: its asset was claimed once more meanwhile")  # next time it is stored
    return collected


def _fail(job: Job, name: CallbackName, request_id: str, failure: Failure, desk: CollectingDesk) -> Collected:
    if name.attempt != job.attempt:
        return Collected.KNOWN  # what an earlier attempt failed of is no news for the present one
    changes = {"request_id": request_id, "failure": failure}
    return _settle(job, desk.ledger.step(job, FAIL, desk.clock(), changes), desk)


def _settle(job: Job, settled: Job | None, desk: CollectingDesk) -> Collected:
    # None: somebody else settled it meanwhile. Its waiters are woken all the same: that somebody may have died there.
    current = settled or desk.ledger.job(job.address)
    if current is None or current.state not in SETTLED:
        return Collected.KNOWN
    wake(current, desk.ledger, desk.tokens)
    return Collected.STORED if current.state is JobState.STORED else Collected.FAILED


def _media_in(payload: Mapping[str, Any], job: Job) -> MediaFile:
    read = only_video if job.kind is AssetKind.CLIP else first_image
    return read(payload, model_name=job.endpoint)


def read_inbox_message(text: str) -> InboxMessage:
    """Read a message of the inbox; raises `ValueError`."""
    return InboxMessage.model_validate(json.loads(text))
