"""What is known of a run: by it, bill and status say what was paid for, and what did not work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.addresses import Address
from shared.frozen import Frozen
from shared.ledger.records import Failure, Job, PartOutcome, Run
from shared.ledger.states import JobState
from shared.plan.models import Plan, PlannedEngine, PlannedPart


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run, and what the ledger has of it.

    Parameters
    ----------
    jobs
        The jobs of its plan's assets, whichever run they are of.
    parts
        The parts that it has made, by their index.
    given_up
        Why it made do without clips, where their jobs do not say it, by the clips' addresses.
    """

    run: Run
    plan: Plan
    jobs: Mapping[Address, Job]
    parts: Mapping[int, PartOutcome] = field(default_factory=dict)
    given_up: Mapping[Address, Failure] = field(default_factory=dict)

    def reached(self, part: PlannedPart) -> tuple[PlannedEngine, ...]:
        """Return the engines of a part that the run has come to, or may have."""
        outcome = self.parts.get(part.index)
        if outcome is None:
            return part.engines
        names = [engine.name for engine in part.engines]
        return part.engines[: names.index(outcome.engine) + 1]

    @property
    def engines(self) -> dict[Address, str]:
        """The name of the engine that makes each clip."""
        return {engine.clip.address: engine.name for part in self.plan.parts for engine in part.engines if engine.clip}


class GivenUp(Frozen):
    """An engine that gave a part no clip that could be used.

    Parameters
    ----------
    error
        The name of the reason, for a machine.
    """

    engine: str
    error: str
    reason: str


class SteppedDown(Frozen):
    """A part that was made with a lesser engine than the script's first.

    Parameters
    ----------
    part
        Its place in the episode, from 0.
    what
        The line, and its piece where it has several: ``line 3, piece 2 of 2 (Mara)``.
    """

    part: int
    line: int
    what: str
    engine: str
    given_up: tuple[GivenUp, ...]


NOT_KNOWN = "NotKnown"


def stepped_down_of(record: RunRecord) -> tuple[SteppedDown, ...]:
    """Return the parts of a run that were made with a lesser engine, and why each better one was given up."""
    return tuple(
        SteppedDown(
            part=part.index,
            line=part.line,
            what=part.label,
            engine=outcome.engine,
            given_up=tuple(
                _why_given_up(engine, record) for engine in part.engines if engine.name in outcome.stepped_down
            ),
        )
        for part in record.plan.parts
        if (outcome := record.parts.get(part.index)) and outcome.stepped_down
    )


def _why_given_up(engine: PlannedEngine, record: RunRecord) -> GivenUp:
    address = engine.clip.address if engine.clip else ""
    job = record.jobs.get(address)
    failure = record.given_up.get(address) or (job.failure if job and job.state is JobState.FAILED else None)
    if failure is None:
        return GivenUp(engine=engine.name, error=NOT_KNOWN, reason="no reason is on record")
    return GivenUp(engine=engine.name, error=failure.error, reason=failure.message)
