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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.ledger.budgets import OVER_CAP, CapReached, Limits
from shared.ledger.outages import ABSENT_CLOSED, ACCOUNT_CLOSED, account_of, closes_until, closure, outages_of
from shared.ledger.records import Failure, Job, Outage, Run, Seconds, Waiter
from shared.ledger.rules import may_claim
from shared.ledger.states import ACCEPT, DOUBT, FAIL, RELEASABLE, RELEASE, SEND, SETTLED, JobState
from shared.plan.models import Offer, Plan, PlannedAsset
from shared.ports import Claim
from shared.providers.callbacks import CallbackName
from shared.providers.errors import FILE_NOT_FETCHED, Scope, SortedError
from shared.providers.names import TITLES
from shared.providers.outcomes import Accepted, ProviderUnreachable, Refused, Unconfirmed
from shared.workflow.asking import AssetRequest, ask_again
from shared.workflow.run_over import TAKEN_OVER, why_run_is_over
from shared.workflow.waking import ASSET_FAILED, ASSET_HELD, HELD_MESSAGE, wake

if TYPE_CHECKING:
    from shared.ports import Ledger, Providers, Requests, TaskTokens
    from shared.workflow.handover import Handovers
    from shared.workflow.pausing import Pauses

CLAIM_LEASE: Seconds = 90
"""How long a claim holds: longer than its function may run, shorter than its message stays invisible."""

LEFT_ALONE = "EndpointLeftAlone"
"""Why a run made do without a clip that it never asked anybody for."""

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
    providers: "Providers"
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
    with ThreadPoolExecutor(1) as meanwhile:
        reading = meanwhile.submit(shop.load_plan, request.plan_key)  # it takes longer than all that is asked first
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
        plan = reading.result()
    asset = plan.assets[request.address]
    purchase = _Purchase(
        waiter, run, plan, asset, shop.ledger.outages(outages_of(offer.place for offer in asset.offers))
    )
    offers = _in_order(asset, job, run)
    if job is None or may_claim(job, _claim_of(asset.first, purchase, shop), shop.clock()):
        closed = [closure(offer.place, purchase.noted, shop.clock()) for offer in offers]
        offers = tuple(offer for offer, outage in zip(offers, closed, strict=True) if outage is None)
        if not offers:
            return _stay_away([outage for outage in closed if outage], purchase, shop)
        if job and job.failure and job.failure.error == FILE_NOT_FETCHED:
            # In an earlier run the provider could not fetch a file from where it was handed over.
            shop.handovers.forget(asset.offer_at(job.place))
    return _buy(offers, purchase, shop)


def _in_order(asset: PlannedAsset, job: Job | None, run: Run) -> tuple[Offer, ...]:
    """Return an asset's offers, the one to be tried first.

    It is another provider's after a failure that may pass, and where nobody could tell what became of the last request.
    """
    given_up = job is not None and job.run == run.name and job.retries > 0
    if job is None or not (given_up or job.state is JobState.HELD):
        return asset.offers
    tried = asset.offers.index(asset.offer_at(job.place)) + 1
    return (*asset.offers[tried:], *asset.offers[:tried])


def _buy(offers: Sequence[Offer], purchase: _Purchase, shop: Shop) -> Answer:
    """Claim an asset and have the first of these offers make it; the next one where that certainly does not."""
    match shop.ledger.claim(_claim_of(offers[0], purchase, shop), shop.clock()):
        case CapReached() as cap:
            failure = Failure(error=OVER_CAP, message=f"{purchase.asset.label}: {cap}")
            _answer_alone(purchase.waiter, failure, shop)
            return Answer.OVER_CAP
        case None:
            return _leave_to_others(purchase.waiter, shop)
        case claimed:
            return _submit(claimed, offers, purchase, shop)


def _claim_of(offer: Offer, purchase: _Purchase, shop: Shop) -> Claim:
    asset, run = purchase.asset, purchase.run
    return Claim(
        address=asset.address,
        kind=asset.kind,
        run=run.name,
        episode_id=run.episode_id,
        place=offer.place,
        usage=asset.usage_by(offer),
        secret=shop.new_secret(),
        lease=CLAIM_LEASE,
        episode_limits=purchase.plan.caps,
        day_limits=shop.day_limits,
        rebuy=shop.rebuy or run.rebuy,
        others=len(asset.offers) - 1,
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


def _submit(claimed: Job, offers: Sequence[Offer], purchase: _Purchase, shop: Shop) -> Answer:
    asset, offer, others = purchase.asset, offers[0], offers[1:]
    try:
        arguments = shop.handovers.fill_in(offer, shop.clock())
    except ProviderUnreachable as error:
        shop.ledger.step(claimed, RELEASE, shop.clock())
        if others:
            _strike(offer, str(error), purchase, shop)
            return _buy(others, purchase, shop)
        raise TryAgainLater(str(error)) from error
    announced = {
        "lease_until": shop.clock() + CLAIM_LEASE,
        "sent_at": shop.clock(),
        "sent_input": json.dumps(arguments),
        "handed_over": tuple(entry.file.address for entry in offer.inputs),
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
    url = name.url(shop.webhook_url, offer.provider)
    match shop.providers[offer.provider].submit(offer.endpoint, arguments, url, key=name.key):
        case Accepted(request_id):
            # None when the callback was quicker than we are: then the job is settled, which is as good.
            shop.ledger.step(sending, ACCEPT, shop.clock(), {"request_id": request_id, "submitted_at": shop.clock()})
            _all_is_well(offer, purchase, shop)
            return Answer.SUBMITTED
        case Unconfirmed(reason):
            shop.ledger.step(sending, DOUBT, shop.clock(), {"doubt": reason})
            _strike(offer, reason, purchase, shop)  # an outage has as few jobs in doubt as may be
            return Answer.UNCONFIRMED
        case Refused(refusal):
            return _settle_refusal(sending, refusal, offers, purchase, shop)


def _settle_refusal(
    sending: Job, refusal: SortedError, offers: Sequence[Offer], purchase: _Purchase, shop: Shop
) -> Answer:
    asset, offer, others, now = purchase.asset, offers[0], offers[1:], shop.clock()
    if refusal.scope in {Scope.ASSET, Scope.JOB}:
        failed = shop.ledger.step(sending, FAIL, now, {"failure": refusal.failure()})
        if failed:
            wake(failed, shop.ledger, shop.tokens)
        return Answer.FAILED
    # Nothing is wrong with the asset: it is free again.
    shop.ledger.step(sending, RELEASE, now)
    reason = f"{refusal.name}: {refusal.message}"
    closed: Outage | None = None
    if refusal.scope is Scope.ACCOUNT:
        what, who = account_of(offer.provider), TITLES[offer.provider]
        closed = shop.ledger.note_outage(
            what, f"{who} refuses the account: {refusal.message}", now, until=now + ACCOUNT_CLOSED
        )
    if refusal.scope is Scope.ENDPOINT:
        closed = _strike(offer, reason, purchase, shop, definite=not refusal.retry)
    if refusal.scope in {Scope.ACCOUNT, Scope.ENDPOINT} and others:
        return _buy(others, purchase, shop)
    if closed:
        return _stay_away([closed], purchase, shop)
    if refusal.scope is Scope.FILE:
        shop.handovers.forget(offer)
    raise TryAgainLater(f"{asset.label}: {reason}")


def _strike(offer: Offer, reason: str, purchase: _Purchase, shop: Shop, *, definite: bool = False) -> Outage | None:
    """Note that an endpoint is not well; return its outage once nothing is sent there for a while."""
    now, what = shop.clock(), str(offer.place)
    until = now + ABSENT_CLOSED if definite else closes_until(purchase.noted.get(what), now)
    outage = shop.ledger.note_outage(what, reason, now, until=until, definite=definite)
    return outage if until else None


def _stay_away(closed: Sequence[Outage], purchase: _Purchase, shop: Shop) -> Answer:
    """Send nothing for now: pause the run, step down to another engine, or wait, whichever there is reason for.

    Parameters
    ----------
    closed
        Why nobody is asked, in the order in which they would be.
    """
    accounts = {account_of(offer.provider) for offer in purchase.asset.offers}
    outage = next((outage for outage in closed if outage.what not in accounts), closed[0])
    if outage.what in accounts:
        shop.pauses.pause(purchase.run, outage.reason)
        return Answer.PUT_OFF
    if not outage.definite and not _has_another_engine(purchase):
        return Answer.PUT_OFF
    reason = Failure(error=LEFT_ALONE, message=f"{outage.what} is left alone for a while: {outage.reason}")
    shop.ledger.note_given_up(purchase.run.name, purchase.asset.address, reason)
    _answer_alone(purchase.waiter, Failure(error=ASSET_FAILED, message=reason.message), shop)
    return Answer.SKIPPED


def _has_another_engine(purchase: _Purchase) -> bool:
    address = purchase.asset.address
    return any(
        engine.clip and engine.clip.address == address for part in purchase.plan.parts for engine in part.engines[:-1]
    )


def _all_is_well(offer: Offer, purchase: _Purchase, shop: Shop) -> None:
    for what in outages_of([offer.place]):
        if what in purchase.noted:
            shop.ledger.end_outage(what)
    shop.pauses.resume(purchase.run)


def _answer_alone(waiter: Waiter, failure: Failure, shop: Shop) -> None:
    """Fail one token; whoever else waits for the asset has to be asked for now, since this one does it no more."""
    shop.tokens.fail(waiter.token, failure)
    shop.ledger.remove_waiter(waiter)
    job = shop.ledger.job(waiter.address)
    if job is None or job.state in {JobState.FREE, JobState.FAILED}:
        ask_again(waiter.address, shop.ledger, shop.requests)
