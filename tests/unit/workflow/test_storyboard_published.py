"""The storyboard page in the workflow: thumbnails are kept where pictures come, and the page never costs an episode."""

import base64
import io
import logging
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from shared.keys import AssetKind, FileKind, FileRef, storyboard_key
from shared.ledger.records import Failure, Job, PartOutcome, RunState
from shared.ledger.states import SEND, STORE, JobState
from shared.ports import ObjectMissing
from shared.storyboard.pictures import THUMBNAIL_TYPE, pictures_to_show, thumbnail_of
from shared.workflow.assemble_episode import Assembled
from shared.workflow.collect_asset import Collected
from shared.workflow.record_outcome import RunEnd, record_outcome
from shared.workflow.request_review import Asked, ReviewRequest, request_review
from tests.builders import ADDRESS, EPISODE, RUN, TWO_SCENES, callback, claim_job, claim_of, plan_of
from tests.unit.storyboard.reading import Node, facts_of, read_page
from tests.unit.workflow.job_at_fal import collect, world_with_a_job_at_fal
from tests.unit.workflow.text_studio import TextStudio
from tests.world import World

PLAN = plan_of(TWO_SCENES)
PAGE = storyboard_key(EPISODE)
THUMBNAIL = thumbnail_of(ADDRESS).key


def picture(colour: tuple[int, int, int] = (90, 120, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (1280, 720), colour).save(buffer, "PNG")
    return buffer.getvalue()


def buy(world: World, address: str, run: str = RUN) -> Job:
    job = claim_job(world.ledger, claim_of(address, run=run), world.clock())
    assert job
    sent = world.ledger.step(job, SEND, world.clock())
    assert sent
    stored = world.ledger.step(sent, STORE, world.clock(), {"request_id": "r", "content_type": "image/png"})
    assert stored
    world.bucket.put(thumbnail_of(address).key, b"small " + address.encode(), THUMBNAIL_TYPE)
    world.bucket.put(FileRef.of_asset(AssetKind.COMPOSITE, address).key, b"large", "image/png")
    return stored


@pytest.fixture
def world() -> World:
    """Return a world in which a run has all its pictures, and has made every part."""
    world = World(PLAN)
    world.begin()
    for address, asset in PLAN.assets.items():
        if asset.kind is not AssetKind.CLIP:
            buy(world, address)
    for part in PLAN.parts:
        world.ledger.note_part(RUN, PartOutcome(part=part.index, engine="hedra", seconds=part.seconds))
    return world


def end(world: World, error: str = "") -> RunState:
    failure = Failure(error=error, message="line 2 could not be made") if error else None
    return record_outcome(RunEnd(episode_id=EPISODE, run=RUN, failure=failure), world.closing()).state


def page_of(world: World) -> Node:
    assert world.bucket.content_type(PAGE) == "text/html; charset=utf-8"
    return read_page(world.bucket.get(PAGE).decode())


# The poster


def test_the_page_of_an_episode_shows_its_poster_until_it_plays(world: World) -> None:
    # given an episode whose poster lies beside it
    world.bucket.put(f"episodes/{EPISODE}/poster.jpg", b"a poster", "image/jpeg")
    assert end(world) is RunState.DONE
    # then the page holds it
    [video] = page_of(world).all("video")
    assert video.attributes["poster"] == "data:image/jpeg;base64," + base64.b64encode(b"a poster").decode()


def test_a_poster_that_is_missing_costs_nothing_but_itself(world: World) -> None:
    assert end(world) is RunState.DONE
    [video] = page_of(world).all("video")
    assert "poster" not in video.attributes


# Thumbnails


def test_a_pictures_thumbnail_is_kept_once_everybody_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a portrait that fal delivers, with every call noted
    world = world_with_a_job_at_fal()
    world.files.data = picture()
    calls: list[str] = []
    for port, name in ((world.bucket, "upload"), (world.bucket, "put"), (world.tokens, "succeed")):
        monkeypatch.setattr(port, name, noting(calls, name, getattr(port, name)))
    # when it is collected
    assert collect(callback(), world) is Collected.STORED
    # then its thumbnail comes last
    assert calls == ["upload", "put", "succeed", "succeed", "put"]
    assert Image.open(io.BytesIO(world.bucket.get(THUMBNAIL))).size == (480, 270)
    assert world.bucket.content_type(THUMBNAIL) == "image/webp"


def noting(calls: list[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any) -> Any:
        calls.append(name)
        return function(*args)

    return noted


def test_a_picture_is_stored_also_where_no_thumbnail_can_be_made(caplog: pytest.LogCaptureFixture) -> None:
    # given a file that passes for a picture, and is none
    world = world_with_a_job_at_fal()
    # when it is collected, then it is stored and told of
    assert collect(callback(), world) is Collected.STORED
    assert world.job(ADDRESS).state is JobState.STORED
    assert not world.bucket.exists(THUMBNAIL)
    assert [record.levelno for record in caplog.records if "no thumbnail" in record.message] == [logging.WARNING]


def test_thumbnails_that_are_missing_are_made_while_an_episode_is_assembled(monkeypatch: pytest.MonkeyPatch) -> None:
    # given an episode with an own portrait, and one bought picture whose thumbnail is there
    portrait, *rest = TWO_SCENES["characters"]
    studio = TextStudio(plan_of({**TWO_SCENES, "characters": [{**portrait, "portrait": "a.png"}, *rest]}), monkeypatch)
    studio.make_all()
    pictures = pictures_to_show(studio.plan)
    assert any(file.kind is FileKind.SOURCE for file in pictures)
    for file in pictures:
        studio.bucket.put(file.key, picture(), "image/png")
    kept = thumbnail_of(pictures[0].address).key
    studio.bucket.put(kept, b"as it was", THUMBNAIL_TYPE)
    # when it is assembled
    assert studio.assemble() is Assembled.PUBLISHED
    # then all are there, and none was made again
    assert all(studio.bucket.exists(thumbnail_of(file.address).key) for file in pictures)
    assert studio.bucket.get(kept) == b"as it was"


def test_an_episode_is_assembled_also_where_no_thumbnail_can_be_made(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    studio = TextStudio(PLAN, monkeypatch)
    studio.make_all()
    assert studio.assemble() is Assembled.PUBLISHED
    assert not [key for key in studio.bucket.stored_keys if key.startswith("derived/thumbnails/")]
    assert sum("pictures have no thumbnails" in record.message for record in caplog.records) == 1


# The page


def test_the_page_of_a_done_run_has_its_player_pictures_and_bill(world: World) -> None:
    assert end(world) is RunState.DONE
    page = page_of(world)
    assert page.one("video").attributes["src"] == "episode.mp4"
    assert len([image for image in page.all("img") if "src" in image.attributes]) == len(pictures_to_show(PLAN))
    assert facts_of(page.one("dl", class_="figures"))["Paid"] == f"${world.status().spent_usd:.2f}"
    assert world.status().message.lower() in page.one("header").text.lower()


def test_the_page_of_a_failed_run_says_why(world: World) -> None:
    assert end(world, "PartFailed") is RunState.FAILED
    page = page_of(world)
    assert page.all("video") == []
    assert "ine 2 could not be made" in page.one("header").text
    assert [image for image in page.all("img") if "src" in image.attributes]


def test_the_page_says_which_line_was_stepped_down(world: World) -> None:
    world.ledger.note_part(RUN, PartOutcome(part=1, engine="still", seconds=4.8, stepped_down=("hedra",)))
    end(world)
    assert "line 2" in page_of(world).one("ul", class_="troubles").text


def test_a_page_lies_there_before_a_clip_is_paid_for(world: World) -> None:
    request = ReviewRequest(token="t", episode_id=EPISODE, run=RUN, plan_key=f"plans/{EPISODE}/{RUN}.json")
    assert request_review(request, world.reviewing()) is Asked.WAITING
    page = page_of(world)
    assert facts_of(page.one("dl", class_="commands"))["Approve"] == f"episode approve {EPISODE} --stack a-stack"
    assert world.status().message.lower() in page.one("header").text.lower()
    # and it holds no task token
    assert "task-token" not in page.text


def test_only_the_newest_run_writes_the_page(world: World) -> None:
    world.begin("newer", "other")
    end(world, "PartFailed")
    assert not world.bucket.exists(PAGE)


@pytest.mark.parametrize("error", ["", "PartFailed"])
def test_a_run_ends_as_well_without_its_page(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    # given a bucket that takes no page
    put = world.bucket.put

    def refusing(key: str, data: bytes, content_type: str) -> None:
        if key == PAGE:
            raise OSError("no pages today")
        put(key, data, content_type)

    monkeypatch.setattr(world.bucket, "put", refusing)
    # when the run ends, then it is closed and told, and the log says what is missing
    assert end(world, error) is (RunState.FAILED if error else RunState.DONE)
    assert len(world.events.published) == 1
    warnings = [record for record in caplog.records if "storyboard page" in record.message]
    assert [(record.levelno, RUN in record.message) for record in warnings] == [(logging.WARNING, True)]


def test_a_thumbnail_that_is_not_there_is_no_matter(world: World) -> None:
    gone = pictures_to_show(PLAN)[0].address
    world.bucket.remove(thumbnail_of(gone).key)
    end(world)
    places = page_of(world).all("div", class_="picture missing")
    assert {place.text for place in places} == {"no thumbnail"}
    with pytest.raises(ObjectMissing):
        world.bucket.get(thumbnail_of(gone).key)
