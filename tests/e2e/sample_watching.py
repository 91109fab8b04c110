"""How the sample episode is watched: frame by frame."""

from collections.abc import Iterator
from pathlib import Path

import av
from av.video.stream import VideoStream
from PIL import Image

from cli.make import Made
from local.fal_media.tags import Tag, prompt_fingerprint, read_tag
from shared.keys import AssetKind
from shared.plan.models import Plan, PlannedPart
from shared.workflow.status import EpisodeStatus

SAMPLE = Path(__file__).parents[2] / "events" / "sample-episode"
GRID = 0.32
"""Seconds by which a line's audio may be lengthened in the house format."""
FRAME_RATE = 25
DISSOLVE_FRAMES = 12
TITLE_CARD, PAUSE, END_CARD = 2.88, 0.32, 3.84
"""What the sample's `edit` asks for, on the grid."""


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


def status_of(made: Made) -> EpisodeStatus:
    return EpisodeStatus.model_validate_json((made.video.parent / "status.json").read_bytes())


def starts_of(plan: Plan) -> list[int]:
    """Return with which frame each part begins: they stand between two cards, with a pause after each line."""
    starts, at = [], round(TITLE_CARD * FRAME_RATE)
    for part, following in zip(plan.parts, [*plan.parts[1:], None], strict=True):
        starts.append(at)
        at += round(part.seconds * FRAME_RATE)
        if following and following.line != part.line:
            at += round(PAUSE * FRAME_RATE)
    return [*starts, at]


def as_picture(frame: av.VideoFrame) -> Image.Image:
    return Image.fromarray(frame.to_ndarray(format="rgb24"))


def tag_of(part: PlannedPart, plan: Plan) -> Tag:
    composite = plan.assets[part.picture.address]
    prompts = {
        asset.kind: str(asset.first.arguments["prompt"])
        for entry in composite.first.inputs
        if (asset := plan.assets[entry.file.address])
    }
    return Tag(
        "composite",
        prompt_fingerprint(prompts[AssetKind.PORTRAIT]),
        prompt_fingerprint(prompts[AssetKind.BACKGROUND]),
    )


def shown_in_the_middles(video: Path, plan: Plan) -> tuple[dict[int, Tag | None], int]:
    """Return what is seen in the middle of each part, by its index, and how many frames there are.

    Every frame is decoded, with errors set to explode.
    """
    *starts, _ = starts_of(plan)
    middles = {
        start + round(part.seconds * FRAME_RATE) // 2: part.index
        for start, part in zip(starts, plan.parts, strict=True)
    }
    shown = {}
    count = 0
    for count, frame in enumerate(frames(video), start=1):
        if count - 1 in middles:
            shown[middles[count - 1]] = read_tag(as_picture(frame))
    return shown, count
