"""The sample episode, as a new user makes it: looked at frame by frame, and made a second time."""

import re
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cli.make import Made
from local.fal_media.tags import read_tag
from shared.plan.models import Plan
from tests.e2e.conftest import Stage
from tests.e2e.sample_watching import (
    DISSOLVE_FRAMES,
    END_CARD,
    FRAME_RATE,
    GRID,
    PAUSE,
    SAMPLE,
    TITLE_CARD,
    frames,
    shown_in_the_middles,
    starts_of,
    status_of,
    stream_of,
    tag_of,
)
from tests.unit.media.episodes import assert_gapless, loudness


@pytest.fixture(scope="module")
def made(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return stage.make(SAMPLE, "sample", tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def plan(stage: Stage, made: Made) -> Plan:
    assert made.run.plan_key
    return Plan.model_validate_json(stage.target.bucket.get(made.run.plan_key))


def test_the_video_lasts_as_long_as_its_lines(made: Made, plan: Plan) -> None:
    # given the recordings' own lengths
    recorded = [seconds_of(SAMPLE / line) for line in sorted(SAMPLE.glob("audio/*"))]
    assert len(recorded) == len({part.line for part in plan.parts}) == len(plan.parts) - 1, "one line has two parts"
    # then the video's length is their sum, each rounded up by at most one step of the grid, and what the edit adds
    _, seconds = stream_of(made.video)
    added = TITLE_CARD + PAUSE * (len(recorded) - 1) + END_CARD
    assert sum(recorded) + added <= seconds <= sum(recorded) + added + GRID * len(plan.parts)
    # and under two minutes, and what the status says
    assert seconds < 120
    assert status_of(made).seconds == pytest.approx(seconds, abs=0.001)


def seconds_of(audio: Path) -> float:
    with av.open(audio) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_every_frame_decodes_and_shows_who_speaks_where(made: Made, plan: Plan) -> None:
    # given the prompts that the portrait and the background of each line were bought with
    expected = {part.index: tag_of(part, plan) for part in plan.parts}
    assert len(set(expected.values())) > 5, "the sample has characters in several scenes"
    # when every frame is decoded with errors set to explode, and each line is looked at in its middle
    shown, count = shown_in_the_middles(made.video, plan)
    *_, end = starts_of(plan)
    # then every line shows its character in its scene
    assert count == end + round(END_CARD * FRAME_RATE)
    assert shown == expected


def test_it_is_cut_as_the_script_asks_for(made: Made, plan: Plan) -> None:
    # given the video's frames around the places where a scene begins, and the cards
    starts = starts_of(plan)
    changes = [
        start
        for start, part, before in zip(starts, plan.parts, [None, *plan.parts[:-1]], strict=False)
        if before is None or before.scene != part.scene
    ]
    changes.append(starts[-1])
    assert len(changes) == 4, "three scenes and the end card"
    wanted = {change + offset for change in changes for offset in range(-1, DISSOLVE_FRAMES + 1)}
    within = starts[1]  # the second line is in the first one's scene
    wanted |= {0, within - 1, within}
    pictures = {
        number: frame.to_ndarray(format="gray").astype(np.float64)
        for number, frame in enumerate(frames(made.video))
        if number in wanted
    }
    # then each fades from what was before it into what comes, evenly
    for change in changes:
        before, after = pictures[change - 1], pictures[change + DISSOLVE_FRAMES]
        shares = [share_of(pictures[change + offset], before, after) for offset in range(DISSOLVE_FRAMES)]
        assert shares == pytest.approx([(offset + 1) / 13 for offset in range(DISSOLVE_FRAMES)], abs=0.08)
    # and within a scene one line follows the other at once
    assert np.abs(pictures[within] - pictures[within - 1]).mean() > 5
    # and the episode begins with a picture that can be seen
    assert 10 < pictures[0].mean() < 200


def share_of(mixed: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return how much of a picture is of `after`, by least squares, if the rest is of `before`."""
    change = (after - before).ravel()
    return float(np.dot((mixed - before).ravel(), change) / np.dot(change, change))


def test_its_captions_say_what_the_script_says(made: Made, plan: Plan) -> None:
    # given the words of the script
    spoken = " ".join({part.line: part.text for part in plan.parts}.values()).split()
    # then both files hold them in order, within what is said
    subrip, webvtt = ((made.video.parent / f"captions.{suffix}").read_text() for suffix in ("srt", "vtt"))
    assert webvtt.startswith("WEBVTT\n")
    for text in (subrip, webvtt):
        rows = [row for row in text.removeprefix("WEBVTT").splitlines() if row and "-->" not in row]
        assert " ".join(row for row in rows if not row.isdigit()).split() == spoken
        assert all(len(row) <= 42 for row in rows)
    times = [clock(text) for text in re.findall(r"\d\d:\d\d:\d\d,\d\d\d", subrip)]
    assert times == sorted(times)
    assert starts_of(plan)[0] / FRAME_RATE <= times[0] < times[-1] <= starts_of(plan)[-1] / FRAME_RATE
    # and so does a track of the video, in the language of the script
    with av.open(made.video) as container:
        (track,) = container.streams.subtitles
        assert track.language == "eng"
        packets = [bytes(packet) for packet in container.demux(track) if packet.size > 2]
    assert " ".join(packet[2:].decode() for packet in packets).split() == spoken
    assert status_of(made).captions == ("captions.srt", "captions.vtt")


def clock(text: str) -> float:
    hours, minutes, seconds = text.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def test_its_chapters_are_its_scenes(made: Made, plan: Plan) -> None:
    starts = starts_of(plan)
    second, third = (
        next(start for start, part in zip(starts, plan.parts, strict=False) if part.scene == scene) for scene in (2, 3)
    )
    with av.open(made.video) as container:
        chapters = [
            (float(chapter["start"] * (chapter["time_base"] or 0)), chapter["metadata"]["title"])
            for chapter in container.chapters()
        ]
    assert chapters == [
        (0, "Scene 1"),
        (pytest.approx(second / FRAME_RATE, abs=0.001), "Scene 2"),
        (pytest.approx(third / FRAME_RATE, abs=0.001), "Scene 3"),
    ]


def test_its_sound_is_as_loud_as_it_should_be_with_music_under_it(made: Made) -> None:
    # given the finished file, and a meter that knows nothing of how it was made
    with av.open(made.video) as container:
        assert container.streams.audio[0].layout.name == "stereo"
        assert container.streams.audio[0].rate == 48_000
    measured = loudness(made.video)
    # then it is at -16 LUFS, and its true peak at most -1.5 dBTP
    assert measured.integrated == pytest.approx(-16, abs=1)
    assert measured.true_peak <= -1.5
    # and its packets follow each other in even steps
    assert_gapless(made.video)


def test_what_lies_beside_it(made: Made) -> None:
    names = {path.name for path in made.video.parent.iterdir()}
    papers = {"captions.srt", "captions.vtt", "status.json", "bill.json", "storyboard.html"}
    assert names == {"episode.mp4", "poster.jpg", *papers}
    assert status_of(made).videos == {"16:9": "episode.mp4"}
    with Image.open(made.video.parent / "poster.jpg") as poster:
        assert poster.size == (1280, 720)
        assert read_tag(poster.convert("RGB")), "it shows a line and no card"


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
