"""One browser for all tests, and the folder of an episode that was made for them."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.media.house import HouseFormat
from shared.media.join import Segment, join_house_clips
from shared.media.thumbnails import thumbnail
from shared.plan.models import Plan
from shared.storyboard.page import storyboard_page
from shared.storyboard.pictures import pictures_to_show
from tests.browser.chromium import CHROMIUM, Chromium
from tests.builders import TWO_SCENES, plan_of
from tests.unit.media.episodes import marked_clip
from tests.unit.storyboard.boards import board_of

PART_SECONDS = 1.92
EVIL = "</script><img src=x onerror='window.tripped = true'>"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if CHROMIUM is None and here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def episode_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as the command line downloads it: two videos, and a page for each of a few runs."""
    folder = tmp_path_factory.mktemp("episode")
    scratch = tmp_path_factory.mktemp("scratch")
    plan = plan_of({**TWO_SCENES, "outputs": ["16:9", "9:16"]}, seconds=PART_SECONDS)
    clips = [marked_clip(scratch, f"{number}", PART_SECONDS, 1.0, form=HouseFormat(320, 180)) for number in range(4)]
    segments = [Segment(clip.path, None) for clip in clips]
    join_house_clips(
        segments, folder / "episode.mp4", frames=sum(clip.frames for clip in clips), title="Film", chapters=[], cues=[]
    )
    shutil.copy(folder / "episode.mp4", folder / "episode-9x16.mp4")
    write_page(folder / "storyboard.html", plan)
    write_page(folder / "trapped.html", plan_of(trapped(), seconds=PART_SECONDS), message=EVIL)
    (folder / "alone").mkdir()
    write_page(folder / "alone" / "storyboard.html", plan)
    return folder


def write_page(target: Path, plan: Plan, **fields: Any) -> None:
    thumbnails = {}
    for place, picture in enumerate(pictures_to_show(plan)):
        drawn = target.with_suffix(".png")
        Image.new("RGB", (960, 540), (40 + 20 * place, 90, 120)).save(drawn)
        thumbnails[picture.address] = thumbnail(drawn)
        drawn.unlink()
        assert Image.open(io.BytesIO(thumbnails[picture.address])).size == (480, 270)
    target.write_text(storyboard_page(board_of(plan, stepped_down=[1], **fields), thumbnails))


def trapped() -> dict[str, Any]:
    """Return a script whose every text is a trap, and none of whose words has an end."""
    scene = TWO_SCENES["scenes"][0]
    line = {**scene["lines"][0], "text": f"{EVIL} {'long' * 60}", "position": EVIL}
    characters = [{"name": "Alex", "prompt": EVIL}]
    scenes = [{**scene, "environment": EVIL, "lines": [line]}]
    return {"title": f"{EVIL} {'Long' * 30}", "engines": ["hedra"], "characters": characters, "scenes": scenes}
