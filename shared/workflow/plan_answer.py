"""What the plot learns of a plan: what to ask for, and nothing that it can read for itself."""

from enum import StrEnum

from shared.addresses import Address
from shared.frozen import Frozen
from shared.keys import AssetKind
from shared.plan.models import Plan, PlannedShot


class PlanOutcome(StrEnum):
    """What the plot does next."""

    PLANNED = "planned"
    REJECTED = "rejected"
    NOTHING_TO_DO = "nothing to do"


class EngineChoice(Frozen):
    """One engine of a part, as the plot carries it."""

    asked: bool
    address: Address
    last: bool


class PartChoice(Frozen):
    """One part, as the plot carries it."""

    index: int
    engines: tuple[EngineChoice, ...]


class ImageChoice(Frozen):
    """A portrait or a background that has to be asked for."""

    kind: AssetKind
    address: Address


class ShotChoice(Frozen):
    """One shot, as the plot carries it: keys and indexes, for the state holds 256 KiB at most."""

    index: int
    images: tuple[ImageChoice, ...]
    composite: Address
    composite_asked: bool
    parts: tuple[PartChoice, ...]


class PlanAnswer(Frozen):
    """What the plot learns; every field is always there, since it reads them all.

    Parameters
    ----------
    review
        Whether a person looks at the pictures before a clip is paid for.
    """

    outcome: PlanOutcome
    error: str = ""
    message: str = ""
    plan_key: str = ""
    shots: tuple[ShotChoice, ...] = ()
    review: bool = False


def choices_of(plan: Plan, stored: frozenset[Address]) -> tuple[ShotChoice, ...]:
    """Return what the plot has to do for a plan of whose assets these are there."""
    return tuple(_shot_choice(plan, shot, stored) for shot in plan.shots)


def _shot_choice(plan: Plan, shot: PlannedShot, stored: frozenset[Address]) -> ShotChoice:
    asked = shot.composite in plan.assets and shot.composite not in stored
    images = [address for address in shot.images if asked and address not in stored]
    return ShotChoice(
        index=shot.index,
        images=tuple(ImageChoice(kind=plan.assets[address].kind, address=address) for address in images),
        composite=shot.composite,
        composite_asked=asked,
        parts=tuple(_part_choice(plan, index, stored) for index in shot.parts),
    )


def _part_choice(plan: Plan, index: int, stored: frozenset[Address]) -> PartChoice:
    engines = plan.parts[index].engines
    return PartChoice(
        index=index,
        engines=tuple(
            EngineChoice(
                asked=engine.clip is not None
                and engine.clip.address in plan.assets
                and engine.clip.address not in stored,
                address=engine.clip.address if engine.clip else "",
                last=engine is engines[-1],
            )
            for engine in engines
        ),
    )
