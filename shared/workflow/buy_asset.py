"""Ask for one paid asset: join whoever is getting it already, or claim it and submit it, once.

The order of the steps is what makes paying twice impossible:

1. the waiter is written, **then** the job is read: either we see that it is settled, or its settler sees us;
2. the job is claimed, and its cost reserved, by one conditional write; only its winner goes on;
3. the files it is made from are handed over; so far nothing was sent, and a lapsed claim may be taken over;
4. SUBMITTING is written, then the one POST is made. Whatever happens from here on, nobody submits it again without
   knowing what became of it.

A request is done with when its token is answered or somebody else is bound to: whoever has the job, or reconcile,
which asks again for what is free and waited for.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.fal.callbacks import CallbackName
from shared.fal.errors import FILE_ERRORS, Scope, SortedError
from shared.fal.outcomes import Accepted, FalUnreachable, Refused, Unconfirmed
from shared.ledger.budgets import OVER_CAP, CapReached, Limits
from shared.ledger.outages import ABSENT_CLOSED, ACCOUNT, ACCOUNT_CLOSED, closes_until, closure
from shared.ledger.records import Failure, Job, Outage, Run, Seconds, Waiter
from shared.ledger.rules import may_claim
from shared.ledger.states import ACCEPT, DOUBT, FAIL, RELEASABLE, RELEASE, SEND, SETTLED, JobState
from shared.plan.models import Plan, PlannedAsset
from shared.ports import Claim
from shared.workflow.asking import AssetRequest, ask_again
from shared.workflow.run_over import TAKEN_OVER, why_run_is_over
from shared.workflow.waking import ASSET_FAILED, ASSET_HELD, HELD_MESSAGE, wake

if TYPE_CHECKING:
    from shared.ports import Ledger, Provider, Requests, TaskTokens
    from shared.workflow.handover import Handovers
    from shared.workflow.pausing import Pauses

CLAIM_LEASE: Seconds = 90
"""How long a claim holds: longer than its function may run, shorter than its message stays invisible."""

LEFT_ALONE = "EndpointLeftAlone"
"""Why a run made do without a clip that it never asked fal for."""

SUBMITTER_LOST = "the submitter was lost"
"""The doubt about a job whose submitter died between announcing its POST and recording the answer."""


class Answer(StrEnum):
    """What became of a request."""

    STORED = "stored"
    FAILED = "failed"
    WAITING = "waiting"
    SUBMITTED = "submitted"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    OVER_CAP = "over a cap"
    PUT_OFF = "put off"  # nothing is sent there for now; reconcile asks again
    SKIPPED = "skipped"  # this engine, for now
    RUN_OVER = "run over"


class TryAgainLater(Exception):
    """Nothing was bought; the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What buying needs from the world.

    Parameters
    ----------
    day_limits
        What the stack may use in a day at most.
    rebuy
        Whether what is held is bought once more without asking a person.
    """

    ledger: "Ledger"
    tokens: "TaskTokens"
    provider: "Provider"
    handovers: "Handovers"
    requests: "Requests"
    pauses: "Pauses"
    load_plan: Callable[[str], Plan]
    webhook_url: str
    day_limits: Limits
    rebuy: bool
    clock: Callable[[], Seconds]
    new_secret: Callable[[], str]


@dataclass(frozen=True, slots=True)
class _Purchase:
    """One request, with all that is known about it."""

    waiter: Waiter
    run: Run
    plan: Plan
    asset: PlannedAsset
    noted: dict[str, Outage]


def buy_asset(request: AssetRequest, shop: Shop) -> Answer:
    """Bring one request to where its token is answered, or where somebody else will answer it.

    Raises
    ------
    TryAgainLater
        When nothing was decided and the message should come again.
    """
    waiter = request.waiter(shop.clock())
    shop.ledger.add_waiter(waiter)
    job = shop.ledger.job(request.address)
    if job and job.state is JobState.STORED:
        wake(job, shop.ledger, shop.tokens)
        return Answer.STORED
    run = shop.ledger.newest_run(request.episode_id)
    over = why_run_is_over(request.run, run)
    if run is None or over:
        _answer_alone(waiter, over or TAKEN_OVER, shop)
        return Answer.RUN_OVER
    plan = shop.load_plan(request.plan_key)
    asset = plan.assets[request.address]
    purchase = _Purchase(waiter, run, plan, asset, shop.ledger.outages((ACCOUNT, asset.endpoint)))
    claim = _claim_of(purchase, shop)
    if job is None or may_claim(job, claim, shop.clock()):
        closed = closure(asset.endpoint, purchase.noted, shop.clock())
        if closed:
            return _stay_away(closed, purchase, shop)
        if job and job.failure and job.failure.error in FILE_ERRORS:
            shop.handovers.forget(asset)  # in an earlier run fal could not fetch a file from where it was handed over
    match shop.ledger.claim(claim, shop.clock()):
        case CapReached() as cap:
            _answer_alone(waiter, Failure(error=OVER_CAP, message=f"{asset.label}: {cap}"), shop)
            return Answer.OVER_CAP
        case None:
            return _leave_to_others(waiter, shop)
        case claimed:
            return _submit(claimed, purchase, shop)


def _claim_of(purchase: _Purchase, shop: Shop) -> Claim:
    asset, run = purchase.asset, purchase.run
    return Claim(
        address=asset.address,
        kind=asset.kind,
        run=run.name,
        episode_id=run.episode_id,
        endpoint=asset.endpoint,
        usage=asset.usage,
        secret=shop.new_secret(),
        lease=CLAIM_LEASE,
        episode_limits=purchase.plan.caps,
        day_limits=shop.day_limits,
        rebuy=shop.rebuy or run.rebuy,
    )


def _leave_to_others(waiter: Waiter, shop: Shop) -> Answer:
    now = shop.clock()
    job = shop.ledger.job(waiter.address)
    if job and job.state is JobState.SUBMITTING and job.lease_until <= now:
        job = shop.ledger.step(job, DOUBT, now, {"doubt": SUBMITTER_LOST})
    if job is None or job.state in RELEASABLE:
        raise TryAgainLater(f"somebody else is asking for {waiter.address} just now")
    if job.state is JobState.HELD:
        _answer_alone(waiter, Failure(error=ASSET_HELD, message=HELD_MESSAGE), shop)
        return Answer.HELD
    if job.state not in SETTLED:
        return Answer.WAITING
    # Everybody who waits, and not ourselves alone: whoever settled it may have died before it could wake them.
    wake(job, shop.ledger, shop.tokens)
    return Answer.STORED if job.state is JobState.STORED else Answer.FAILED


def _submit(claimed: Job, purchase: _Purchase, shop: Shop) -> Answer:
    asset = purchase.asset
    try:
        arguments = shop.handovers.fill_in(asset, shop.clock())
    except FalUnreachable as error:
        shop.ledger.step(claimed, RELEASE, shop.clock())
        raise TryAgainLater(str(error)) from error
    announced = {
        "lease_until": shop.clock() + CLAIM_LEASE,
        "sent_at": shop.clock(),
        "sent_input": json.dumps(arguments),
        "handed_over": tuple(entry.file.address for entry in asset.inputs),
    }
    try:
        sending = shop.ledger.step(claimed, SEND, shop.clock(), announced)
    except Exception:
        # It may be on record that something is being sent, and nothing is: only we know, and nobody could find out.
        shop.ledger.step(claimed, RELEASE, shop.clock())
        raise
    if sending is None:
        return _leave_to_others(purchase.waiter, shop)  # the claim had lapsed, or an earlier attempt's result came
    name = CallbackName(address=asset.address, attempt=sending.attempt, secret=sending.secrets[str(sending.attempt)])
    match shop.provider.submit(asset.endpoint, arguments, name.url(shop.webhook_url)):
        case Accepted(request_id):
            # None when the callback was quicker than we are: then the job is settled, which is as good.
            shop.ledger.step(sending, ACCEPT, shop.clock(), {"request_id": request_id, "submitted_at": shop.clock()})
            _all_is_well(purchase, shop)
            return Answer.SUBMITTED
        case Unconfirmed(reason):
            shop.ledger.step(sending, DOUBT, shop.clock(), {"doubt": reason})
            return Answer.UNCONFIRMED
        case Refused(refusal):
            return _settle_refusal(sending, refusal, purchase, shop)


def _settle_refusal(sending: Job, refusal: SortedError, purchase: _Purchase, shop: Shop) -> Answer:
    asset, now = purchase.asset, shop.clock()
    if refusal.scope in {Scope.ASSET, Scope.JOB}:
        failed = shop.ledger.step(sending, FAIL, now, {"failure": refusal.failure()})
        if failed:
            wake(failed, shop.ledger, shop.tokens)
        return Answer.FAILED
    # Nothing is wrong with the asset: it is free again.
    shop.ledger.step(sending, RELEASE, now)
    reason = f"{refusal.name}: {refusal.message}"
    if refusal.scope is Scope.ACCOUNT:
        outage = shop.ledger.note_outage(
            ACCOUNT, f"fal refuses the account: {refusal.message}", now, until=now + ACCOUNT_CLOSED
        )
        return _stay_away(outage, purchase, shop)
    if refusal.scope is Scope.ENDPOINT:
        until = now + ABSENT_CLOSED if not refusal.retry else closes_until(purchase.noted.get(asset.endpoint), now)
        outage = shop.ledger.note_outage(asset.endpoint, reason, now, until=until, definite=not refusal.retry)
        if until:
            return _stay_away(outage, purchase, shop)
    if refusal.scope is Scope.FILE:
        shop.handovers.forget(asset)
    raise TryAgainLater(f"{asset.label}: {reason}")


def _stay_away(outage: Outage, purchase: _Purchase, shop: Shop) -> Answer:
    """Send nothing for now: pause the run, step down to another engine, or wait, whichever there is reason for."""
    if outage.what == ACCOUNT:
        shop.pauses.pause(purchase.run, outage.reason)
        return Answer.PUT_OFF
    if not outage.definite and not _has_another_engine(purchase):
        return Answer.PUT_OFF
    reason = Failure(error=LEFT_ALONE, message=f"{purchase.asset.endpoint} is left alone for a while: {outage.reason}")
    shop.ledger.note_given_up(purchase.run.name, purchase.asset.address, reason)
    _answer_alone(purchase.waiter, Failure(error=ASSET_FAILED, message=reason.message), shop)
    return Answer.SKIPPED


def _has_another_engine(purchase: _Purchase) -> bool:
    address = purchase.asset.address
    return any(
        engine.clip and engine.clip.address == address for part in purchase.plan.parts for engine in part.engines[:-1]
    )


def _all_is_well(purchase: _Purchase, shop: Shop) -> None:
    for what in purchase.noted:
        shop.ledger.end_outage(what)
    shop.pauses.resume(purchase.run)


def _answer_alone(waiter: Waiter, failure: Failure, shop: Shop) -> None:
    """Fail one token; whoever else waits for the asset has to be asked for now, since this one does it no more."""
    shop.tokens.fail(waiter.token, failure)
    shop.ledger.remove_waiter(waiter)
    job = shop.ledger.job(waiter.address)
    if job is None or job.state in {JobState.FREE, JobState.FAILED}:
        ask_again(waiter.address, shop.ledger, shop.requests)
