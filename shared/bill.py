"""The bill: what a run bought, what it found already bought, and for how much."""

from collections.abc import Mapping

from shared.addresses import Address
from shared.frozen import Frozen
from shared.ledger.records import Job, Run, Seconds
from shared.ledger.states import JobState
from shared.plan.models import Plan


class BillLine(Frozen):
    """One asset.

    Parameters
    ----------
    reused
        Whether it had been paid for before this run.
    usd
        What this run paid for it.
    seconds
        From the submit to the stored file; None for what was reused.
    """

    label: str
    kind: str
    address: Address
    endpoint: str
    reused: bool
    usd: float
    request_id: str | None
    seconds: Seconds | None


class Bill(Frozen):
    """What a run cost."""

    episode_id: str
    run: str
    attempt: int
    lines: tuple[BillLine, ...]
    bought: int
    reused: int
    total_usd: float


def bill_of(plan: Plan, jobs: Mapping[Address, Job], run: Run) -> Bill:
    """Return the bill of a run so far: every asset of its plan that is stored."""
    lines = tuple(
        BillLine(
            label=asset.label,
            kind=asset.kind,
            address=address,
            endpoint=asset.endpoint,
            reused=job.run != run.name,
            usd=job.price_usd if job.run == run.name else 0.0,
            request_id=job.request_id,
            seconds=_waited(job) if job.run == run.name else None,
        )
        for address, asset in plan.assets.items()
        if (job := jobs.get(address)) and job.state is JobState.STORED
    )
    return Bill(
        episode_id=run.episode_id,
        run=run.name,
        attempt=run.attempt,
        lines=lines,
        bought=sum(not line.reused for line in lines),
        reused=sum(line.reused for line in lines),
        total_usd=round(sum(line.usd for line in lines), 4),
    )


def _waited(job: Job) -> Seconds | None:
    if job.submitted_at is None or job.settled_at is None:
        return None
    return round(max(job.settled_at - job.submitted_at, 0.0), 3)
