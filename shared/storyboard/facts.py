"""What the storyboard page tells of a run, and of each of its parts."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from shared.addresses import Address
from shared.bill import Bill, BillLine
from shared.ledger.records import Seconds
from shared.plan.models import PlannedEngine, PlannedPart
from shared.plan.timeline import stretches
from shared.run_record import GivenUp, RunRecord
from shared.workflow.status import Trouble


class Ending(StrEnum):
    """How far the run is that the page tells of."""

    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting for review"


@dataclass(frozen=True, slots=True)
class Storyboard:
    """A run that has ended, or waits for a person.

    Parameters
    ----------
    message
        One sentence that says how it stands.
    troubles
        What failed, or was made with a lesser engine, and why.
    how_to_answer
        While a person is waited for: the commands, by what they do.
    """

    record: RunRecord
    bill: Bill
    ending: Ending
    message: str
    troubles: tuple[Trouble, ...] = ()
    how_to_answer: Mapping[str, str] = field(default_factory=dict)


class Origin(StrEnum):
    """Where a part's clip comes from."""

    BOUGHT = "bought"
    REUSED = "reused"  # it had been paid for before this run
    SHARED = "shared"  # it is the clip of an earlier part, which says what it cost
    STILL = "still"
    OWN = "own video"
    NOT_MADE = "not made"


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part as the page shows it.

    Parameters
    ----------
    start, end
        When it is shown in the episode, with the pause after it.
    engine
        Its name; None while the part is not made.
    usd
        What this run paid for its clips, also for those that could not be used; no earlier part's is counted again.
    given_up
        The better engines that gave no clip, and why.
    """

    part: PlannedPart
    start: Seconds
    end: Seconds
    engine: str | None
    origin: Origin
    usd: float
    given_up: tuple[GivenUp, ...]


def shown_parts(storyboard: Storyboard) -> list[ShownPart]:
    """Return the parts of an episode in order."""
    return list(_shown_parts(storyboard))


def _shown_parts(storyboard: Storyboard) -> Iterator[ShownPart]:
    record, bill = storyboard.record, storyboard.bill
    lines = {line.address: line for line in bill.lines}
    given_up = {entry.part: entry.given_up for entry in bill.stepped_down}
    told: set[Address] = set()
    for stretch in stretches(record.plan, {}, record.plan.edit.outputs[0]):
        part = stretch.part
        if part is None:  # a card
            continue
        engine = _engine_of(part, record)
        clips = {engine.clip.address for engine in part.engines if engine.clip}
        usd = sum(lines[address].usd for address in clips & lines.keys() - told)
        origin = _origin(engine, lines, told)
        told |= clips
        yield ShownPart(
            part=part,
            start=round(stretch.start, 3),
            end=round(stretch.start + stretch.seconds, 3),
            engine=engine.name if engine else None,
            origin=origin,
            usd=usd,
            given_up=given_up.get(part.index, ()),
        )


def _engine_of(part: PlannedPart, record: RunRecord) -> PlannedEngine | None:
    outcome = record.parts.get(part.index)
    return next((engine for engine in part.engines if outcome and engine.name == outcome.engine), None)


def _origin(engine: PlannedEngine | None, lines: Mapping[Address, BillLine], told: AbstractSet[Address]) -> Origin:
    if engine is None:
        return Origin.NOT_MADE
    if engine.clip is None:
        return Origin.STILL
    line = lines.get(engine.clip.address)
    if line is None:
        return Origin.OWN
    if engine.clip.address in told:
        return Origin.SHARED
    return Origin.REUSED if line.reused else Origin.BOUGHT
