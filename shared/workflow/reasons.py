"""Why a run failed, in words for the person whose episode it is: pure, from what the plot and the ledger know."""

import json
from collections.abc import Mapping

from shared.addresses import Address
from shared.ledger.records import Failure, Job, PartOutcome
from shared.ledger.states import JobState
from shared.plan.models import Plan
from shared.workflow.status import Trouble

STEPPED_DOWN = "SteppedDown"
ASSET_LATE = "AssetLate"
_REPORTED_BY_ASSETS = frozenset({"AssetFailed", "ShotFailed", "PartFailed", ASSET_LATE})
_NO_REASON = {
    "States.Timeout": "a step took longer than it may; the execution's history shows which",
    "Lambda.Unknown": "a function died without a word: it ran out of memory or time; its log shows which",
}


def troubles_of(
    plan: Plan, jobs: Mapping[Address, Job], made: Mapping[int, PartOutcome], failure: Failure | None
) -> tuple[Trouble, ...]:
    """Return what did not work in a run: what failed, what is late, and what was made with a lesser engine."""
    failed = [
        Trouble(what=asset.label, error=job.failure.error, message=job.failure.message)
        for address, asset in plan.assets.items()
        if (job := jobs.get(address)) and job.state is JobState.FAILED and job.failure
    ]
    late = [
        Trouble(what=asset.label, error=ASSET_LATE, message="fal has not delivered it; if it comes later it is kept")
        for address, asset in plan.assets.items()
        if failure and failure.error == ASSET_LATE and (job := jobs.get(address)) and job.is_open
    ]
    lesser = [
        Trouble(
            what=f"line {part.line}",
            error=STEPPED_DOWN,
            message=f"made with the engine {outcome.engine}, because {', '.join(outcome.stepped_down)} failed",
        )
        for part in plan.parts
        if (outcome := made.get(part.index)) and outcome.stepped_down
    ]
    return (*failed, *late, *lesser)


def reason_of(failure: Failure, troubles: tuple[Trouble, ...]) -> str:
    """Return the reason of a failure in one sentence: of an asset that failed, the asset's own."""
    own = [trouble for trouble in troubles if trouble.error != STEPPED_DOWN]
    if failure.error in _REPORTED_BY_ASSETS and own:
        return f"{own[0].what}: {own[0].message}"
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
