"""The sample episode, as a new user makes it: looked at frame by frame, and made a second time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream
from PIL import Image

from cli.make import Made
from local.fal_media.tags import Tag, prompt_fingerprint, read_tag
from shared.keys import AssetKind
from shared.plan.models import Plan, PlannedPart
from tests.e2e.conftest import Stage

SAMPLE = Path(__file__).parents[2] / "events" / "sample-episode"
GRID = 0.32
"""Seconds by which a line's audio may be lengthened in the house format."""


@pytest.fixture(scope="module")
def made(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return stage.make(SAMPLE, "sample", tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def plan(stage: Stage, made: Made) -> Plan:
    assert made.run.plan_key
    return Plan.model_validate_json(stage.target.bucket.get(made.run.plan_key))


def frames(video: Path) -> Iterator[av.VideoFrame]:
    with av.open(video) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.options = {"err_detect": "explode"}
        yield from container.decode(stream)


def stream_of(video: Path) -> tuple[VideoStream, float]:
    with av.open(video) as container:
        assert container.duration is not None
        return container.streams.video[0], container.duration / 1_000_000


def test_the_video_lasts_as_long_as_its_lines(made: Made, plan: Plan) -> None:
    # given the recordings' own lengths
    recorded = [seconds_of(SAMPLE / line) for line in sorted(SAMPLE.glob("audio/*"))]
    assert len(recorded) == len(plan.parts)
    # then the video's length is their sum, each rounded up by at most one step of the grid
    _, seconds = stream_of(made.video)
    assert sum(recorded) <= seconds <= sum(recorded) + GRID * len(recorded)


def seconds_of(audio: Path) -> float:
    with av.open(audio) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_every_frame_decodes_and_shows_who_speaks_where(made: Made, plan: Plan) -> None:
    # given the prompts that the portrait and the background of each line were bought with
    expected = {part.index: tag_of(part, plan) for part in plan.parts}
    assert len(set(expected.values())) > 5, "the sample has characters in several scenes"
    # when every frame is decoded with errors set to explode, and each line is looked at in its middle
    middles = {}
    begins = 0
    for part in plan.parts:
        length = round(part.seconds * 25)
        middles[begins + length // 2] = part.index
        begins += length
    shown = {}
    count = 0
    for count, frame in enumerate(frames(made.video), start=1):
        if count - 1 in middles:
            shown[middles[count - 1]] = read_tag(as_picture(frame))
    # then every line shows its character in its scene
    assert count == begins
    assert shown == expected


def as_picture(frame: av.VideoFrame) -> Image.Image:
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


def tag_of(part: PlannedPart, plan: Plan) -> Tag:
    composite = plan.assets[part.picture.address]
    prompts = {
        asset.kind: str(asset.arguments["prompt"])
        for entry in composite.inputs
        if (asset := plan.assets[entry.file.address])
    }
    return Tag(
        "composite",
        prompt_fingerprint(prompts[AssetKind.PORTRAIT]),
        prompt_fingerprint(prompts[AssetKind.BACKGROUND]),
    )


def test_the_bill_is_what_fal_charged(stage: Stage, made: Made, plan: Plan) -> None:
    # given what the simulated fal has put on its invoice for this episode's requests
    jobs = stage.target.ledger.jobs(plan.assets)
    ours = {job.request_id for job in jobs.values() if job.run == made.run.name}
    charged = sum(float(item.usd) for item in stage.studio.fal.control.invoice().lines if item.request_id in ours)
    # then our own bill says the same, and it was quoted
    bill = (made.video.parent / "bill.json").read_text()
    assert f'"total_usd": {round(charged, 4)}' in bill
    assert plan.quote.expected_usd == pytest.approx(charged, abs=0.01)


def test_the_second_time_nothing_is_asked_of_fal(stage: Stage, made: Made, tmp_path: Path) -> None:
    # given the sample episode, made
    before = stage.asked()
    # when it is made again from a copy of its folder, as it is
    again = stage.make(shutil.copytree(SAMPLE, tmp_path / "copy"), "sample", tmp_path / "out")
    # then nothing was asked of fal, and the same video is there
    assert stage.asked() == before
    assert again.was_done_before
    assert again.video.read_bytes() == made.video.read_bytes()
