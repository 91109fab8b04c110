"""The episode's videos: joined once, published by the newest run alone, with posters and captions beside them."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pytest

from shared.media.join import Segment
from shared.ports import ObjectMissing
from shared.workflow.assemble_episode import Assembled
from tests.builders import EPISODE, TWO_SCENES, plan_of
from tests.unit.workflow.text_studio import JOINING, TextStudio

PLAN = plan_of(TWO_SCENES)
EDIT: dict[str, Any] = {"dissolve": True, "title_card": True, "end_card": {"title": "Thank you"}, "pause": 0.32}


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> TextStudio:
    return TextStudio(PLAN, monkeypatch)


def studio_of(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> TextStudio:
    studio = TextStudio(plan_of({**TWO_SCENES, **fields}), monkeypatch)
    studio.make_all()
    return studio


def test_an_episode_is_joined_in_the_order_of_the_script_and_published(studio: TextStudio) -> None:
    # given all parts, made in some order
    for part in (3, 1, 0, 2):
        studio.make(part)
    # when they are assembled
    assert studio.assemble() is Assembled.PUBLISHED
    # then the episode holds them in the script's order, with a chapter for each scene
    lines = studio.result("episode.mp4").splitlines()
    assert [line.split()[2] for line in lines[1:]] == [part.recording.key for part in PLAN.parts]
    assert [chapter.title for chapter in studio.joined[0].chapters] == ["Scene 1", "Scene 2"]
    assert [chapter.start for chapter in studio.joined[0].chapters] == pytest.approx([0.0, 14.4])
    assert studio.result("poster.jpg").startswith("poster of The Last Lighthouse")


def test_an_episode_that_was_joined_before_is_not_joined_again(studio: TextStudio) -> None:
    for part in range(4):
        studio.make(part)
    studio.assemble()
    studio.assemble()
    assert studio.made.count("episode") == 1


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_only_the_newest_run_publishes(studio: TextStudio, when: str) -> None:
    # given a newer run, that is there already or comes and is done while this one joins
    for part in range(4):
        studio.make(part)

    def newer_run() -> None:
        studio.world.begin("newer", "other")
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


def test_an_edited_episode_has_its_cards_dissolves_and_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # given all parts of an edited episode
    studio = studio_of(monkeypatch, edit=EDIT, language="pt-BR")
    # when it is assembled
    studio.assemble()
    # then its cards stand at its ends, and every change dissolves
    title, *lines = studio.result("episode.mp4").splitlines()
    assert title == "The Last Lighthouse"
    assert [line.partition(" ")[0] for line in lines] == ["card", "moving", "moving", "moving", "moving", "card"]
    assert [" <- from " in line for line in lines] == [False, True, False, False, True, True]
    before, _, after = lines[4].partition(" <- from ")[2].partition(" to ")
    assert (before, after) == (lines[3], lines[4].partition(" <- ")[0])
    # and its length, chapters, captions and language are those of what is shown
    (joined,) = studio.joined
    assert joined.frames == round(25 * (2.88 + 4 * 4.8 + 3 * 0.32 + 3.84))
    assert [(chapter.start, chapter.title) for chapter in joined.chapters] == [
        (0, "Scene 1"),
        (pytest.approx(2.88 + 3 * (4.8 + 0.32)), "Scene 2"),
    ]
    assert [cue.rows for cue in joined.cues] == [("We could sell.",)]
    assert 2.88 <= joined.cues[0].start < joined.cues[0].end <= 2.88 + 4.4
    assert joined.language == "por"
    # and its poster is looked for in the middles of its parts, away from cards
    (posed,) = studio.posed
    assert posed == pytest.approx([2.88 + place * 5.12 + (5.12 if place < 3 else 4.8) / 2 for place in range(4)])


def test_cards_and_dissolves_that_nobody_made_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    # given an edited episode whose cards and dissolves were pruned
    studio = studio_of(monkeypatch, edit=EDIT, outputs=["16:9", "9:16"])
    derived = studio.dissolve_keys() | studio.card_keys()
    assert len(derived) == 2 * (3 + 2)
    for key in derived:
        studio.bucket.remove(key)
    # when it is assembled
    assert studio.assemble() is Assembled.PUBLISHED
    # then they are there again
    assert derived <= set(studio.bucket.stored_keys)
    assert studio.result("episode.mp4").count("<- from") == 3


def test_every_video_is_published_with_its_poster(monkeypatch: pytest.MonkeyPatch) -> None:
    # given three videos
    studio = studio_of(monkeypatch, outputs=["9:16", "16:9", "1:1"], aspect_ratio="16:9", edit=EDIT)
    studio.assemble()
    # then the one in whose aspect ratio was generated has the plain name
    assert {name for name in studio.results() if name.endswith((".mp4", ".jpg"))} == {
        *("episode.mp4", "episode-9x16.mp4", "episode-1x1.mp4"),
        *("poster.jpg", "poster-9x16.jpg", "poster-1x1.jpg"),
    }
    for ratio, size in (("", "1280x720"), ("-9x16", "720x1280"), ("-1x1", "720x720")):
        assert size in studio.result(f"episode{ratio}.mp4")
        assert studio.result(f"poster{ratio}.jpg") == f"poster of {studio.result(f'episode{ratio}.mp4')}"
    assert studio.bucket.content_type(f"episodes/{EPISODE}/episode-9x16.mp4") == "video/mp4"
    assert studio.bucket.content_type(f"episodes/{EPISODE}/poster-9x16.jpg") == "image/jpeg"


def test_music_is_laid_under_every_video(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(monkeypatch, music="theme.mp3", outputs=["16:9", "9:16"])
    studio.assemble()
    assert studio.plan.edit.music
    for name in ("episode.mp4", "episode-9x16.mp4"):
        assert studio.result(name).endswith(f"\nover {studio.plan.edit.music.key}")


def test_the_same_line_twice_is_made_once_and_shown_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a scene that comes back as it is
    last = TWO_SCENES["scenes"][1]
    studio = studio_of(monkeypatch, scenes=[last, {**last, "number": 3}], edit={"dissolve": True})
    studio.assemble()
    # then one house clip is in the video twice, the second time dissolving from itself
    assert studio.made.count("moving") == 1
    _, first, second = studio.result("episode.mp4").splitlines()
    assert second == f"{first} <- from {first} to {first}"


def test_captions_lie_beside_the_video(studio: TextStudio) -> None:
    studio.make_all()
    studio.assemble()
    assert "We could sell." in studio.result("captions.srt")
    assert studio.result("captions.vtt").startswith("WEBVTT\n")
    assert "We could sell." in studio.result("captions.vtt")
    types = [studio.bucket.content_type(f"episodes/{EPISODE}/captions.{suffix}") for suffix in ("srt", "vtt")]
    assert types == ["application/x-subrip", "text/vtt"]


def without_text() -> list[dict[str, Any]]:
    return [
        {**scene, "lines": [{k: v for k, v in line.items() if k != "text"} for line in scene["lines"]]}
        for scene in TWO_SCENES["scenes"]
    ]


def test_an_episode_without_text_has_no_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_of(monkeypatch, scenes=without_text())
    studio.assemble()
    assert studio.results() == {"episode.mp4", "poster.jpg"}


def test_captions_of_an_earlier_run_are_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    # given an episode that lost its text since its captions were written
    studio = studio_of(monkeypatch, scenes=without_text())
    for suffix in ("srt", "vtt"):
        studio.bucket.put(f"episodes/{EPISODE}/captions.{suffix}", b"what was said", "text/plain")
    # when it is assembled again
    studio.assemble()
    # then they say nothing any more
    assert (studio.result("captions.srt"), studio.result("captions.vtt")) == ("", "WEBVTT\n")


CHANGES: dict[str, tuple[dict[str, Any], bool]] = {
    "title": ({"title": "Another"}, True),
    "language": ({"language": "de"}, True),
    "music": ({"music": "other.mp3"}, True),
    "no dissolves": ({"edit": {**EDIT, "dissolve": False}}, True),
    "card": ({"edit": {**EDIT, "end_card": None}}, True),
    "caps": ({"caps": {"usd": 5}}, False),
    "review": ({"review": "storyboard"}, False),
}


@pytest.mark.parametrize(("change", "again"), CHANGES.values(), ids=CHANGES)
def test_a_video_is_joined_again_when_it_comes_out_differently(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], *, again: bool
) -> None:
    # given an episode that was joined
    fields: dict[str, Any] = {"edit": EDIT, "music": "theme.mp3"}
    before = studio_of(monkeypatch, **fields)
    before.assemble()
    # when it is made with a change, where all that is derived is still there
    after = studio_of(monkeypatch, **{**fields, **change})
    for key in before.bucket.stored_keys:
        if key.startswith("derived/episodes/"):
            after.bucket.put(key, before.bucket.get(key), "video/mp4")
    after.assemble()
    # then it is joined again only if the change is in it
    assert after.made.count("episode") == int(again)


def test_a_clip_that_cannot_be_fetched_fails_the_step_and_publishes_nothing(studio: TextStudio) -> None:
    studio.make_all()
    studio.bucket.remove(PLAN.parts[2].engines[0].houses["16:9"].key)
    with pytest.raises(ObjectMissing):
        studio.assemble()
    assert studio.results() == set()


def test_nothing_is_fetched_any_more_once_joining_has_failed(
    studio: TextStudio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given a join that fails at its first clip, while another one is being fetched
    studio.make_all()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failing, folder_goes = Event(), Event()
    went_while_fetching: list[bool] = []
    download = studio.bucket.download

    class Watched(TemporaryDirectory[str]):
        def cleanup(self) -> None:
            folder_goes.set()
            super().cleanup()

    def slow_download(key: str, target: Path) -> None:
        if key == PLAN.parts[1].engines[0].houses["16:9"].key:
            assert failing.wait(10)
            went_while_fetching.append(folder_goes.wait(0.3))
        download(key, target)

    def fail(segments: Iterable[Segment], _target: Path, **_: object) -> None:
        next(iter(segments))
        failing.set()
        raise RuntimeError("the join fails")

    monkeypatch.setattr(studio.bucket, "download", slow_download)
    monkeypatch.setattr(f"{JOINING}.TemporaryDirectory", Watched)
    monkeypatch.setattr(f"{JOINING}.join_house_clips", fail)
    # when the episode is assembled, then the reason comes out, and its folder went after all was fetched
    with pytest.raises(RuntimeError, match="the join fails"):
        studio.assemble()
    assert went_while_fetching == [False]
    assert list(tmp_path.iterdir()) == []
    assert studio.results() == set()
