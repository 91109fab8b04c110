"""The bill: what a run bought, what it found already bought, and for how much."""

from collections.abc import Callable, Iterable

from shared.addresses import Address
from shared.frozen import Frozen
from shared.ledger.budgets import EXACT
from shared.ledger.records import Job, Seconds
from shared.ledger.states import JobState
from shared.plan.models import PlannedAsset
from shared.providers.names import TITLES, ProviderName
from shared.run_record import RunRecord, SteppedDown, stepped_down_of


class BillLine(Frozen):
    """One asset that is stored. However often it was asked for until it was made, it is one line and paid for once.

    Parameters
    ----------
    engine
        The engine that a clip is of; None for a picture.
    reused
        Whether it had been paid for before this run; then the run's times and money are none.
    usd
        What this run paid for it.
    price_source
        Where the price comes from.
    seconds
        Measured: from when the provider had accepted the job until the file was stored.
    running_seconds
        How long it was worked on: measured by the provider where it says so, else from when reconcile saw that it had
        begun until the file was stored. None where neither is known.
    queued_seconds
        Derived: `seconds` without `running_seconds`. It holds the wait in the provider's queue, and also the time that
        the callback and the download took.
    possible_duplicates
        How often it was bought once more while nobody knew whether it had been bought.
    """

    label: str
    kind: str
    address: Address
    provider: ProviderName
    endpoint: str
    engine: str | None
    reused: bool
    usd: float
    price_source: str
    request_id: str | None
    seconds: Seconds | None
    queued_seconds: Seconds | None
    running_seconds: Seconds | None
    possible_duplicates: int


class NotDelivered(Frozen):
    """One asset that this run asked for and does not have.

    Parameters
    ----------
    error
        The name of the reason: the provider's, or the state in which the job still is.
    usd
        Its price.
    may_be_charged
        Whether the provider may charge for it all the same.
    """

    label: str
    kind: str
    address: Address
    provider: ProviderName
    endpoint: str
    engine: str | None
    request_id: str | None
    error: str
    reason: str
    usd: float
    may_be_charged: bool


class Bill(Frozen):
    """What a run cost.

    The invoices for the run are together at least `total_usd`, and at most that with `possible_duplicate_usd` and
    `possibly_charged_usd` on top.

    Parameters
    ----------
    lines
        Every asset of the plan that is stored.
    stepped_down
        The parts that were made with a lesser engine, and why.
    failed
        What its provider gave up, or delivered so that it cannot be used.
    unsettled
        What was still under way, or held, when the bill was written. If it comes later it is kept, and charged.
    total_usd
        What certainly was paid: the sum of the lines.
    possible_duplicate_usd
        What was perhaps paid once more, because nobody could tell whether the first request had been accepted.
    possibly_charged_usd
        What providers may charge for what they did not deliver: of `failed` and `unsettled`, and of requests that they
        gave up and that were made once more.
    """

    episode_id: str
    run: str
    attempt: int
    lines: tuple[BillLine, ...]
    stepped_down: tuple[SteppedDown, ...]
    failed: tuple[NotDelivered, ...]
    unsettled: tuple[NotDelivered, ...]
    bought: int
    reused: int
    total_usd: float
    possible_duplicate_usd: float
    possibly_charged_usd: float


def bill_of(record: RunRecord) -> Bill:
    """Return the bill of a run so far."""
    engines = record.engines
    name = record.run.name
    known = [(asset, job) for address, asset in record.plan.assets.items() if (job := record.jobs.get(address))]
    mine = [(asset, job) for asset, job in known if job.run == name]
    lines = tuple(
        _line(asset, job, engines.get(asset.address), reused=job.run != name)
        for asset, job in known
        if job.state is JobState.STORED
    )

    def not_delivered(chosen: Callable[[Job], bool]) -> tuple[NotDelivered, ...]:
        return tuple(_not_delivered(asset, job, engines.get(asset.address)) for asset, job in mine if chosen(job))

    failed = not_delivered(lambda job: job.state is JobState.FAILED)
    unsettled = not_delivered(lambda job: job.is_open)
    return Bill(
        episode_id=record.run.episode_id,
        run=name,
        attempt=record.run.attempt,
        lines=lines,
        stepped_down=stepped_down_of(record),
        failed=failed,
        unsettled=unsettled,
        bought=sum(not line.reused for line in lines),
        reused=sum(line.reused for line in lines),
        total_usd=_total(line.usd for line in lines),
        possible_duplicate_usd=_total(job.price_usd * job.possible_duplicates for _, job in mine),
        possibly_charged_usd=_total(
            (
                *(entry.usd for entry in (*failed, *unsettled) if entry.may_be_charged),
                *(job.price_usd * job.charged_attempts for _, job in mine),
            )
        ),
    )


def _line(asset: PlannedAsset, job: Job, engine: str | None, *, reused: bool) -> BillLine:
    waited = None if reused else _between(job.submitted_at, job.settled_at)
    running = None if waited is None else _running(job, waited)
    return BillLine(
        label=asset.label,
        kind=asset.kind,
        address=asset.address,
        provider=job.provider,
        endpoint=job.endpoint,
        engine=engine,
        reused=reused,
        usd=0.0 if reused else job.price_usd,
        price_source=asset.offer_at(job.place).price_source,
        request_id=job.request_id,
        seconds=waited,
        queued_seconds=None if waited is None or running is None else round(waited - running, 3),
        running_seconds=running,
        possible_duplicates=0 if reused else job.possible_duplicates,
    )


def _not_delivered(asset: PlannedAsset, job: Job, engine: str | None) -> NotDelivered:
    error, reason, may_be_charged = _why_not_delivered(job)
    return NotDelivered(
        label=asset.label,
        kind=asset.kind,
        address=asset.address,
        provider=job.provider,
        endpoint=job.endpoint,
        engine=engine,
        request_id=job.request_id,
        error=error,
        reason=reason,
        usd=job.price_usd,
        may_be_charged=may_be_charged,
    )


def _why_not_delivered(job: Job) -> tuple[str, str, bool]:
    match job.state:
        case JobState.FAILED if job.failure:
            return job.failure.error, job.failure.message, job.failure.may_be_charged
        case JobState.CLAIMED:
            return job.state, "it was being prepared; nothing was sent", False
        case JobState.SUBMITTED:
            return job.state, f"{TITLES[job.provider]} has it and had not delivered it when the bill was written", True
        case JobState.HELD:
            return job.state, f"{TITLES[job.provider]} may have made it, but it cannot be had from there", True
        case _:
            return job.state, f"nobody knows whether {TITLES[job.provider]} has it", True


def _running(job: Job, waited: Seconds) -> Seconds | None:
    running = job.run_seconds if job.run_seconds is not None else _between(job.started_at, job.settled_at)
    # A provider's clock is not ours: what it calls its work cannot have taken longer than we waited for it.
    return None if running is None else round(min(running, waited), 3)


def _between(start: Seconds | None, end: Seconds | None) -> Seconds | None:
    return None if start is None or end is None else round(max(end - start, 0.0), 3)


def _total(amounts: Iterable[float]) -> float:
    return round(sum(amounts), EXACT)
