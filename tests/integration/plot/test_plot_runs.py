"""Runs that come to a good end, on a second opinion of the state machine: moto's interpreter."""

import io
import json
from collections.abc import Callable

import av

from shared.fal.models import hedra, ideogram, kontext
from shared.ledger.records import RunState
from tests.builders import open_jobs
from tests.integration.plot.stage import Stage

ALL_OF_TINY = sorted([ideogram.ENDPOINT, ideogram.ENDPOINT, kontext.MULTI_ENDPOINT, hedra.ENDPOINT, hedra.ENDPOINT])


def test_uploads_become_an_episode_and_everything_is_paid_for_once(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given
    stage.upload("tiny", tiny)
    # when
    stage.play_uploads()
    name = stage.run_name("tiny")
    ended = stage.play_out(name)
    # then
    assert ended.status == "SUCCEEDED"
    papers = {"captions.srt", "captions.vtt", "status.json", "bill.json", "storyboard.html"}
    assert stage.folder("tiny") - tiny.keys() == {"episode.mp4", "poster.jpg", *papers}
    status, bill = stage.document("tiny", "status.json"), stage.document("tiny", "bill.json")
    with av.open(io.BytesIO(stage.result("tiny", "episode.mp4")), "r") as episode:
        assert len(list(episode.decode(video=0))) == round(status["seconds"] * 25)
    assert (status["state"], status["run"], status["troubles"]) == ("done", name, [])
    assert (bill["bought"], bill["reused"]) == (5, 0)
    assert stage.bought() == ALL_OF_TINY
    page = stage.result("tiny", "storyboard.html").decode()
    assert (page.count("<video "), page.count('src="data:image/webp;base64,')) == (1, 3)
    assert page.count("queued from ") + page.count("unknown from ") == 5
    assert {line["request_id"] for line in bill["lines"]} == {
        line.request_id for line in stage.fal.control.invoice().lines
    }
    assert stage.told() == [("Episode Done", name)]
    assert open_jobs(stage.ledger) == []
    assert stage.ledger.open_runs() == []


def test_an_episode_that_is_done_costs_nothing_once_more(stage: Stage, tiny: dict[str, bytes]) -> None:
    # given an episode that is done, and fal from which nothing more would come
    stage.upload("tiny", tiny)
    stage.play_uploads()
    first = stage.run_name("tiny")
    stage.play_out(first)
    status = stage.result("tiny", "status.json")
    stage.fal.control.pause()
    # when a person starts it again, and its inputs are uploaded as another episode
    stage.start("again", "tiny")
    stage.play_out("again")
    stage.upload("other", tiny)
    stage.play_uploads()
    other = stage.run_name("other")
    stage.play_out(other)
    # then the first has nothing to do, and the second nothing to buy
    assert stage.execution_states() == {first: "SUCCEEDED", "again": "SUCCEEDED", other: "SUCCEEDED"}
    assert stage.result("tiny", "status.json") == status
    assert stage.result("other", "episode.mp4") == stage.result("tiny", "episode.mp4")
    bill = stage.document("other", "bill.json")
    assert (bill["bought"], bill["reused"], bill["total_usd"]) == (0, 5, 0.0)
    assert len(stage.fal.control.requests()) == 5


def test_a_superseded_run_ends_quietly_and_its_assets_serve_the_newer_one(
    stage: Stage, tiny: dict[str, bytes], tiny_with: Callable[..., dict[str, bytes]]
) -> None:
    # given a run whose portrait and background are under way
    stage.fal.control.pause()
    stage.upload("tiny", tiny)
    stage.play_uploads()
    older = stage.run_name("tiny")
    stage.play_until(lambda: len(stage.fal.control.requests()) == 2)
    # when one line gets another position, and fal works again
    scenes = json.loads(tiny["script.json"])["scenes"]
    for line in scenes[0]["lines"]:
        line["position"] = "sitting on the stairs"
    stage.upload("tiny", tiny_with(scenes=scenes))
    stage.play_uploads()
    newer = stage.run_name("tiny")
    stage.play_until(lambda: [run.state for run in stage.ledger.open_runs()] == [RunState.RUNNING] * 2)
    stage.fal.control.resume()
    ended = [stage.play_out(name) for name in (older, newer)]
    # then
    assert newer != older
    assert [execution.status for execution in ended] == ["SUCCEEDED", "SUCCEEDED"]
    assert stage.bought() == ALL_OF_TINY
    assert stage.document("tiny", "status.json")["run"] == newer
    assert stage.document("tiny", "status.json")["state"] == "done"
    assert stage.told() == [("Episode Done", newer)]
    assert stage.ledger.open_runs() == []
