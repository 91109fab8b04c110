"""Quote before, bill after: on the real functions, each bill is held against the simulated fal's own invoice."""

import io
import json
import wave
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from local.simulator.faults import JobFault
from shared.aws.bucket import S3Bucket
from shared.fal.models import fabric, hedra, ideogram
from shared.keys import bill_key
from shared.ledger.budgets import Budget, BudgetKind, Usage
from shared.plan.models import Plan
from shared.prices import LIVE_SOURCE, OVERRIDE_SOURCE, PRICES
from tests.integration.plot.deployment import client
from tests.integration.plot.functions import load_handler
from tests.integration.plot.small_studio import (
    SEED_OF_TOO_SHORT_CLIPS,
    draw_background,
    draw_portrait,
    film_talking_head,
)
from tests.integration.plot.stage import Stage
from tests.integration.plot.template_values import ROOT

Files = dict[str, bytes]
ScriptWith = Callable[..., Files]
SAMPLE = ROOT / "events" / "sample-episode"
RATE = 16_000
PAID_ENGINES = ["hedra", "fabric", "still"]


@dataclass(frozen=True)
class Paid:
    """What a run came to: quoted, billed, and invoiced by fal."""

    plan: Plan
    bill: dict[str, Any]
    invoiced_usd: Decimal

    @property
    def engines(self) -> list[str]:
        """The engines of the clips on the bill."""
        return sorted(line["engine"] for line in self.bill["lines"] if line["engine"])


def run(stage: Stage, files: Files, episode_id: str = "first") -> Paid:
    """Make an episode of these files; whatever they are, its bill is fal's invoice, and within its quote."""
    before = stage.fal.control.invoice()
    stage.upload(episode_id, files)
    stage.play_uploads()
    name = stage.run_name(episode_id)
    ended = stage.play_out(name)
    assert ended.status == "SUCCEEDED", ended.cause
    run = stage.ledger.newest_run(episode_id)
    assert run is not None
    assert run.plan_key is not None
    bucket = S3Bucket(client("s3"), stage.bucket)
    plan = Plan.model_validate_json(bucket.get(run.plan_key))
    invoice = stage.fal.control.invoice()
    paid = Paid(plan, stage.document(episode_id, "bill.json"), invoice.total_usd - before.total_usd)
    # the bill is the invoice, line by line, and in all
    lines = {line.request_id: float(line.usd) for line in invoice.lines if line not in before.lines}
    billed = {line["request_id"]: line["usd"] for line in paid.bill["lines"] if not line["reused"]}
    assert billed == pytest.approx(lines, abs=1e-6)
    assert paid.bill["total_usd"] == pytest.approx(float(paid.invoiced_usd), abs=1e-6)
    # it is within the quote, and so is what was reserved of the episode's budget
    spent = stage.ledger.spent(Budget(BudgetKind.EPISODE, episode_id))
    assert 0 <= paid.bill["total_usd"] <= spent.usd <= plan.quote.ceiling.usd
    assert spent.images <= plan.quote.ceiling.images
    assert spent.clip_seconds <= plan.quote.ceiling.clip_seconds
    # status and bill agree, and the bill is kept for this attempt
    status = stage.document(episode_id, "status.json")
    assert (status["spent_usd"], status["spent_by_episode_usd"]) == (paid.bill["total_usd"], spent.usd)
    assert json.loads(bucket.get(bill_key(episode_id, name))) == paid.bill
    return paid


def run_again(stage: Stage, files: Files) -> None:
    """Make the same episode under another name: it is quoted at nothing, and costs nothing."""
    again = run(stage, files, "again")
    assert again.plan.quote.expected == again.plan.quote.ceiling == Usage()
    assert (again.bill["total_usd"], again.bill["bought"], float(again.invoiced_usd)) == (0, 0, 0)


def test_the_sample_episode(stage: Stage) -> None:
    # given the sample episode, in a small picture
    files = {str(path.relative_to(SAMPLE)): path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    files["script.yaml"] = files["script.yaml"].replace(b"resolution: 720p", b"resolution: 540p")
    # when it is made
    paid = run(stage, files)
    # then it costs what was expected, at fal's prices of today where fal knows one for all requests
    assert paid.bill["total_usd"] == paid.plan.quote.expected_usd > 3
    assert paid.engines == ["hedra"] * 13  # twelve lines, of which one is too long for one clip
    sources = {line["kind"]: line["price_source"] for line in paid.bill["lines"]}
    assert (sources["composite"], sources["clip"]) == (LIVE_SOURCE, LIVE_SOURCE)
    assert sources["portrait"] == PRICES[ideogram.ENDPOINT].source
    # and each line says how long fal queued it and worked on it
    for line in paid.bill["lines"]:
        assert line["queued_seconds"] + line["running_seconds"] == pytest.approx(line["seconds"], abs=0.002)
        assert 0 < line["running_seconds"] <= line["seconds"]
    run_again(stage, files)


def test_own_pictures_and_clips_cost_nothing(stage: Stage, tiny: Files) -> None:
    # given a script that brings its portrait, its background, and one of its clips
    script = json.loads(tiny["script.json"]) | {"resolution": "540p"}
    script["characters"][0]["portrait"] = "own/mara.png"
    script["scenes"][0]["background"] = "own/lamp-room.png"
    script["scenes"][0]["lines"][0]["clip"] = "own/first.mp4"
    portrait = draw_portrait("mine", seed=1, size=(768, 1024))
    files = {
        **tiny,
        "script.json": json.dumps(script).encode(),
        "own/mara.png": portrait,
        "own/lamp-room.png": draw_background("mine", seed=1, size=(1024, 576)),
        "own/first.mp4": film_talking_head(portrait, tiny["audio/01-mara.mp3"], size=(960, 540), seed=1),
    }
    # when it is made, then one composite and one clip are bought
    paid = run(stage, files)
    assert [line["kind"] for line in paid.bill["lines"]] == ["composite", "clip"]
    run_again(stage, files)


def test_an_engine_that_fails_costs_nothing_and_is_named(stage: Stage, one_line_with: ScriptWith) -> None:
    # given hedra, which makes nothing of the line
    stage.fal.control.add_fault(JobFault(endpoint=hedra.ENDPOINT, kind="error", error_type="no_media_generated"))
    files = one_line_with(engines=PAID_ENGINES)
    # when it is made
    paid = run(stage, files)
    # then it is made and paid for with the next engine, and the bill says why
    assert paid.engines == ["fabric"]
    assert paid.bill["total_usd"] > paid.plan.quote.expected_usd
    assert [(failed["engine"], failed["error"]) for failed in paid.bill["failed"]] == [("hedra", "no_media_generated")]
    (stepped_down,) = paid.bill["stepped_down"]
    assert (stepped_down["line"], stepped_down["engine"]) == (1, "fabric")
    assert [(given_up["engine"], given_up["error"]) for given_up in stepped_down["given_up"]] == [
        ("hedra", "no_media_generated")
    ]
    (trouble,) = [t for t in stage.document("first", "status.json")["troubles"] if t["error"] == "SteppedDown"]
    assert stepped_down["given_up"][0]["reason"] in trouble["message"]
    run_again(stage, files)


def test_a_clip_that_cannot_be_used_is_paid_for_beside_the_one_in_its_place(
    stage: Stage, one_line_with: ScriptWith
) -> None:
    # given clips of hedra that end before their recordings do
    files = one_line_with(engines=PAID_ENGINES, models={"hedra": {"seed": SEED_OF_TOO_SHORT_CLIPS}})
    # when it is made, then both clips are on the invoice and on the bill, within the ceiling
    paid = run(stage, files)
    assert paid.engines == ["fabric", "hedra"]
    assert paid.bill["total_usd"] == pytest.approx(paid.plan.quote.ceiling_usd)
    assert paid.bill["stepped_down"][0]["given_up"][0]["error"] == "ClipRefused"
    run_again(stage, files)


def test_every_piece_of_a_long_line_is_paid_for(stage: Stage, one_line_with: ScriptWith) -> None:
    # given a line of 40 seconds with a pause in its middle, by an engine whose price depends on the resolution
    files = {**one_line_with(engines=["fabric"]), "audio/01-mara.mp3": b""}
    script = json.loads(files["script.json"])
    script["scenes"][0]["lines"][0]["audio"] = "audio/long.wav"
    files = {"script.json": json.dumps(script).encode(), "audio/long.wav": speech((19.0, 1.0, 20.0))}
    # when it is made, then it is two clips
    paid = run(stage, files)
    clips = [line for line in paid.bill["lines"] if line["kind"] == "clip"]
    assert [line["label"] for line in clips] == [f"line 1, piece {n} of 2 (Mara Quill)" for n in (1, 2)]
    assert {line["endpoint"] for line in clips} == {fabric.ENDPOINT}
    assert paid.plan.quote.expected.clip_seconds >= 40
    run_again(stage, files)


def test_the_operators_price_is_quoted_and_billed_and_is_no_part_of_an_address(
    stage: Stage, one_line_with: ScriptWith
) -> None:
    # given an operator who pays another price for clips than fal says
    plan_episode = stage.functions.handler("PlanEpisode")
    set_prices(stage, {hedra.ENDPOINT: 0.04})
    files = one_line_with()
    stage.upload("first", files)
    stage.play_uploads()
    # when an episode is made
    ended = stage.play_out(stage.run_name("first"))
    # then that price is on the bill
    assert ended.status == "SUCCEEDED", ended.cause
    (clip,) = [line for line in stage.document("first", "bill.json")["lines"] if line["kind"] == "clip"]
    seconds = next(line.quantity for line in stage.fal.control.invoice().lines if line.endpoint == hedra.ENDPOINT)
    assert clip["usd"] == pytest.approx(float(seconds) * 0.04)
    assert clip["price_source"] == OVERRIDE_SOURCE
    # and at any other price, everything is there
    stage.functions.put("PlanEpisode", plan_episode)
    run_again(stage, files)


def set_prices(stage: Stage, usd: dict[str, float]) -> None:
    """Set up the planning function anew, with the operator's prices."""
    environment = {
        **stage.values.environment_of("PlanEpisode"),
        "FAL_API_URL": stage.fal.environment()["FAL_API_URL"],
        "PRICE_OVERRIDES": json.dumps(usd),
    }
    stage.functions.put("PlanEpisode", load_handler(ROOT / "functions" / "plan_episode", environment))


def speech(seconds: tuple[float, float, float]) -> bytes:
    """Return a recording of a voice, a pause, and a voice, as WAV."""
    spoken, paused, spoken_again = (np.arange(round(length * RATE)) / RATE for length in seconds)
    voice = [np.sin(2 * np.pi * 180 * t) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * t)) for t in (spoken, spoken_again)]
    samples = np.concatenate([voice[0], np.zeros_like(paused), voice[1]])
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 0.3 * 32767).astype("<i2").tobytes())
    return buffer.getvalue()
