"""Bring a part's clip into the house format, or make a still of its composite. Nothing here is paid for."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.frozen import Frozen
from shared.keys import FileKind, FileRef
from shared.ledger.records import Failure, PartOutcome
from shared.media.errors import MediaRefused
from shared.media.house import make_house_clip, make_still_clip
from shared.media.house_encoder import EncoderSettings
from shared.media.house_format import HouseFormat, house_format
from shared.plan.models import Plan, PlannedEngine, PlannedPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports import Bucket, Ledger


CLIP_REFUSED = "ClipRefused"
"""Why a run made do without a clip that came, and was paid for."""


class HouseClipRequest(Frozen):
    """Which part to make, with which of its engines."""

    run: str
    plan_key: str
    part: int
    engine: int


class Made(StrEnum):
    """What came of it."""

    MADE = "made"
    REFUSED = "refused"  # the clip is not what was paid for; the plot steps down to the next engine


class HouseClipAnswer(Frozen):
    """What the plot learns."""

    outcome: Made
    message: str = ""


@dataclass(frozen=True, slots=True)
class CuttingRoom:
    """What making house clips needs from the world."""

    bucket: "Bucket"
    ledger: "Ledger"
    load_plan: "Callable[[str], Plan]"
    encoder: EncoderSettings = EncoderSettings()  # noqa: RUF009 -- immutable


def make_part(request: HouseClipRequest, room: CuttingRoom) -> HouseClipAnswer:
    """Make a part's house clip, unless it is there, and note in the ledger how it was made."""
    plan = room.load_plan(request.plan_key)
    part = plan.parts[request.part]
    engine = part.engines[request.engine]
    house = FileRef(kind=FileKind.HOUSE, address=engine.house_address)
    if not room.bucket.exists(house.key):
        try:
            _make(part, engine, house, house_format(plan.aspect_ratio, plan.resolution), room)
        except MediaRefused as refusal:
            if engine.clip:
                failure = Failure(error=CLIP_REFUSED, message=f"its clip came and cannot be used: {refusal}")
                room.ledger.note_given_up(request.run, engine.clip.address, failure)
            return HouseClipAnswer(outcome=Made.REFUSED, message=str(refusal))
    outcome = PartOutcome(
        part=part.index,
        engine=engine.name,
        house_address=engine.house_address,
        seconds=part.seconds,
        stepped_down=tuple(earlier.name for earlier in part.engines[: request.engine]),
    )
    room.ledger.note_part(request.run, outcome)
    return HouseClipAnswer(outcome=Made.MADE)


def _make(part: PlannedPart, engine: PlannedEngine, house: FileRef, form: HouseFormat, room: CuttingRoom) -> None:
    with TemporaryDirectory() as folder:
        recording, picture, made = Path(folder, "recording.mp3"), Path(folder, "picture"), Path(folder, "house.mp4")
        room.bucket.download(part.recording.key, recording)
        room.bucket.download((engine.clip or part.picture).key, picture)
        make = make_house_clip if engine.clip else make_still_clip
        make(picture, recording, made, form, room.encoder)
        room.bucket.upload(made, house.key, "video/mp4")
