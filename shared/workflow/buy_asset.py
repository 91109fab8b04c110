"""Ask for one paid asset: join whoever is getting it already, or claim it and submit it, once.

The order of the steps is what makes paying twice impossible:

1. the waiter is written, **then** the job is read: either we see that it is settled, or its settler sees us;
2. the job is claimed by a conditional write; only its winner goes on;
3. the files it is made from are handed over; so far nothing was sent, and a lapsed claim may be taken over;
4. SUBMITTING is written, then the one POST is made. Whatever happens from here on, nobody submits it again without
   knowing what became of it.

A request is done with only when its asset is settled, or is where it can never become free again. Until then its
message comes again, since whoever prepares the asset may die, or be refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.addresses import Address
from shared.fal.callbacks import CallbackName
from shared.fal.errors import FILE_ERRORS, Scope, SortedError
from shared.fal.outcomes import Accepted, FalUnreachable, Refused, Unconfirmed
from shared.frozen import Frozen
from shared.ledger.records import Failure, Job, Seconds, Waiter
from shared.ledger.states import ACCEPT, DOUBT, FAIL, RELEASABLE, RELEASE, SEND, SETTLED, JobState
from shared.plan.models import Plan, PlannedAsset
from shared.ports import Claim
from shared.workflow.waking import wake

if TYPE_CHECKING:
    from shared.ports import Ledger, Provider, TaskTokens
    from shared.workflow.handover import Handovers

CLAIM_LEASE: Seconds = 90
"""How long a claim holds: longer than its function may run, shorter than its message stays invisible."""

SUBMITTER_LOST = "the submitter was lost"
"""The doubt about a job whose submitter died between announcing its POST and recording the answer."""


class AssetRequest(Frozen):
    """The message by which the plot asks for an asset."""

    token: str
    address: Address
    episode_id: str
    run: str
    plan_key: str


class Answer(StrEnum):
    """What became of a request."""

    STORED = "stored"
    FAILED = "failed"
    WAITING = "waiting"
    SUBMITTED = "submitted"
    UNCONFIRMED = "unconfirmed"
    RUN_OVER = "run over"


class TryAgainLater(Exception):
    """Nothing was bought; the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What buying needs from the world."""

    ledger: "Ledger"
    tokens: "TaskTokens"
    provider: "Provider"
    handovers: "Handovers"
    load_plan: Callable[[str], Plan]
    webhook_url: str
    clock: Callable[[], Seconds]
    new_secret: Callable[[], str]


def buy_asset(request: AssetRequest, shop: Shop) -> Answer:
    """Bring one request to where its token is answered, or where somebody else will answer it.

    Raises
    ------
    TryAgainLater
        When nothing was decided and the message should come again.
    """
    waiter = Waiter(address=request.address, token=request.token, run=request.run, since=shop.clock())
    shop.ledger.add_waiter(waiter)
    job = shop.ledger.job(request.address)
    if job and job.state is JobState.STORED:
        wake(job, shop.ledger, shop.tokens)
        return Answer.STORED
    if over := _why_run_is_over(request, shop.ledger):
        shop.tokens.fail(request.token, over)
        shop.ledger.remove_waiter(waiter)
        return Answer.RUN_OVER
    asset = shop.load_plan(request.plan_key).assets[request.address]
    if job and job.failure and job.failure.error in FILE_ERRORS:
        shop.handovers.forget(asset)  # in an earlier run fal could not fetch a file from where it was handed over
    claimed = shop.ledger.claim(
        Claim(
            address=request.address,
            kind=asset.kind,
            run=request.run,
            endpoint=asset.endpoint,
            price_usd=asset.price_usd,
            secret=shop.new_secret(),
            lease=CLAIM_LEASE,
        ),
        shop.clock(),
    )
    return _submit(claimed, asset, waiter, shop) if claimed else _leave_to_others(waiter, shop)


def _leave_to_others(waiter: Waiter, shop: Shop) -> Answer:
    now = shop.clock()
    job = shop.ledger.job(waiter.address)
    if job and job.state is JobState.SUBMITTING and job.lease_until <= now:
        job = shop.ledger.step(job, DOUBT, now, {"doubt": SUBMITTER_LOST})
    if job is None or job.state in RELEASABLE:
        raise TryAgainLater(f"somebody else is asking for {waiter.address} just now")
    if job.state not in SETTLED:
        return Answer.WAITING
    # Everybody who waits, and not ourselves alone: whoever settled it may have died before it could wake them.
    wake(job, shop.ledger, shop.tokens)
    return Answer.STORED if job.state is JobState.STORED else Answer.FAILED


def _submit(claimed: Job, asset: PlannedAsset, waiter: Waiter, shop: Shop) -> Answer:
    try:
        arguments = shop.handovers.fill_in(asset, shop.clock())
    except FalUnreachable as error:
        shop.ledger.step(claimed, RELEASE, shop.clock())
        raise TryAgainLater(str(error)) from error
    sending = shop.ledger.step(claimed, SEND, shop.clock(), {"lease_until": shop.clock() + CLAIM_LEASE})
    if sending is None:
        return _leave_to_others(waiter, shop)  # the claim had lapsed, or an earlier attempt's result came after all
    name = CallbackName(address=asset.address, attempt=sending.attempt, secret=sending.secrets[str(sending.attempt)])
    match shop.provider.submit(asset.endpoint, arguments, name.url(shop.webhook_url)):
        case Accepted(request_id):
            # None when the callback was quicker than we are: then the job is settled, which is as good.
            shop.ledger.step(sending, ACCEPT, shop.clock(), {"request_id": request_id, "submitted_at": shop.clock()})
            return Answer.SUBMITTED
        case Unconfirmed(reason):
            shop.ledger.step(sending, DOUBT, shop.clock(), {"submitted_at": shop.clock(), "doubt": reason})
            return Answer.UNCONFIRMED
        case Refused(refusal):
            return _settle_refusal(sending, refusal, asset, shop)


def _settle_refusal(sending: Job, refusal: SortedError, asset: PlannedAsset, shop: Shop) -> Answer:
    if refusal.scope is Scope.ACCOUNT:
        # Nothing is wrong with the asset: it is free again, and every run says so until a person has acted.
        shop.ledger.step(sending, RELEASE, shop.clock())
        failure = Failure(error="AccountRefused", message=f"fal refuses the account: {refusal.message}")
        for waiter in shop.ledger.waiters(sending.address):
            shop.tokens.fail(waiter.token, failure)
            shop.ledger.remove_waiter(waiter)
        return Answer.FAILED
    if refusal.retry:
        if refusal.scope is Scope.FILE:
            shop.handovers.forget(asset)
        shop.ledger.step(sending, RELEASE, shop.clock())
        raise TryAgainLater(f"{asset.label}: {refusal.name}: {refusal.message}")
    failed = shop.ledger.step(sending, FAIL, shop.clock(), {"failure": refusal.failure()})
    if failed:
        wake(failed, shop.ledger, shop.tokens)
    return Answer.FAILED


def _why_run_is_over(request: AssetRequest, ledger: "Ledger") -> Failure | None:
    """Tell why a run may buy nothing more: a newer one took over, or it has ended."""
    newest = ledger.newest_run(request.episode_id)
    if newest is None or newest.name != request.run:
        return Failure(error="Superseded", message="a newer run of this episode has taken over")
    if newest.ended_at is not None:
        return Failure(error="RunEnded", message=f"this run has ended as {newest.state}")
    return None
