"""House clips and the episode: made once, noted in the ledger, published by the newest run alone."""

from pathlib import Path
from typing import Any

import pytest

from shared.keys import FileKind, FileRef
from shared.ledger.records import PartOutcome
from shared.media.errors import MediaRefused
from shared.media.join import Chapter
from shared.plan.models import Plan
from shared.workflow.assemble_episode import Assembled, AssembleRequest, EditingSuite, assemble_episode
from shared.workflow.make_house_clip import CuttingRoom, HouseClipRequest, Made, make_part
from tests.builders import EPISODE, RUN, TWO_SCENES, plan_of
from tests.world import World

PLAN = plan_of(TWO_SCENES)
MAKING = "shared.workflow.make_house_clip"
JOINING = "shared.workflow.assemble_episode"


class Studio(World):
    """A world whose media are texts: what would be made says what it is made from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(PLAN)
        self.begin()
        self.made: list[str] = []
        self.chapters: list[Chapter] = []
        self.refusing: set[str] = set()
        self.while_joining: Any = lambda: None
        for part in PLAN.parts:
            for file in [part.recording, part.picture, *(engine.clip for engine in part.engines if engine.clip)]:
                self.bucket.put(file.key, file.key.encode(), "application/octet-stream")
        monkeypatch.setattr(f"{MAKING}.make_house_clip", self._house("moving"))
        monkeypatch.setattr(f"{MAKING}.make_still_clip", self._house("still"))
        monkeypatch.setattr(f"{JOINING}.join_house_clips", self._join)
        monkeypatch.setattr(f"{JOINING}.write_poster", lambda _video, poster: poster.write_bytes(b"poster"))

    def _house(self, kind: str) -> Any:
        def make(picture: Path, recording: Path, target: Path, *_: object) -> None:
            if picture.read_text() in self.refusing:
                raise MediaRefused("shows no picture")
            self.made.append(kind)
            target.write_text(f"{kind} {picture.read_text()} {recording.read_text()}")

        return make

    def _join(self, clips: list[Path], target: Path, *, title: str, chapters: list[Chapter]) -> None:
        self.made.append("episode")
        self.chapters = chapters
        target.write_text("\n".join([title, *(clip.read_text() for clip in clips)]))
        self.while_joining()

    def make(self, part: int, engine: int = 0) -> Made:
        room = CuttingRoom(bucket=self.bucket, ledger=self.ledger, load_plan=self._load)
        request = HouseClipRequest(run=RUN, plan_key=f"plans/{EPISODE}/{RUN}.json", part=part, engine=engine)
        return make_part(request, room).outcome

    def assemble(self, run: str = RUN) -> Assembled:
        suite = EditingSuite(bucket=self.bucket, ledger=self.ledger, load_plan=self._load)
        return assemble_episode(AssembleRequest(run=run, plan_key=f"plans/{EPISODE}/{RUN}.json"), suite)

    def _load(self, key: str) -> Plan:
        return Plan.model_validate_json(self.bucket.get(key))

    def result(self, name: str) -> str:
        return self.bucket.get(f"episodes/{EPISODE}/{name}").decode()


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Studio:
    return Studio(monkeypatch)


def test_a_house_clip_is_made_from_the_clip_and_the_recording(studio: Studio) -> None:
    part = PLAN.parts[2]
    assert studio.make(2) is Made.MADE
    house = FileRef(kind=FileKind.HOUSE, address=part.engines[0].house_address)
    assert part.engines[0].clip
    assert studio.bucket.get(house.key).decode() == f"moving {part.engines[0].clip.key} {part.recording.key}"
    assert studio.ledger.parts(RUN) == {
        2: PartOutcome(part=2, engine="hedra", house_address=house.address, seconds=4.8, stepped_down=())
    }


def test_a_house_clip_that_is_there_is_not_made_again_but_noted(studio: Studio) -> None:
    for _ in range(2):
        studio.make(0)
    assert studio.made == ["moving"]
    assert list(studio.ledger.parts(RUN)) == [0]


def test_a_still_is_made_from_the_composite_and_says_what_failed_before(studio: Studio) -> None:
    assert studio.make(0, engine=2) is Made.MADE
    still = PLAN.parts[0].engines[2].house_address
    made = studio.bucket.get(FileRef(kind=FileKind.HOUSE, address=still).key).decode()
    assert made == f"still {PLAN.parts[0].picture.key} {PLAN.parts[0].recording.key}"
    assert studio.ledger.parts(RUN)[0].stepped_down == ("hedra", "fabric")


def test_a_clip_that_cannot_be_used_is_refused_with_the_reason_on_record(studio: Studio) -> None:
    clip = PLAN.parts[0].engines[0].clip
    assert clip
    studio.refusing.add(clip.key)
    assert studio.make(0) is Made.REFUSED
    assert studio.ledger.parts(RUN) == {}
    given_up = studio.ledger.given_up(RUN)
    assert set(given_up) == {clip.address}
    assert given_up[clip.address].error == "ClipRefused"


def test_an_episode_is_joined_in_the_order_of_the_script_and_published(studio: Studio) -> None:
    # given all parts, made in some order
    for part in (3, 1, 0, 2):
        studio.make(part)
    # when they are assembled
    assert studio.assemble() is Assembled.PUBLISHED
    # then the episode holds them in the script's order, with a chapter for each scene
    lines = studio.result("episode.mp4").splitlines()
    assert [line.split()[2] for line in lines[1:]] == [part.recording.key for part in PLAN.parts]
    assert [chapter.title for chapter in studio.chapters] == ["Scene 1", "Scene 2"]
    assert [chapter.start for chapter in studio.chapters] == pytest.approx([0.0, 14.4])
    assert studio.result("poster.jpg") == "poster"


def test_an_episode_that_was_joined_before_is_not_joined_again(studio: Studio) -> None:
    for part in range(4):
        studio.make(part)
    studio.assemble()
    studio.assemble()
    assert studio.made.count("episode") == 1


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_only_the_newest_run_publishes(studio: Studio, when: str) -> None:
    # given a newer run, that is there already or comes and is done while this one joins
    for part in range(4):
        studio.make(part)

    def newer_run() -> None:
        studio.begin("newer", "other")
        studio.bucket.put(f"episodes/{EPISODE}/episode.mp4", b"the newer one", "video/mp4")

    if when == "before":
        newer_run()
    else:
        studio.while_joining = newer_run
    # when the older one is assembled
    assert studio.assemble() is Assembled.SUPERSEDED
    # then the newer one's episode stands
    assert studio.result("episode.mp4") == "the newer one"
    assert not studio.bucket.exists(f"episodes/{EPISODE}/poster.jpg")
