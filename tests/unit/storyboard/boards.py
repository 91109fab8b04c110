"""Storyboards of runs that never were: each asset is bought a while after what it is made from."""

from collections.abc import Iterable
from typing import Any

from shared.bill import bill_of
from shared.keys import AssetKind
from shared.ledger.records import Failure, Job, PartOutcome, Run, RunState
from shared.ledger.states import JobState
from shared.plan.models import Plan, PlannedAsset
from shared.providers.names import ProviderName
from shared.run_record import RunRecord
from shared.storyboard.facts import Ending, Storyboard
from shared.workflow.reasons import troubles_of
from tests.builders import DIGEST, EPISODE, RUN, job_of

STARTED_AT = 1_700_000_000.0
_ASKED_AFTER = {AssetKind.PORTRAIT: 2.0, AssetKind.BACKGROUND: 2.5, AssetKind.COMPOSITE: 15.0, AssetKind.CLIP: 30.0}
_RUNS_FOR = {AssetKind.PORTRAIT: 8.0, AssetKind.BACKGROUND: 9.0, AssetKind.COMPOSITE: 7.0, AssetKind.CLIP: 60.0}

FAILURES: dict[Ending, Failure] = {Ending.FAILED: Failure(error="ShotFailed", message="a shot could not be made")}


def run_of(**fields: Any) -> Run:
    values: dict[str, Any] = {
        "episode_id": EPISODE,
        "digest": DIGEST,
        "attempt": 1,
        "name": RUN,
        "state": RunState.DONE,
        "started_at": STARTED_AT,
    }
    return Run.model_validate(values | fields)


def jobs_of(
    plan: Plan, *, reused: Iterable[str] = (), failed: Iterable[str] = (), by: ProviderName = ProviderName.FAL
) -> dict[str, Job]:
    """Return a settled job for every asset; each clip is queued behind the one before it.

    Parameters
    ----------
    by
        Who made what it can make; the rest is as it was planned.
    """
    jobs = {}
    for place, asset in enumerate(plan.assets.values()):
        is_reused, has_failed = asset.address in set(reused), asset.address in set(failed)
        sent = STARTED_AT + _ASKED_AFTER[asset.kind] + place
        start = sent + 1.5 + place * 0.7
        run_seconds = _RUNS_FOR[asset.kind]
        jobs[asset.address] = job_of(
            JobState.FAILED if has_failed else JobState.STORED,
            asset.address,
            kind=asset.kind,
            run="earlier" if is_reused else RUN,
            **_taken(asset, by),
            request_id=f"request-{place}",
            submitted_at=sent,
            started_at=start,
            run_seconds=run_seconds,
            settled_at=start + run_seconds + 0.8,
            failure=Failure(error="content_policy_violation", message="prompt: it was flagged", permanent=True)
            if has_failed
            else None,
        )
    return jobs


def _taken(asset: PlannedAsset, by: ProviderName) -> dict[str, Any]:
    offer = next((offer for offer in asset.offers if offer.provider is by), asset.first)
    return {"provider": offer.provider, "endpoint": offer.endpoint, "price_usd": offer.price_usd}


def board_of(
    plan: Plan,
    ending: Ending = Ending.DONE,
    *,
    reused: Iterable[str] = (),
    failed: Iterable[str] = (),
    stepped_down: Iterable[int] = (),
    by: ProviderName = ProviderName.FAL,
    message: str = "the episode is done",
    **fields: Any,
) -> Storyboard:
    """Return the storyboard of a plan's run.

    Parameters
    ----------
    reused, failed
        Addresses of assets that had been bought before, and that fal refused.
    stepped_down
        Parts that were made with their last engine.
    by
        As for `jobs_of`.
    """
    failed = set(failed)
    jobs = jobs_of(plan, reused=reused, failed=failed, by=by)
    lesser = set(stepped_down)
    parts = {}
    for part in plan.parts:
        place = -1 if part.index in lesser else 0
        names = [engine.name for engine in part.engines]
        parts[part.index] = PartOutcome(
            part=part.index,
            engine=names[place],
            seconds=part.seconds,
            stepped_down=tuple(names[:place]) if part.index in lesser else (),
        )
        if part.index not in lesser:  # nobody asked for what the others would have made
            for engine in part.engines[1:]:
                if engine.clip:
                    jobs.pop(engine.clip.address, None)
    if ending is not Ending.DONE:
        parts = {}
    if ending is Ending.WAITING:
        jobs = {address: job for address, job in jobs.items() if job.kind is not AssetKind.CLIP}
    last = max((job.settled_at or STARTED_AT for job in jobs.values()), default=STARTED_AT)
    failure = FAILURES.get(ending)
    record = RunRecord(
        run=run_of(ended_at=None if ending is Ending.WAITING else last + 6.0, failure=failure),
        plan=plan,
        jobs=jobs,
        parts=parts,
    )
    return Storyboard(
        record=record,
        bill=bill_of(record),
        ending=ending,
        message=message,
        troubles=troubles_of(record, failure),
        **fields,
    )
