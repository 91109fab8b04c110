"""An edited episode on the real functions: two videos of one purchase, looked at frame by frame."""

import io
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.media.fonts import SHIPPED_TYPEFACE
from shared.plan.models import Plan, PlannedPart
from shared.plan.timeline import Stretch, captions, dissolves, episode_seconds, stretches
from tests.integration.plot.deployment import client
from tests.integration.plot.stage import Stage
from tests.integration.plot.template_values import ROOT
from tests.unit.media.episodes import assert_gapless, loudness

ScriptWith = Callable[..., dict[str, bytes]]
Picture = NDArray[np.float64]

MUSIC = ROOT / "events" / "sample-episode" / "music" / "lamp-room.mp3"
EDITED: dict[str, Any] = {
    "language": "en",
    "resolution": "540p",
    "outputs": ["16:9", "9:16"],
    "captions": {"burn_in": True},
    "font": "fonts/own.otf",
    "music": "music/theme.mp3",
    "edit": {
        "pause": 0.4,
        "dissolve": True,
        "title_card": {"subtitle": "An edited episode", "seconds": 1},
        "end_card": {"title": "Thank you", "seconds": 1},
        "lower_thirds": True,
    },
}
OTHER_FILES = {"fonts/own.otf": SHIPPED_TYPEFACE.regular.read_bytes(), "music/theme.mp3": MUSIC.read_bytes()}
SIZES = {"16:9": (960, 540), "9:16": (540, 960)}
_CAPTIONS = {"16:9": np.s_[450:530, 200:760], "9:16": np.s_[800:900, 40:500]}
_NAMES = {"16:9": np.s_[365:420, 40:230], "9:16": np.s_[660:730, 20:210]}
"""Where they stand: rows and columns."""


@dataclass(frozen=True)
class Made:
    """A finished episode: its plan, and each video with what is shown in it."""

    stage: Stage
    plan: Plan
    videos: dict[str, Path]

    def shown(self, output: str) -> list[Stretch]:
        assert output in ("16:9", "9:16")
        engines = {index: part.engine for index, part in self.stage.ledger.parts(self.plan.run).items()}
        return stretches(self.plan, engines, "16:9" if output == "16:9" else "9:16")


def in_two_scenes(tiny: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return the tiny episode's lines, each in a scene of its own."""
    (scene,) = json.loads(tiny["script.json"])["scenes"]
    return [
        {**scene, "number": number, "environment": f"{scene['environment']}, {number}", "lines": [line]}
        for number, line in enumerate(scene["lines"], start=1)
    ]


def run(stage: Stage, files: dict[str, bytes], episode_id: str, folder: Path) -> Made:
    stage.upload(episode_id, files)
    stage.play_uploads()
    ended = stage.play_out(stage.run_name(episode_id))
    assert ended.status == "SUCCEEDED", ended.cause
    newest = stage.ledger.newest_run(episode_id)
    assert newest
    assert newest.plan_key
    videos = {}
    for output, name in stage.document(episode_id, "status.json")["videos"].items():
        videos[output] = folder / name
        videos[output].write_bytes(stage.result(episode_id, name))
    return Made(stage, Plan.model_validate_json(stage.stored(newest.plan_key)), videos)


def pictures(video: Path, wanted: Collection[int]) -> dict[int, Picture]:
    """Decode every frame, forgiving no error; return those that are wanted."""
    with av.open(video) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        return {
            number: frame.to_ndarray(format="rgb24").astype(np.float64)
            for number, frame in enumerate(container.decode(stream))
            if number in wanted
        }


def frame_count(video: Path) -> int:
    with av.open(video) as container:
        return sum(1 for _ in container.decode(video=0))


def at(seconds: float) -> int:
    return round(seconds * 25)


def parts_in(shown: list[Stretch]) -> Iterator[tuple[Stretch, PlannedPart]]:
    yield from ((stretch, stretch.part) for stretch in shown if stretch.part)


def drawn_share(picture: Picture) -> float:
    """Return how much of a picture differs from most of it, which in these clips is of one colour."""
    ground = np.median(picture.reshape(-1, 3), axis=0)
    return float((np.abs(picture - ground).max(axis=2) > 40).mean())


def test_an_edited_episode_is_two_videos_of_one_purchase(
    stage: Stage, tiny: dict[str, bytes], tiny_with: ScriptWith, tmp_path: Path
) -> None:
    # given an episode without any edit, that was bought
    scenes = in_two_scenes(tiny)
    run(stage, tiny_with(scenes=scenes, resolution="540p"), "plain", tmp_path)
    bought = stage.bought()
    # when the same is made with everything that an edit may ask for
    made = run(stage, tiny_with(scenes=scenes, **EDITED) | OTHER_FILES, "edited", tmp_path)
    # then nothing more was bought, and all lies beside the script
    assert stage.bought() == bought
    assert stage.document("edited", "bill.json")["total_usd"] == 0
    results = {"episode.mp4", "episode-9x16.mp4", "poster.jpg", "poster-9x16.jpg", "captions.srt", "captions.vtt"}
    assert results <= stage.folder("edited")
    status = stage.document("edited", "status.json")
    assert (status["videos"], status["captions"]) == (
        {"16:9": "episode.mp4", "9:16": "episode-9x16.mp4"},
        ["captions.srt", "captions.vtt"],
    )
    assert status["warnings"] == []
    for output, video in made.videos.items():
        assert_is_complete(made, output, video, status["seconds"])
        assert_dissolves(made, output, video)
        assert_shows_texts(made, output, video)
    for output, suffix in (("16:9", ""), ("9:16", "-9x16")):
        with Image.open(io.BytesIO(stage.result("edited", f"poster{suffix}.jpg"))) as poster:
            assert poster.size == SIZES[output]


def assert_is_complete(made: Made, output: str, video: Path, seconds: float) -> None:
    """Assert size, length, tracks, loudness, chapters and captions of a video."""
    plan, shown = made.plan, made.shown(output)
    # cards of 0.96 s, and a pause of 0.32 s between the lines
    lengths = [0.96, plan.parts[0].seconds + 0.32, plan.parts[1].seconds, 0.96]
    assert [stretch.seconds for stretch in shown] == pytest.approx(lengths)
    assert seconds == pytest.approx(sum(lengths), abs=0.001)
    assert seconds == episode_seconds(plan)
    assert frame_count(video) == at(seconds)
    assert_gapless(video)
    with av.open(video) as container:
        (picture,), (sound,), (texts,) = (
            container.streams.video,
            container.streams.audio,
            container.streams.subtitles,
        )
        assert (picture.width, picture.height) == SIZES[output]
        assert (sound.layout.name, sound.language, texts.language) == ("stereo", "eng", "eng")
        chapters = [(chapter["metadata"]["title"], float(chapter["start"])) for chapter in container.chapters()]
        assert [title for title, _ in chapters] == ["Scene 1", "Scene 2"]
        assert chapters[0][1] == 0
    measured = loudness(video)
    assert measured.integrated == pytest.approx(-16, abs=1)
    assert measured.true_peak <= -1.5
    said = " ".join(row for cue in captions(shown) for row in cue.rows)
    assert said == " ".join(part.text for part in plan.parts)


def assert_dissolves(made: Made, output: str, video: Path) -> None:
    """Assert that each picture fades into the next, over twelve frames."""
    shown = made.shown(output)
    places = [at(stretch.start) for stretch in shown[1:]]
    assert set(dissolves(made.plan, shown)) == {1, 2, 3}
    found = pictures(video, {place + offset for place in places for offset in (-1, 0, 5, 11, 12)})
    found = {number: picture[: len(picture) // 3] for number, picture in found.items()}  # where nothing moves
    for place in places:
        before, after = found[place - 1], found[place + 12]
        assert np.abs(after - before).mean() > 3, "two pictures that differ"
        change = (after - before).ravel()
        shares = [float((found[place + n] - before).ravel() @ change / (change @ change)) for n in (0, 5, 11)]
        assert shares == pytest.approx([1 / 13, 6 / 13, 12 / 13], abs=0.12)


def assert_shows_texts(made: Made, output: str, video: Path) -> None:
    """Assert that captions, the name and cards are drawn where and when they should be."""
    shown = made.shown(output)
    (first, introduced), (second, known) = parts_in(shown)
    assert (introduced.introduces, known.introduces) == ("Mara Quill", None)
    speaking, answering = (
        at(stretch.start + part.spoken_seconds / 2) for stretch, part in ((first, introduced), (second, known))
    )
    pause = at(first.start + introduced.seconds + 0.04)
    cards = [at(0.4), at(shown[-1].start + 0.8)]
    found = pictures(video, {speaking, answering, pause, pause + 6, *cards})
    for number, caption, name in ((speaking, True, True), (pause, False, True), (answering, True, False)):
        # given a frame, and whether something is said in it
        assert any(cue.start <= number / 25 <= cue.end for cue in captions(shown)) is caption
        # then what is said stands at its lower edge, and the name over that, where it is new
        assert (drawn_share(found[number][_CAPTIONS[output]]) > 0.005) is caption
        # (the plate is dark: before a dark colour, only its letters differ from it)
        assert (drawn_share(found[number][_NAMES[output]]) > 0.04) is name
    # and the pause is the line's last picture, held
    assert np.abs(found[pause + 6] - found[pause]).mean() < 1
    # and cards hold white letters
    for number in cards:
        assert float((found[number].min(axis=2) > 200).mean()) > 0.005


def test_house_clips_are_made_again_only_where_the_edit_is_seen(
    stage: Stage, tiny: dict[str, bytes], tiny_with: ScriptWith, tmp_path: Path
) -> None:
    # given an episode of two scenes
    scenes = in_two_scenes(tiny)
    plain = run(stage, tiny_with(scenes=scenes, resolution="540p"), "plain", tmp_path)
    # when it gets dissolves, a card, and a name where it is new
    edit = {"dissolve": True, "title_card": True, "lower_thirds": True}
    edited = run(stage, tiny_with(scenes=scenes, resolution="540p", edit=edit), "edited", tmp_path)
    # then only the line with the name has another house clip
    before, after = ([stretch.house for stretch, _ in parts_in(made.shown("16:9"))] for made in (plain, edited))
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]
    # and the dissolves at both changes are there, one for each
    listed = [key for key in stored_keys(stage) if key.startswith("derived/dissolves/")]
    assert len(listed) == len(list(pairwise(edited.shown("16:9")))) == 2


def stored_keys(stage: Stage) -> list[str]:
    listed = client("s3").list_objects_v2(Bucket=stage.bucket)["Contents"]
    return [entry["Key"] for entry in listed]
