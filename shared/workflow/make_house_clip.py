"""Bring a part's clip into the house format, or make a still of its composite. Nothing here is paid for."""

from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.frozen import Frozen
from shared.keys import FileKind
from shared.ledger.records import Failure, PartOutcome
from shared.media.errors import MediaRefused
from shared.media.fonts import SHIPPED_TYPEFACE
from shared.media.house import make_house_clip, make_still_clip, speaker_position
from shared.media.house_format import house_format
from shared.media.lettering import caption_overlays, lower_third
from shared.workflow.cutting_room import CuttingRoom, encoder_of, make_adjoining, typeface_of

if TYPE_CHECKING:
    from shared.media.fonts import Typeface
    from shared.media.house_format import HouseFormat
    from shared.media.overlays import Overlay
    from shared.plan.models import Plan, PlannedEngine, PlannedPart

_INTRODUCED_AFTER = 0.6
"""Seconds of a part before its lower third shows: later than a dissolve."""

CLIP_REFUSED = "ClipRefused"
"""Why a run made do without a clip that came, and was paid for."""


class _Unusable(Exception):
    """What a house clip was to be made of is refused; what is drawn over it is no matter of the engine."""


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


def make_part(request: HouseClipRequest, room: CuttingRoom) -> HouseClipAnswer:
    """Make a part's house clips, unless they are there; note how it was made, and make what adjoins it."""
    plan = room.load_plan(request.plan_key)
    part = plan.parts[request.part]
    engine = part.engines[request.engine]
    try:
        _make_missing(plan, part, engine, room)
    except _Unusable as refusal:
        if engine.clip:
            failure = Failure(error=CLIP_REFUSED, message=f"its clip came and cannot be used: {refusal}")
            room.ledger.note_given_up(request.run, engine.clip.address, failure)
        return HouseClipAnswer(outcome=Made.REFUSED, message=str(refusal))
    outcome = PartOutcome(
        part=part.index,
        engine=engine.name,
        seconds=part.seconds,
        stepped_down=tuple(earlier.name for earlier in part.engines[: request.engine]),
    )
    room.ledger.note_part(request.run, outcome)
    make_adjoining(plan, part, room.ledger.parts(request.run), room)
    return HouseClipAnswer(outcome=Made.MADE)


def _make_missing(plan: "Plan", part: "PlannedPart", engine: "PlannedEngine", room: CuttingRoom) -> None:
    outputs = plan.edit.outputs
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        recording, picture, made = folder / "recording.mp3", folder / "picture", folder / "house.mp4"
        # It is fetched while it is asked after: mostly it is needed, since its clip has just come.
        with ThreadPoolExecutor(2 + len(outputs)) as at_once:
            are_there = at_once.map(room.bucket.exists, [engine.houses[output].key for output in outputs])
            keys = (part.recording.key, (engine.clip or part.picture).key)
            list(at_once.map(room.bucket.download, keys, (recording, picture)))
        missing = [output for output, is_there in zip(outputs, are_there, strict=True) if not is_there]
        typeface = typeface_of(plan, room, folder) if missing else SHIPPED_TYPEFACE
        for output in missing:
            form = house_format(output, plan.resolution)
            overlays = _overlays(plan, part, form, typeface)
            try:
                if engine.clip:
                    make_house_clip(
                        picture,
                        recording,
                        made,
                        form,
                        encoder_of(plan),
                        must_match=engine.clip.kind is not FileKind.SOURCE,
                        position=None if output == plan.edit.outputs[0] else speaker_position(picture),
                        overlays=overlays,
                        pause_seconds=part.pause_seconds,
                    )
                else:
                    make_still_clip(
                        picture,
                        recording,
                        made,
                        form,
                        encoder_of(plan),
                        overlays=overlays,
                        pause_seconds=part.pause_seconds,
                    )
            except MediaRefused as refusal:
                raise _Unusable(str(refusal)) from refusal
            room.bucket.upload(made, engine.houses[output].key, "video/mp4")


def _overlays(plan: "Plan", part: "PlannedPart", form: "HouseFormat", typeface: "Typeface") -> "list[Overlay]":
    """Return what is drawn over a part's picture."""
    drawn = caption_overlays(part.cues, form, typeface) if plan.edit.burn_in else []
    introduction = lower_third(part.introduces, form, _INTRODUCED_AFTER, typeface) if part.introduces else None
    return [*drawn, introduction] if introduction else drawn
