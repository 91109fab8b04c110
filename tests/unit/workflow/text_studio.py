"""A studio whose media are texts: what would be made says what it is made from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.captions.cues import Cue
from shared.media.errors import MediaRefused
from shared.media.house_format import HouseFormat
from shared.media.join import Chapter, Segment
from shared.media.motion import Position
from shared.media.overlays import Overlay
from shared.plan.models import Plan
from shared.plan.timeline import dissolves, stretches
from shared.workflow.assemble_episode import Assembled, AssembleRequest, assemble_episode
from shared.workflow.cutting_room import CuttingRoom
from shared.workflow.make_house_clip import HouseClipRequest, Made, make_part
from tests.builders import EPISODE, RUN
from tests.unit.plan.edited_episodes import engines_of
from tests.world import World

MAKING = "shared.workflow.make_house_clip"
CUTTING = "shared.workflow.cutting_room"
JOINING = "shared.workflow.assemble_episode"
SPEAKER = Position(0.3, 0.4)


@dataclass(frozen=True)
class MadeHouse:
    """How a house clip was asked for."""

    kind: str
    form: HouseFormat
    overlays: Sequence[Overlay]
    pause_seconds: float
    position: Position | None = None
    must_match: bool = False


@dataclass
class Joined:
    """How a video was asked for."""

    frames: int
    title: str
    language: str
    chapters: Sequence[Chapter]
    cues: Sequence[Cue]


@dataclass
class TextStudio:
    """A world in which a run of a plan has begun, and all that it buys has been bought."""

    plan: Plan
    patch: pytest.MonkeyPatch
    world: World = field(init=False)
    made: list[str] = field(default_factory=list)
    houses: list[MadeHouse] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    posed: list[Sequence[float]] = field(default_factory=list)
    refusing: set[str] = field(default_factory=set)
    while_joining: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.world = World(self.plan)
        self.world.begin()
        self.bucket, self.ledger = self.world.bucket, self.world.ledger
        edit = self.plan.edit
        for file in [
            *(file for part in self.plan.parts for file in (part.recording, part.picture)),
            *(engine.clip for part in self.plan.parts for engine in part.engines if engine.clip),
            *(file for file in (edit.music, edit.font) if file),
        ]:
            self.bucket.put(file.key, file.key.encode(), "application/octet-stream")
        for place, name, stand_in in (
            (MAKING, "make_house_clip", self._moving),
            (MAKING, "make_still_clip", self._still),
            (MAKING, "speaker_position", lambda _: SPEAKER),
            (CUTTING, "own_typeface", lambda path: path.read_text()),
            (MAKING, "caption_overlays", lambda cues, form, face: [f"{c.rows} {form.width} {face}" for c in cues]),
            (MAKING, "lower_third", lambda name, form, _at, face: f"{name} {form.width} {face}"),
            (CUTTING, "title_picture", self._title_picture),
            (CUTTING, "make_card_clip", self._card),
            (CUTTING, "write_dissolve", self._dissolve),
            (JOINING, "join_house_clips", self._join),
            (JOINING, "lay_music_under", self._music),
            (JOINING, "write_poster", self._poster),
        ):
            self.patch.setattr(f"{place}.{name}", stand_in)

    # What a run does

    @property
    def room(self) -> CuttingRoom:
        return CuttingRoom(bucket=self.bucket, ledger=self.ledger, load_plan=self._load)

    def make(self, part: int, engine: int = 0) -> Made:
        request = HouseClipRequest(run=RUN, plan_key=f"plans/{EPISODE}/{RUN}.json", part=part, engine=engine)
        return make_part(request, self.room).outcome

    def make_all(self, order: Iterable[int] | None = None) -> None:
        """Make every part, by default in the order of the script."""
        for part in order or range(len(self.plan.parts)):
            assert self.make(part) is Made.MADE

    def assemble(self, run: str = RUN) -> Assembled:
        return assemble_episode(AssembleRequest(run=run, plan_key=f"plans/{EPISODE}/{RUN}.json"), self.room)

    def _load(self, key: str) -> Plan:
        return Plan.model_validate_json(self.bucket.get(key))

    # What came of it

    def result(self, name: str) -> str:
        return self.bucket.get(f"episodes/{EPISODE}/{name}").decode()

    def results(self) -> set[str]:
        prefix = f"episodes/{EPISODE}/"
        return {stored.key.removeprefix(prefix) for stored in self.bucket.list(prefix)}

    def dissolve_keys(self) -> set[str]:
        """Return where the dissolves of all videos lie once they are made."""
        return {
            dissolve.file.key
            for output in self.plan.edit.outputs
            for dissolve in dissolves(self.plan, stretches(self.plan, engines_of(self.plan), output)).values()
        }

    def card_keys(self) -> set[str]:
        cards = (self.plan.edit.title_card, self.plan.edit.end_card)
        return {house.key for card in cards if card for house in card.houses.values()}

    # What stands for the media

    def _moving(
        self, picture: Path, recording: Path, target: Path, form: HouseFormat, _settings: object, **options: Any
    ) -> None:
        self._house("moving", picture, recording, target, form, **options)

    def _still(
        self, picture: Path, recording: Path, target: Path, form: HouseFormat, _settings: object, **options: Any
    ) -> None:
        self._house("still", picture, recording, target, form, **options)

    def _house(
        self, kind: str, picture: Path, recording: Path, target: Path, form: HouseFormat, **options: Any
    ) -> None:
        if picture.read_text() in self.refusing:
            raise MediaRefused("shows no picture")
        self.made.append(kind)
        self.houses.append(MadeHouse(kind, form, **options))
        target.write_text(f"{kind} {picture.read_text()} {recording.read_text()}")

    def _title_picture(
        self, title: str, subtitle: str | None, backdrop: Path | None, form: HouseFormat, face: object
    ) -> NDArray[np.uint8]:
        before = backdrop.read_text() if backdrop else "nothing"
        self.made.append(f"card {title}, {subtitle}, before {before}, {form.width}x{form.height}, in {face}")
        return np.zeros((2, 2, 3), np.uint8)

    def _card(self, _picture: Path, seconds: float, target: Path, _form: HouseFormat, _settings: object) -> None:
        target.write_text(f"{self.made[-1]}, {seconds} s")

    def _dissolve(self, before: Path, after: Path, target: Path, _form: HouseFormat, _settings: object) -> None:
        self.made.append("dissolve")
        target.write_text(f"from {before.read_text()} to {after.read_text()}")

    def _join(self, segments: Iterable[Segment], target: Path, **options: Any) -> None:
        self.made.append("episode")
        self.joined.append(Joined(**options))
        shown = (
            segment.clip.read_text() + (f" <- {segment.head.read_text()}" if segment.head else "")
            for segment in segments
        )
        target.write_text("\n".join([options["title"], *shown]))
        self.while_joining()

    def _music(self, video: Path, music: Path, target: Path) -> None:
        self.made.append("music")
        target.write_text(f"{video.read_text()}\nover {music.read_text()}")

    def _poster(self, video: Path, poster: Path, times: Sequence[float]) -> None:
        poster.write_text(f"poster of {video.read_text()}")
        self.posed.append(times)
