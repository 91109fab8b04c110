"""How far a run is: pure, from its plan and the ledger's jobs and parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.addresses import Address
from shared.keys import AssetKind
from shared.ledger.records import Job, PartOutcome, Run
from shared.ledger.states import JobState
from shared.plan.models import Plan, PlannedPart, PlannedShot


class Stage(StrEnum):
    """Where a picture or a part is."""

    WAITING = "waiting"
    MAKING = "making"
    BOUGHT = "bought"  # a clip that is not yet in the house format
    READY = "ready"
    UNSURE = "unsure"  # its provider may or may not have it
    FAILED = "failed"


_STAGES = {
    JobState.FREE: Stage.WAITING,
    JobState.CLAIMED: Stage.MAKING,
    JobState.SUBMITTING: Stage.MAKING,
    JobState.SUBMITTED: Stage.MAKING,
    JobState.UNCONFIRMED: Stage.UNSURE,
    JobState.HELD: Stage.UNSURE,
    JobState.STORED: Stage.READY,
    JobState.FAILED: Stage.FAILED,
}


@dataclass(frozen=True, slots=True)
class PartProgress:
    """How far a part is, and by which engine it is made."""

    number: str
    stage: Stage
    engine: str


@dataclass(frozen=True, slots=True)
class ShotProgress:
    """How far a shot is."""

    label: str
    portrait: Stage
    background: Stage
    composite: Stage
    parts: tuple[PartProgress, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    pictures
        Each portrait, background and composite once, by its name for people.
    spent_usd
        What this run has paid so far.
    expected_usd, ceiling_usd
        What it was quoted to pay, and at most.
    """

    shots: tuple[ShotProgress, ...]
    pictures: Mapping[str, Stage]
    parts_ready: int
    parts: int
    spent_usd: float
    expected_usd: float
    ceiling_usd: float
    reused: int


def progress_of(plan: Plan, run: Run, jobs: Mapping[Address, Job], made: Mapping[int, PartOutcome]) -> Progress:
    """Return how far a run is."""
    return Progress(
        shots=tuple(_shot(plan, shot, jobs, made) for shot in plan.shots),
        pictures=_pictures(plan, jobs),
        parts_ready=len(made),
        parts=len(plan.parts),
        spent_usd=sum(job.price_usd for job in jobs.values() if job.run == run.name and job.state is JobState.STORED),
        expected_usd=plan.quote.expected_usd,
        ceiling_usd=plan.quote.ceiling_usd,
        reused=plan.quote.reused,
    )


def _pictures(plan: Plan, jobs: Mapping[Address, Job]) -> dict[str, Stage]:
    lines = {shot.composite: _lines(plan, shot) for shot in plan.shots}
    return {
        f"{asset.label} ({lines[address]})" if address in lines else asset.label: _stage(address, jobs)
        for address, asset in plan.assets.items()
        if asset.kind is not AssetKind.CLIP
    }


def _lines(plan: Plan, shot: PlannedShot) -> str:
    numbers = list(dict.fromkeys(str(plan.parts[index].line) for index in shot.parts))
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers)}"


def _shot(plan: Plan, shot: PlannedShot, jobs: Mapping[Address, Job], made: Mapping[int, PartOutcome]) -> ShotProgress:
    images = {plan.assets[address].kind.value: _stage(address, jobs) for address in shot.images}
    return ShotProgress(
        label=shot.label,
        portrait=images.get("portrait", Stage.READY),
        background=images.get("background", Stage.READY),
        composite=_stage(shot.composite, jobs),
        parts=tuple(_part(plan.parts[index], jobs, made) for index in shot.parts),
    )


def _part(part: PlannedPart, jobs: Mapping[Address, Job], made: Mapping[int, PartOutcome]) -> PartProgress:
    number = f"{part.line}" if part.pieces == 1 else f"{part.line}.{part.piece}"
    if outcome := made.get(part.index):
        return PartProgress(number, Stage.READY, outcome.engine)
    stages = [
        (engine.name, _stage(engine.clip.address, jobs) if engine.clip else Stage.WAITING) for engine in part.engines
    ]
    # The engine at work is the first one that has not failed.
    name, stage = next(((name, stage) for name, stage in stages if stage is not Stage.FAILED), stages[-1])
    return PartProgress(number, Stage.BOUGHT if stage is Stage.READY else stage, name)


def _stage(address: Address, jobs: Mapping[Address, Job]) -> Stage:
    return _STAGES[jobs[address].state] if address in jobs else Stage.WAITING
