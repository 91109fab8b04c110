"""Planning a run: which execution may, what is refused, and what the plot learns."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from shared.fal.models import hedra, ideogram, kontext
from shared.keys import AssetKind
from shared.ledger.budgets import Usage
from shared.ledger.records import Failure, RunState
from shared.ledger.states import FAIL, SEND, STORE
from shared.plan.models import Plan
from shared.plan.recordings import ReadInputs
from shared.prices import LivePrice
from shared.script.models import Script
from shared.workflow.plan_answer import PlanOutcome
from shared.workflow.read_files import FilesRefused
from shared.workflow.status import EpisodeState
from tests.builders import (
    EPISODE,
    TWO_SCENES,
    addresses_of,
    claim_job,
    claim_of,
    inputs_of,
    part_of,
)
from tests.fakes.faults import Crash, Fuse
from tests.fakes.step_functions import execution_arn
from tests.unit.workflow.planning_folder import FOLDER, RUN, Folder, plan
from tests.world import World

TINY = Path(__file__).parents[2] / "fixtures" / "tiny-episode"


def store(world: World, address: str) -> None:
    job = claim_job(world.ledger, claim_of(address), 1.0)
    assert job
    sent = world.ledger.step(job, SEND, 1.0)
    assert sent
    world.ledger.step(sent, STORE, 1.0)


def changed(**fields: Any) -> dict[str, Any]:
    return {**deepcopy(TWO_SCENES), **fields}


def test_a_run_is_planned(folder: Folder) -> None:
    # when an execution that a person started is planned
    answer = plan(folder)
    # then its plan lies in the bucket, and the run is running
    made = folder.planned(answer)
    run = folder.ledger.newest_run(EPISODE)
    assert run
    assert (run.name, run.state, run.execution_arn) == (RUN, RunState.RUNNING, execution_arn(RUN))
    assert run.plan_key == answer.plan_key
    assert made.run == RUN
    # and the plot gets every shot and part, with everything to be asked for
    assert [part.index for shot in answer.shots for part in shot.parts] == [0, 2, 1, 3]
    assert all(shot.composite_asked and len(shot.images) == 2 for shot in answer.shots)
    for shot in answer.shots:
        for part in shot.parts:
            assert [engine.asked for engine in part.engines] == [True, True, False]
            assert [engine.last for engine in part.engines] == [False, False, True]
    # and people can read what it will cost
    assert folder.status().state is EpisodeState.RUNNING
    assert folder.status().expected_usd == made.quote.expected_usd > 0
    assert folder.status().ceiling_usd == made.quote.ceiling_usd


def test_what_is_stored_is_not_asked_for(folder: Folder) -> None:
    # given an episode whose first shot is complete
    made = folder.planned(plan(folder))
    shot = made.shots[0]
    clips = [made.parts[index].engines[0].clip for index in shot.parts]
    for address in [*shot.images, shot.composite, *(clip.address for clip in clips if clip)]:
        store(folder, address)
    # when it is planned again
    answer = plan(folder)
    # then nothing of that shot is asked for, and the background that it shares is not either
    first, second, _ = answer.shots
    assert (first.images, first.composite_asked) == ((), False)
    assert [part.engines[0].asked for part in first.parts] == [False, False]
    assert [image.kind for image in second.images] == [AssetKind.PORTRAIT]
    quote = folder.planned(answer).quote
    assert quote.reused == 5
    assert quote.expected_usd < made.quote.expected_usd


def test_an_own_clip_asks_for_nothing(folder: Folder) -> None:
    # given a scene whose only line brings its own video
    script = deepcopy(TWO_SCENES)
    script["scenes"][1]["lines"][0]["clip"] = "own/keeper.mp4"
    folder.change(script)
    folder.bucket.put(FOLDER + "own/keeper.mp4", b"film", "video/mp4")
    # when it is planned
    answer = plan(folder)
    # then its shot asks for no picture and no clip
    shot = answer.shots[2]
    assert (shot.images, shot.composite_asked) == ((), False)
    assert [(engine.asked, engine.last) for engine in shot.parts[0].engines] == [(False, True)]
    # and the lamp room is not painted for it
    assert len(addresses_of(folder.planned(answer), AssetKind.BACKGROUND)) == 1


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("{", "ScriptRejected", "script.json"),
        (changed(caps={"usd": 0.5}), "OverCap", "caps.usd: the episode lighthouse may use 0.5 US dollars"),
        (changed(caps={"images": 2}), "OverCap", "7 more would be 5 too many"),
        (changed(caps={"clip_seconds": 10}), "OverCap", "caps.clip_seconds"),
        (changed(music="music/theme.mp3"), "FileMissing", "music/theme.mp3"),
    ],
)
def test_what_no_episode_can_be_made_of_is_refused(folder: Folder, script: Any, error: str, words: str) -> None:
    folder.change(script)
    answer = plan(folder)
    assert (answer.outcome, answer.error) == (PlanOutcome.REJECTED, error)
    assert words in answer.message
    # and no plan is left, by which anything could be bought
    assert answer.plan_key == ""
    assert not [key for key in folder.bucket.stored_keys if key.startswith("plans/")]


def test_a_cap_that_is_just_met_is_kept(folder: Folder) -> None:
    quote = folder.planned(plan(folder)).quote
    folder.change(changed(caps={"usd": round(quote.ceiling_usd, 2) + 0.01, "images": quote.ceiling.images}))
    assert plan(folder, run="execution-2").outcome is PlanOutcome.PLANNED


def test_a_cap_on_seconds_is_held_against_the_ceiling(folder: Folder) -> None:
    """Not against what is expected: a run that is let through is not stopped half way when it has to step down."""
    quote = folder.planned(plan(folder)).quote
    assert quote.ceiling.clip_seconds > quote.expected.clip_seconds
    folder.change(changed(caps={"clip_seconds": quote.expected.clip_seconds}))
    assert plan(folder, run="execution-2").error == "OverCap"
    folder.change(changed(caps={"clip_seconds": quote.ceiling.clip_seconds}))
    assert plan(folder, run="execution-3").outcome is PlanOutcome.PLANNED


def test_what_is_under_way_for_the_episode_is_not_counted_twice(folder: Folder) -> None:
    # given a cap that just holds the quote, and a first run that has something under way when it ends
    ceiling = folder.planned(plan(folder)).quote.ceiling_usd
    folder.change(changed(caps={"usd": round(ceiling + 0.01, 2)}))
    made = folder.planned(plan(folder, run="execution-2"))
    portrait = made.assets[min(addresses_of(made, AssetKind.PORTRAIT))]
    job = claim_job(folder.ledger, claim_of(portrait.address, run="execution-2", usage=portrait.usage), 1.0)
    assert job
    run = folder.ledger.newest_run(EPISODE)
    assert run
    folder.ledger.update_run(run, RunState.FAILED, {"ended_at": 1.0})
    # when it is planned again, then that is within the quote, and not on top of it
    assert plan(folder, run="execution-3").outcome is PlanOutcome.PLANNED
    # but once it has failed and may have been charged, it is
    folder.ledger.step(job, FAIL, 2.0, {"failure": Failure(error="x", message="y")})
    run = folder.ledger.newest_run(EPISODE)
    assert run
    folder.ledger.update_run(run, RunState.FAILED, {"ended_at": 1.0})
    assert plan(folder, run="execution-4").error == "OverCap"


def test_fals_prices_of_today_are_quoted_and_the_operators_before_them(folder: Folder) -> None:
    # given fal that asks more for composites and for clips, and an operator who knows better about clips
    before = folder.planned(plan(folder)).quote.expected_usd
    folder.platform.live = {
        kontext.MULTI_ENDPOINT: LivePrice(0.07, "images"),
        hedra.ENDPOINT: LivePrice(9.0, "seconds"),
    }
    folder.price_overrides = {hedra.ENDPOINT: 0.09}
    # when it is planned
    folder.change(changed(title="Another title"))
    made = folder.planned(plan(folder, run="execution-2"))
    # then those prices hold, and the addresses are the same
    assert made.quote.expected_usd - before == pytest.approx(3 * 0.03 + 4 * 4.8 * 0.04)
    assert made.warnings == ()


def test_without_fals_price_list_the_table_is_used_and_said(folder: Folder) -> None:
    before = folder.planned(plan(folder)).quote
    folder.platform.unreachable = True
    folder.change(changed(title="Another title"))
    made = folder.planned(plan(folder, run="execution-2"))
    assert made.quote == before
    assert ["table" in warning for warning in made.warnings] == [True]
    assert list(folder.status().warnings) == list(made.warnings)


def test_a_price_that_the_table_does_not_know_is_said(folder: Folder) -> None:
    folder.platform.live = {ideogram.ENDPOINT: LivePrice(0.11, "images")}
    (warning,) = folder.planned(plan(folder)).warnings
    assert "$0.11" in warning


def test_fal_is_not_asked_for_prices_of_what_is_there(folder: Folder) -> None:
    # given an episode that was planned, and everything of it stored
    made = folder.planned(plan(folder))
    for address in made.assets:
        store(folder, address)
    asked = folder.platform.questions
    # when it is planned again
    folder.change(changed(title="Another title"))
    quote = folder.planned(plan(folder, run="execution-2")).quote
    # then nothing is expected, at most nothing, and nobody was asked
    assert (quote.expected, quote.ceiling, quote.reused) == (Usage(), Usage(), len(made.assets))
    assert folder.platform.questions == asked


def test_files_that_cannot_be_used_are_all_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> ReadInputs:
        raise FilesRefused(["audio/01.mp3 is no sound", "audio/02.mp3 is empty"])

    monkeypatch.setattr("shared.workflow.plan_episode.read_files", read)
    answer = plan(folder)
    assert answer.error == "FileRefused"
    assert answer.message == "audio/01.mp3 is no sound; audio/02.mp3 is empty"


def test_too_many_parts_are_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(script: Script, *_: object) -> ReadInputs:
        return inputs_of(script, pieces={0: [part_of(str(n)) for n in range(398)]})

    monkeypatch.setattr("shared.workflow.plan_episode.read_files", read)
    answer = plan(folder)
    assert answer.error == "TooManyParts"
    assert "401 parts" in answer.message


@pytest.mark.parametrize("episode_id", ["", "..", "a/b", "x" * 101])
def test_an_id_that_names_no_episode_is_refused(folder: Folder, episode_id: str) -> None:
    answer = plan(folder, episode_id=episode_id)
    assert (answer.outcome, answer.error) == (PlanOutcome.REJECTED, "EpisodeIdInvalid")


def test_a_crash_at_any_call_and_once_more(folder: Folder) -> None:
    digest = folder.upload_claimed()
    plan(folder, digest)
    for at in range(1, folder.fuse.calls + 1):
        fresh = Folder()
        claimed = fresh.upload_claimed()
        fresh.fuse = Fuse(at=at, done=True)
        with pytest.raises(Crash):
            plan(fresh, claimed)
        assert plan(fresh, claimed).outcome is PlanOutcome.PLANNED


def test_a_real_episode() -> None:
    """Everything at once: real recordings are probed, cut and kept under their addresses."""
    # given an episode with two recorded lines
    world = World()
    for path in sorted(TINY.rglob("*")):
        if path.is_file():
            world.bucket.put(FOLDER + path.relative_to(TINY).as_posix(), path.read_bytes(), "application/octet-stream")
    # when it is planned twice
    first = plan(world)
    assert first.outcome is PlanOutcome.PLANNED, first.message
    made = Plan.model_validate_json(world.bucket.get(first.plan_key))
    second = plan(world)
    # then its parts lie under their addresses, and the plan is the same
    assert len(made.parts) == 2
    assert all(world.bucket.exists(part.recording.key) for part in made.parts)
    assert all(part.seconds >= part.spoken_seconds > 0 for part in made.parts)
    assert Plan.model_validate_json(world.bucket.get(second.plan_key)) == made
