"""Why a run failed, in words for the person whose episode it is: pure, from what the plot and the ledger know."""

import json
from collections.abc import Iterator

from shared.keys import AssetKind
from shared.ledger.records import Failure, Job
from shared.ledger.states import JobState
from shared.plan.models import PlannedAsset, PlannedEngine
from shared.providers.names import TITLES
from shared.run_record import RunRecord, SteppedDown, stepped_down_of
from shared.workflow.status import Trouble
from shared.workflow.waking import ASSET_FAILED, ASSET_HELD, HELD_MESSAGE

STEPPED_DOWN = "SteppedDown"
ASSET_LATE = "AssetLate"
_REPORTED_BY_ASSETS = frozenset({ASSET_FAILED, ASSET_HELD, "ShotFailed", "PartFailed", ASSET_LATE})
_NOT_DELIVERED = "{provider} has not delivered it; if it comes later it is kept"
_NO_REASON = {
    "States.Timeout": "a step took longer than it may; the execution's history shows which",
    "Lambda.Unknown": "a function died without a word: it ran out of memory or time; its log shows which",
}


def troubles_of(record: RunRecord, failure: Failure | None) -> tuple[Trouble, ...]:
    """Return what did not work in a run: what failed, is held or late, and what was made with a lesser engine."""
    asked = [(asset, job) for asset in _asked_for(record) if (job := record.jobs.get(asset.address))]
    asked.sort(key=lambda entry: not _is_indispensable(entry[0], record))  # what the run fails of comes first
    failed = [
        Trouble(what=asset.label, error=job.failure.error, message=job.failure.message)
        for asset, job in asked
        if job.failure and _counts_as_failed(job, record)
    ]
    held = [
        Trouble(what=asset.label, error=ASSET_HELD, message=HELD_MESSAGE)
        for asset, job in asked
        if job.state is JobState.HELD
    ]
    late = [
        Trouble(what=asset.label, error=ASSET_LATE, message=_NOT_DELIVERED.format(provider=TITLES[job.provider]))
        for asset, job in asked
        if failure and failure.error == ASSET_LATE and job.is_open and job.state is not JobState.HELD
    ]
    lesser = [
        Trouble(what=part.what, error=STEPPED_DOWN, message=_made_with_a_lesser_engine(part))
        for part in stepped_down_of(record)
    ]
    return (*failed, *held, *late, *lesser)


def _asked_for(record: RunRecord) -> Iterator[PlannedAsset]:
    """Return the assets that a run may have asked for: no clip of an engine that it did not come to."""
    clips = {engine.clip.address for part in record.plan.parts for engine in record.reached(part) if engine.clip}
    for address, asset in record.plan.assets.items():
        if asset.kind is not AssetKind.CLIP or address in clips:
            yield asset


def _is_indispensable(asset: PlannedAsset, record: RunRecord) -> bool:
    """Tell whether a run cannot do without an asset: a picture, or a clip where no other engine is left."""
    if asset.kind is not AssetKind.CLIP:
        return True
    return any(
        part.index not in record.parts and all(_has_failed(engine, record) for engine in part.engines)
        for part in record.plan.parts
        if any(engine.clip and engine.clip.address == asset.address for engine in part.engines)
    )


def _has_failed(engine: PlannedEngine, record: RunRecord) -> bool:
    job = record.jobs.get(engine.clip.address) if engine.clip else None
    return job is not None and job.state is JobState.FAILED


def _counts_as_failed(job: Job, record: RunRecord) -> bool:
    # What failed in an earlier run, and not for good, this one was free to try again, and did not come to.
    permanent = job.failure is not None and job.failure.permanent
    return job.state is JobState.FAILED and (permanent or job.run == record.run.name)


def _made_with_a_lesser_engine(part: SteppedDown) -> str:
    reasons = "; ".join(f"{given_up.engine}: {given_up.reason}" for given_up in part.given_up)
    return f"made with the engine {part.engine}, since others gave no clip ({reasons})"


def reason_of(failure: Failure, troubles: tuple[Trouble, ...]) -> str:
    """Return the reason of a failure in one sentence: of an asset that failed, the asset's own."""
    own = [trouble for trouble in troubles if trouble.error != STEPPED_DOWN]
    if failure.error in _REPORTED_BY_ASSETS and own:
        reported = next((trouble for trouble in own if trouble.error == failure.error), own[0])
        return f"{reported.what}: {reported.message}"
    said = _said(failure.message).strip()
    return said or _NO_REASON.get(failure.error, f"no reason was given for {failure.error}")


def _said(cause: str) -> str:
    """Return a cause in words: Lambda's is a JSON document that tells an exception.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    if not isinstance(document, dict) or "errorMessage" not in document:
        return cause
    kind, message = document.get("errorType", ""), document["errorMessage"]
    return f"{kind}: {message}" if kind and message else str(message or kind)
