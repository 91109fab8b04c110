"""What stands between, before and after the parts: cards, and dissolves. Made early by whoever can, and once."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from PIL import Image

from shared.media.cards import title_picture
from shared.media.dissolve import write_dissolve
from shared.media.fonts import SHIPPED_TYPEFACE, Typeface, own_typeface
from shared.media.house import make_card_clip
from shared.media.house_encoder import EncoderSettings
from shared.media.house_format import house_format
from shared.plan.timeline import dissolves, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.ledger.records import PartOutcome
    from shared.media.house_format import AspectRatio
    from shared.plan.models import Plan, PlannedCard, PlannedPart
    from shared.plan.timeline import Dissolve
    from shared.ports import Bucket, Ledger


@dataclass(frozen=True, slots=True)
class CuttingRoom:
    """What making house clips and joining them needs from the world."""

    bucket: "Bucket"
    ledger: "Ledger"
    load_plan: "Callable[[str], Plan]"


def encoder_of(plan: "Plan") -> EncoderSettings:
    """Return how the house clips of an episode are encoded: all of them alike, or they could not be joined."""
    return EncoderSettings(preset=plan.edit.encoder_preset)


def typeface_of(plan: "Plan", room: CuttingRoom, folder: Path) -> Typeface:
    """Return the letters in which an episode's texts are drawn; an own font is put into the folder."""
    if plan.edit.font is None:
        return SHIPPED_TYPEFACE
    font = folder / "font"
    room.bucket.download(plan.edit.font.key, font)
    return own_typeface(font)


def make_adjoining(plan: "Plan", part: "PlannedPart", made: "Mapping[int, PartOutcome]", room: CuttingRoom) -> None:
    """Make what adjoins a part whose house clips are there: cards before its picture, dissolves with its neighbours.

    Of two neighbours, whoever is there later finds the other one: each is noted before it looks.
    """
    for card in _cards(plan):
        if card.backdrop in (None, part.picture):
            make_card(plan, card, room)
    engines = {index: outcome.engine for index, outcome in made.items()}
    for output in plan.edit.outputs:
        own = [engine.houses[output] for engine in part.engines]
        for dissolve in dissolves(plan, stretches(plan, engines, output)).values():
            adjoins = dissolve.before in own or dissolve.after in own
            # A card may have to wait for its backdrop, longer than a clip of the script's own for its part.
            if adjoins and all(room.bucket.exists(side.key) for side in (dissolve.before, dissolve.after)):
                make_dissolve(plan, dissolve, output, room)


def make_cards(plan: "Plan", room: CuttingRoom) -> None:
    """Make the cards of an episode that are not there yet."""
    for card in _cards(plan):
        make_card(plan, card, room)


def make_card(plan: "Plan", card: "PlannedCard", room: CuttingRoom) -> None:
    """Make a card's house clips that are not there yet."""
    for output, house in card.houses.items():
        if room.bucket.exists(house.key):
            continue
        with TemporaryDirectory() as scratch:
            folder = Path(scratch)
            form = house_format(output, plan.resolution)
            backdrop = folder / "backdrop" if card.backdrop else None
            if card.backdrop and backdrop:
                room.bucket.download(card.backdrop.key, backdrop)
            picture, clip = folder / "card.png", folder / "card.mp4"
            drawn = title_picture(card.title, card.subtitle, backdrop, form, typeface_of(plan, room, folder))
            Image.fromarray(drawn).save(picture)
            make_card_clip(picture, card.seconds, clip, form, encoder_of(plan))
            room.bucket.upload(clip, house.key, "video/mp4")


def make_dissolve(plan: "Plan", dissolve: "Dissolve", output: "AspectRatio", room: CuttingRoom) -> None:
    """Make a dissolve, unless it is there."""
    if room.bucket.exists(dissolve.file.key):
        return
    with TemporaryDirectory() as scratch:
        before, after, head = Path(scratch, "before.mp4"), Path(scratch, "after.mp4"), Path(scratch, "head.mp4")
        room.bucket.download(dissolve.before.key, before)
        room.bucket.download(dissolve.after.key, after)
        write_dissolve(before, after, head, house_format(output, plan.resolution), encoder_of(plan))
        room.bucket.upload(head, dissolve.file.key, "video/mp4")


def _cards(plan: "Plan") -> "Iterator[PlannedCard]":
    yield from (card for card in (plan.edit.title_card, plan.edit.end_card) if card)
