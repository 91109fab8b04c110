"""The design's table of changes: run, change, run again, and compare what fal was asked for. Not one submit more."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Stage
from tests.e2e.episodes import AUDIO, EVERYTHING, SECOND, own_script, write_episode

Change = Callable[[dict[str, Any]], None]


def script() -> dict[str, Any]:
    """Return a script whose every asset only these tests buy."""
    return own_script("table")


NOTHING: dict[str, int] = {}
MUSIC, FONT = "music/theme.mp3", "fonts/own.otf"
ROOT = Path(__file__).parents[2]
OTHER_FILES = {
    MUSIC: ROOT / "events" / "sample-episode" / "music" / "lamp-room.mp3",
    FONT: ROOT / "shared" / "fonts" / "Inter-Medium.otf",
}


def titled(changed: dict[str, Any]) -> None:
    changed["title"] = "Three Voices"


def text(changed: dict[str, Any]) -> None:
    changed["scenes"][0]["lines"][0]["text"] = "Good evening."


def order_and_numbers(changed: dict[str, Any]) -> None:
    changed["scenes"].reverse()
    changed["scenes"][0]["number"], changed["scenes"][1]["number"] = 7, 3


def music(changed: dict[str, Any]) -> None:
    changed["music"] = MUSIC


def captions(changed: dict[str, Any]) -> None:
    changed["captions"] = {"burn_in": True}


def font(changed: dict[str, Any]) -> None:
    changed["font"] = FONT
    changed["edit"] = {"title_card": True}


def outputs(changed: dict[str, Any]) -> None:
    changed["outputs"] = ["16:9", "9:16"]


def edit(changed: dict[str, Any]) -> None:
    changed["edit"] = {
        "pause": 0.4,
        "dissolve": True,
        "title_card": {"subtitle": "A table"},
        "end_card": {"title": "Thank you"},
        "lower_thirds": True,
    }


def position(changed: dict[str, Any]) -> None:
    changed["scenes"][0]["lines"][1]["position"] = "on the top step"


def environment(changed: dict[str, Any]) -> None:
    changed["scenes"][0]["environment"] = "lighthouse on a rocky coast at dawn, table"


def character_prompt(changed: dict[str, Any]) -> None:
    changed["characters"][0]["prompt"] = "young woman, short black hair, table"


def character_take(changed: dict[str, Any]) -> None:
    changed["characters"][1]["take"] = 2


def style(changed: dict[str, Any]) -> None:
    changed["style"] = "watercolor"


def speed(changed: dict[str, Any]) -> None:
    # Composites have no speed of their own: they are new because their pictures are.
    changed["rendering_speed"] = "TURBO"


def aspect_ratio(changed: dict[str, Any]) -> None:
    changed["aspect_ratio"] = "9:16"


ROWS = [
    (titled, NOTHING),
    (text, NOTHING),
    (order_and_numbers, NOTHING),
    (music, NOTHING),
    (captions, NOTHING),
    (font, NOTHING),
    (outputs, NOTHING),
    (edit, NOTHING),
    (position, {"composite": 1, "clip": 1}),
    (environment, {"background": 1, "composite": 2, "clip": 2}),
    (character_prompt, {"portrait": 1, "composite": 2, "clip": 2}),
    (character_take, {"portrait": 1, "composite": 1, "clip": 1}),
    (style, EVERYTHING),
    (speed, EVERYTHING),
    (aspect_ratio, EVERYTHING),
]


@pytest.fixture(scope="module")
def first_run(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Buy everything of the unchanged script once."""
    folder = tmp_path_factory.mktemp("unchanged")
    before = stage.asked()
    stage.make(write_episode(folder / "in", script()), "table", folder / "out")
    assert stage.asked() - before == Counter(EVERYTHING)


@pytest.mark.usefixtures("first_run")
@pytest.mark.parametrize(("change", "bought"), ROWS, ids=[change.__name__ for change, _ in ROWS])
def test_a_change_of_the_script_buys_what_its_row_says(
    stage: Stage, tmp_path: Path, change: Change, bought: dict[str, int]
) -> None:
    # given a script that was run, with one change
    changed = script()
    change(changed)
    folder = write_episode(tmp_path / "in", changed)
    for path, source in OTHER_FILES.items():
        if path in (changed.get("music"), changed.get("font")):
            (folder / path).parent.mkdir()
            shutil.copyfile(source, folder / path)
    before = stage.asked()
    # when it is run again
    made = stage.make(folder, f"table-{change.__name__}", tmp_path / "out")
    # then fal was asked for what the row says, and nothing else
    assert stage.asked() - before == Counter(bought)
    assert made.video.stat().st_size > 0


@pytest.mark.usefixtures("first_run")
def test_another_name_of_a_file_and_another_episode_buy_nothing(stage: Stage, tmp_path: Path) -> None:
    # given the same recordings under other names, in an episode with another id
    changed = script()
    changed["scenes"][0]["lines"][0]["audio"] = "voices/first take.mp3"
    audio = {("voices/first take.mp3" if path == "audio/a.mp3" else path): name for path, name in AUDIO.items()}
    before = stage.asked()
    # when it is run
    stage.make(write_episode(tmp_path / "in", changed, audio), "table-renamed", tmp_path / "out")
    # then everything was there already
    assert stage.asked() == before


@pytest.mark.usefixtures("first_run")
def test_a_new_recording_buys_its_clip(stage: Stage, tmp_path: Path) -> None:
    # given another recording for the last line, spoken at a place of its own
    before = stage.asked()
    # when it is run
    folder = write_episode(tmp_path / "in", script(), {**AUDIO, "audio/c.mp3": SECOND})
    stage.make(folder, "table-audio", tmp_path / "out")
    # then its clip was bought, and nothing else
    assert stage.asked() - before == Counter({"clip": 1})


@pytest.mark.usefixtures("first_run")
def test_derived_files_are_made_again_for_nothing(stage: Stage, tmp_path: Path) -> None:
    # given that every house clip and joined episode was pruned
    s3, bucket = stage.studio.clients.s3, stage.studio.stack.outputs["BucketName"]
    for stored in stage.target.bucket.list("derived/"):
        if not stored.key.startswith("derived/parts/"):
            s3.delete_object(Bucket=bucket, Key=stored.key)
    before = stage.asked()
    # when the same episode is made under another id
    made = stage.make(write_episode(tmp_path / "in", script()), "table-pruned", tmp_path / "out")
    # then they were made again, and nothing was bought
    assert stage.asked() == before
    assert made.video.stat().st_size > 0
