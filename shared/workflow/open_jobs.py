"""Bring an open job to its end: by looking it up at its provider, in the list of requests, or by giving up the wait.

An engine's clock starts when the provider says that it works on the job, not while it queues. A job that is overdue is
cancelled, and is over only when the provider says so: until then nothing else is bought in its stead. So is one that
nobody wants any more since its run was cancelled.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.keys import AssetKind
from shared.ledger.records import Job, Seconds
from shared.ledger.states import ACCEPT, CANCEL, HOLD, START, WITHDRAW, JobState
from shared.providers.callbacks import (
    CallbackBody,
    CallbackName,
    Delivered,
    DeliveredElsewhere,
    JobFailed,
    write_found,
)
from shared.providers.matching import matches
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    InProgress,
    JobOutcome,
    ListedRequest,
    ProviderUnreachable,
    Queued,
)
from shared.workflow.asking import ask_again
from shared.workflow.run_over import is_unwanted
from shared.workflow.waking import wake

if TYPE_CHECKING:
    from shared.ports import Ledger, Providers, Queue, Requests, TaskTokens

_KEY_HOLDS: Seconds = 900
"""So long a request may be sent once more under its key. No provider says for how long it knows keys: HeyGen's day is
the only published figure, and three cycles of reconcile are enough."""

_UNREACHABLE = "provider unreachable"
_CLOCKS_APART: Seconds = 60
_LIST_WINDOW: Seconds = 300
"""The span in which a request was sent that belongs to a POST: longer than one may take, clocks apart and all."""

_MAX_PAYLOAD = 200_000
"""Bytes of a result that goes through the inbox; a larger one is fetched by whoever collects it."""


_FINISHED, _FAILED, _LISTED, _ADOPTED = "finished", "failed", "found in the list", "found, "
FOUND_OVER = frozenset(adopted + word for adopted in ("", _ADOPTED) for word in (_FINISHED, _FAILED, _LISTED))
"""What is said of jobs that were over at their provider before any callback had said so."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a job may take.

    Parameters
    ----------
    start
        In a provider's queue.
    picture_run, clip_run
        From when it was begun to be worked on.
    callback
        From its end until we must have heard of it: fal calls back for an hour.
    """

    start: Seconds
    picture_run: Seconds
    clip_run: Seconds
    callback: Seconds

    def run(self, kind: AssetKind) -> Seconds:
        """Return how long a job of this kind may be worked on."""
        return self.clip_run if kind is AssetKind.CLIP else self.picture_run

    def deadline(self, job: Job) -> Seconds:
        """Return from when on nobody will hear of a job any more."""
        return (job.sent_at or job.claimed_at) + self.start + self.run(job.kind) + self.callback


@dataclass(frozen=True, slots=True)
class JobDesk:
    """What looking after open jobs needs from the world.

    Parameters
    ----------
    rebuy
        Whether what is held is bought once more without asking a person.
    """

    ledger: "Ledger"
    tokens: "TaskTokens"
    providers: "Providers"
    requests: "Requests"
    inbox: "Queue"
    patience: Patience
    rebuy: bool
    webhook_url: str


def look_up(job: Job, request_id: str, now: Seconds, desk: JobDesk) -> str:
    """Ask how a job stands, and do what follows from it; return what that was, in words."""
    try:
        outcome: JobOutcome = desk.providers[job.provider].look_up(job.endpoint, request_id)
    except ProviderUnreachable:
        return _hold(job, now, desk) if now > desk.patience.deadline(job) else _UNREACHABLE
    match outcome:
        case Queued() | InProgress() if job.state is JobState.HELD:
            return _go_on(job, now, desk)
        case Queued():
            overdue = now - (job.submitted_at or job.claimed_at) > desk.patience.start
            return _cancel(job, request_id, now, desk) if overdue else _keep(job, request_id, now, desk, "queued")
        case InProgress():
            if job.started_at is None:
                desk.ledger.step(job, START, now, {"started_at": now})
            overdue = now - (job.started_at or now) > desk.patience.run(job.kind)
            return _cancel(job, request_id, now, desk) if overdue else _keep(job, request_id, now, desk, "in progress")
        case Finished(payload):
            _deliver(job, request_id, payload, desk)
            return _FINISHED
        case Failed():
            # Without its error: whoever collects it asks for it, and sorts what the provider then answers.
            _put_into_inbox(job, JobFailed(request_id, None), desk)
            return _FAILED if job.cancelled_at is None and job.withdrawn_at is None else "ended, as it was asked to"
        case Gone() as gone:
            return _look_in_list(job, request_id, gone, now, desk)


def settle_doubt(job: Job, doubted: Sequence[Job], now: Seconds, desk: JobDesk) -> str:
    """Look for a job in its provider's list of requests; give up the wait for it when its time is over.

    One that is held though its provider had accepted it (that was away, for example) is looked up as any other. Where
    the provider knows a request by our own key, it is sent once more under that key instead, as long as the key
    certainly holds.

    Parameters
    ----------
    doubted
        All jobs that are in doubt: of two that sent the very same request the list cannot tell which is which.
    """
    if job.request_id:
        return look_up(job, job.request_id, now, desk)
    found = _find_again(job, json.loads(job.sent_input), doubted, now, desk) if job.sent_input else None
    if found:
        return found
    if job.state is JobState.HELD:
        return _answer_held(job, desk)
    return _hold(job, now, desk) if now > desk.patience.deadline(job) else "unconfirmed"


def _find_again(job: Job, sent: Mapping[str, Any], doubted: Sequence[Job], now: Seconds, desk: JobDesk) -> str | None:
    """Find what became of a request, and do what follows from it; None where nobody can tell."""
    replayed = _replay(job, sent, now, desk)
    if replayed:
        return replayed
    twins = [other for other in doubted if other.place == job.place and other.sent_input == job.sent_input]
    if len(twins) > 1:  # itself is one
        return None
    for request in _listed(job, now, desk):
        if request.input is not None and matches(sent, request.input):
            adopted = desk.ledger.adopt(job, request.request_id, now)
            if adopted:
                return _ADOPTED + look_up(adopted, request.request_id, now, desk)
    return None


def _replay(job: Job, sent: Mapping[str, Any], now: Seconds, desk: JobDesk) -> str | None:
    """Ask for a job once more under the key that it was asked for; None where that is not possible, or no answer."""
    provider = desk.providers[job.provider]
    if not provider.replays_safely or job.sent_at is None or now - job.sent_at > _KEY_HOLDS:
        return None
    name = CallbackName(address=job.address, attempt=job.attempt, secret=job.secrets[str(job.attempt)])
    match provider.submit(job.endpoint, sent, name.url(desk.webhook_url, job.provider), key=name.key):
        case Accepted(request_id):
            adopted = desk.ledger.adopt(job, request_id, now)
            return _ADOPTED + look_up(adopted, request_id, now, desk) if adopted else None
        case _:
            return None  # what is refused now says nothing about the first time


def _look_in_list(job: Job, request_id: str, gone: Gone, now: Seconds, desk: JobDesk) -> str:
    """Find the result of a job in the list when the queue has forgotten it. That it has says nothing about payment.

    What the provider says that it has deleted was made, and only a person can have it bought again: nobody waits for
    that any longer.
    """
    listed = next((request for request in _listed(job, now, desk) if request.request_id == request_id), None)
    match listed.outcome if listed else None:
        case Finished(payload):
            _deliver(job, request_id, payload, desk)
            return _LISTED
        case Failed(error):
            _put_into_inbox(job, JobFailed(request_id, error), desk)
            return _FAILED
        case _:
            is_lost = gone.is_deleted or now > desk.patience.deadline(job)
            return _hold(job, now, desk) if is_lost else "gone at its provider"


def _listed(job: Job, now: Seconds, desk: JobDesk) -> Sequence[ListedRequest]:
    since = (job.sent_at or job.claimed_at) - _CLOCKS_APART
    try:
        # Until now: whether the list is of the requests that were sent in a span, or ended in it, is not documented.
        listed = desk.providers[job.provider].requests_between(job.endpoint, since, now + _CLOCKS_APART)
    except ProviderUnreachable:
        return ()
    return [request for request in listed if since <= request.sent_at <= since + _LIST_WINDOW]


def _cancel(job: Job, request_id: str, now: Seconds, desk: JobDesk) -> str:
    if job.cancelled_at is not None:
        return _hold(job, now, desk) if now - job.cancelled_at > desk.patience.callback else "cancelled"
    try:
        desk.providers[job.provider].cancel(job.endpoint, request_id)
    except ProviderUnreachable:
        return _UNREACHABLE
    desk.ledger.step(job, CANCEL, now, {"cancelled_at": now})
    return "cancelled"


def _keep(job: Job, request_id: str, now: Seconds, desk: JobDesk, standing: str) -> str:
    """Let a job go on; or have it cancelled where nobody wants it any more.

    Only the provider's answer settles it: the request may come too late, and then its result is kept. It is on record
    before it is made, so that whoever settles the job knows why it ended; and it is made again as long as the job goes
    on.
    """
    if not is_unwanted(job, desk.ledger):
        return standing
    if job.withdrawn_at is None and desk.ledger.step(job, WITHDRAW, now, {"withdrawn_at": now}) is None:
        return "changed meanwhile"
    try:
        desk.providers[job.provider].cancel(job.endpoint, request_id)
    except ProviderUnreachable:
        return _UNREACHABLE
    return "withdrawn"


def _go_on(job: Job, now: Seconds, desk: JobDesk) -> str:
    """Wait again for a held job that its provider turns out to have, unless that was told to stop and does not."""
    if job.cancelled_at is not None:
        return _answer_held(job, desk)
    return "found again" if desk.ledger.step(job, ACCEPT.only_from(job.state), now) else "changed meanwhile"


def _hold(job: Job, now: Seconds, desk: JobDesk) -> str:
    if job.state is JobState.HELD:
        return _answer_held(job, desk)
    held = desk.ledger.step(job, HOLD.only_from(job.state), now)
    return _answer_held(held, desk) if held else "changed meanwhile"


def _answer_held(job: Job, desk: JobDesk) -> str:
    if desk.rebuy and not job.bought_once_more and ask_again(job.address, desk.ledger, desk.requests):
        return "bought once more"
    wake(job, desk.ledger, desk.tokens)
    return "held"


def _deliver(job: Job, request_id: str, payload: Mapping[str, Any], desk: JobDesk) -> None:
    fits = len(json.dumps(payload)) <= _MAX_PAYLOAD
    _put_into_inbox(job, Delivered(request_id, payload) if fits else DeliveredElsewhere(request_id), desk)


def _put_into_inbox(job: Job, found: CallbackBody, desk: JobDesk) -> None:
    name = CallbackName(address=job.address, attempt=job.attempt, secret=job.secrets[str(job.attempt)])
    desk.inbox.send(json.dumps({"query": name.query, "body": write_found(found).decode()}))
