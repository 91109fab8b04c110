"""The episode as it is shown: house clips one behind another, with what dissolves, is captioned and starts where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.addresses import address_of
from shared.captions.cues import Cue
from shared.configuration import DISSOLVE_RECIPE
from shared.keys import FileKind, FileRef
from shared.media.house_format import AspectRatio
from shared.plan.models import Plan, PlannedCard, PlannedPart


@dataclass(frozen=True, slots=True)
class Stretch:
    """A house clip's place in the episode.

    Parameters
    ----------
    house
        None while nobody knows with which engine it is made.
    part
        None for a card.
    start, seconds
        When it begins, and how long it lasts.
    """

    house: FileRef | None
    part: PlannedPart | None
    start: float
    seconds: float

    @property
    def scene(self) -> int | None:
        """The number of its scene; a card has none."""
        return self.part.scene if self.part else None


@dataclass(frozen=True, slots=True)
class Dissolve:
    """A house clip that dissolves into the next one; `file` holds the first frames of the latter."""

    before: FileRef
    after: FileRef

    @property
    def file(self) -> FileRef:
        """Where the blended frames lie."""
        address = address_of(DISSOLVE_RECIPE, FileKind.DISSOLVE, before=self.before.address, after=self.after.address)
        return FileRef(kind=FileKind.DISSOLVE, address=address)


def stretches(plan: Plan, engines: Mapping[int, str], output: AspectRatio) -> list[Stretch]:
    """Return the house clips of one of an episode's videos, in order.

    Parameters
    ----------
    engines
        With which engine each part was made, as far as it is.
    output
        The video's aspect ratio.
    """
    shown: list[tuple[FileRef | None, PlannedPart | None, float]] = []
    if plan.edit.title_card:
        shown.append(_of_card(plan.edit.title_card, output))
    shown += [(_house_of(part, engines, output), part, part.seconds + part.pause_seconds) for part in plan.parts]
    if plan.edit.end_card:
        shown.append(_of_card(plan.edit.end_card, output))
    placed: list[Stretch] = []
    at = 0.0
    for house, part, seconds in shown:
        placed.append(Stretch(house, part, at, seconds))
        at = round(at + seconds, 6)
    return placed


def episode_seconds(plan: Plan) -> float:
    """Return how long a plan's episode lasts."""
    last = stretches(plan, {}, plan.edit.outputs[0])[-1]
    return round(last.start + last.seconds, 3)


def dissolves(plan: Plan, shown: Sequence[Stretch]) -> dict[int, Dissolve]:
    """Return what dissolves into what, where scenes change, by the place of the later house clip in the episode.

    Cards dissolve too. What has not been made yet is left out.
    """
    return {
        place: Dissolve(before.house, after.house)
        for place, (before, after) in enumerate(pairwise(shown), start=1)
        if plan.edit.dissolve and before.scene != after.scene and before.house and after.house
    }


def captions(shown: Sequence[Stretch]) -> tuple[Cue, ...]:
    """Return the captions of a whole episode."""
    return tuple(cue.later(stretch.start) for stretch in shown if stretch.part for cue in stretch.part.cues)


def scene_starts(shown: Sequence[Stretch]) -> list[tuple[float, int]]:
    """Return when each scene starts, and its number; the first one has the title card as well."""
    starts: list[tuple[float, int]] = []
    for stretch in shown:
        if stretch.scene is not None and (not starts or starts[-1][1] != stretch.scene):
            starts.append((stretch.start if starts else 0.0, stretch.scene))
    return starts


def _house_of(part: PlannedPart, engines: Mapping[int, str], output: AspectRatio) -> FileRef | None:
    made_with = engines.get(part.index)
    return next((engine.houses[output] for engine in part.engines if engine.name == made_with), None)


def _of_card(card: PlannedCard, output: AspectRatio) -> tuple[FileRef, None, float]:
    return card.houses[output], None, card.seconds
