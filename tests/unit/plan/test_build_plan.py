"""The plan: deterministic, in the script's order, counted honestly, and small enough for the plot."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keys import AssetKind
from shared.plan.build import MAX_PARTS, TooManyParts
from shared.plan.models import Plan
from shared.workflow.plan_episode import PlanAnswer, PlanOutcome, _choices
from tests.builders import TWO_SCENES, addresses_of, part_of, plan_of

STATE_LIMIT = 256 * 1024  # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html

positions = st.sampled_from(["at the window", "at the table", "on the stairs"])
lines = st.fixed_dictionaries(
    {
        "character": st.sampled_from(["Alex", "Mara"]),
        "position": positions,
        "audio": st.sampled_from(["a.mp3", "b.mp3"]),
    },
    optional={"clip": st.just("own/clip.mp4"), "take": st.integers(1, 2)},
)
engines = st.permutations(["hedra", "fabric", "kling"]).flatmap(
    lambda paid: st.tuples(st.integers(0, 3), st.booleans()).map(
        lambda choice: paid[: choice[0]] + (["still"] if choice[1] or not choice[0] else [])
    )
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    scenes = draw(st.lists(st.lists(lines, min_size=1, max_size=5), min_size=1, max_size=3))
    document = deepcopy(TWO_SCENES)
    document["engines"] = draw(engines)
    document["scenes"] = [
        {"number": n, "environment": draw(st.sampled_from(["a room", "a cave"])), "lines": entries}
        for n, entries in enumerate(scenes)
    ]
    used = {entry["character"] for entries in scenes for entry in entries}
    document["characters"] = [character for character in document["characters"] if character["name"] in used]
    return document


@given(documents())
def test_the_same_inputs_give_the_same_plan(document: dict[str, Any]) -> None:
    assert plan_of(document) == plan_of(deepcopy(document))


@given(documents())
def test_a_plan_survives_the_bucket(document: dict[str, Any]) -> None:
    plan = plan_of(document)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@given(documents())
def test_parts_are_in_the_order_of_the_script_and_shots_group_them(document: dict[str, Any]) -> None:
    plan = plan_of(document)
    spoken = [(entry["character"], scene["number"]) for scene in document["scenes"] for entry in scene["lines"]]
    # parts come in the script's order
    assert [(part.character, part.scene) for part in plan.parts] == spoken
    assert [part.index for part in plan.parts] == list(range(len(plan.parts)))
    # each part is in one shot, that of its composite
    assert sorted(index for shot in plan.shots for index in shot.parts) == list(range(len(plan.parts)))
    for shot in plan.shots:
        assert {plan.parts[index].picture.address for index in shot.parts} == {shot.composite}
        assert {plan.parts[index].shot for index in shot.parts} == {shot.index}
        assert list(shot.parts) == sorted(shot.parts)
    assert len({shot.composite for shot in plan.shots}) == len(plan.shots)
    assert [shot.index for shot in plan.shots] == list(range(len(plan.shots)))


@given(documents())
def test_everything_that_is_asked_for_is_in_the_plan_and_nothing_else(document: dict[str, Any]) -> None:
    plan = plan_of(document)
    asked: set[str] = set()
    for shot in _choices(plan, frozenset()):
        asked |= {image.address for image in shot.images} | ({shot.composite} if shot.composite_asked else set())
        for part in shot.parts:
            asked |= {engine.address for engine in part.engines if engine.asked}
            assert [engine.last for engine in part.engines] == [False] * (len(part.engines) - 1) + [True]
    assert asked == set(plan.assets)
    # every input of an asset is a source, a part, or another asset of the plan
    for asset in plan.assets.values():
        for entry in asset.inputs:
            assert entry.file.address in plan.assets or entry.file.key.startswith(("sources/", "derived/parts/"))


@given(documents(), st.data())
def test_a_quote_counts_what_is_missing_once(document: dict[str, Any], data: st.DataObject) -> None:
    # given some assets that are stored
    everything = sorted(plan_of(document).assets)
    stored = frozenset(data.draw(st.sets(st.sampled_from(everything)))) if everything else frozenset()
    # when the plan is quoted
    plan = plan_of(document, stored=stored)
    quote = plan.quote
    missing = {address: asset for address, asset in plan.assets.items() if address not in stored}
    # then what is expected is at most the ceiling, and at most everything that is missing
    assert 0 <= quote.expected_usd <= quote.ceiling_usd
    assert quote.expected_usd <= sum(asset.price_usd for asset in missing.values()) + 1e-4
    assert quote.images == sum(asset.kind is not AssetKind.CLIP for asset in missing.values())
    assert quote.reused == len(everything) - len(missing)
    # and what is expected is every missing picture, and every missing first clip, once
    first = {part.engines[0].clip.address for part in plan.parts if part.engines[0].clip} & set(missing)
    pictures = {address for address, asset in missing.items() if asset.kind is not AssetKind.CLIP}
    assert quote.expected_usd == pytest.approx(sum(missing[a].price_usd for a in first | pictures), abs=1e-4)
    assert quote.clip_seconds == pytest.approx(sum(missing[a].quantity for a in first), abs=1e-3)


@given(documents())
def test_what_is_complete_costs_nothing_at_all(document: dict[str, Any]) -> None:
    """Also when lesser engines were never needed: they are not reached."""
    plan = plan_of(document)
    first = {part.engines[0].clip.address for part in plan.parts if part.engines[0].clip}
    pictures = {address for address, asset in plan.assets.items() if asset.kind is not AssetKind.CLIP}
    quote = plan_of(document, stored=frozenset(first | pictures)).quote
    assert (quote.expected_usd, quote.ceiling_usd, quote.images, quote.clip_seconds) == (0, 0, 0, 0)


def test_one_changed_line_is_quoted_as_one_line() -> None:
    # given an episode all of whose first clips are there
    plan = plan_of(TWO_SCENES)
    stored = frozenset(
        {part.engines[0].clip.address for part in plan.parts if part.engines[0].clip}
        | {address for kind in AssetKind if kind is not AssetKind.CLIP for address in addresses_of(plan, kind)}
    )
    # when one recording is changed
    quote = plan_of(TWO_SCENES, stored=stored, contents={"audio/02.mp3": "another"}).quote
    # then the ceiling is that line with its dearest engine
    assert quote.expected_usd == pytest.approx(4.8 * 0.05)
    assert quote.ceiling_usd == pytest.approx(4.8 * 0.15)


def test_the_ceiling_is_each_clip_at_its_dearest_engine() -> None:
    quote = plan_of(TWO_SCENES).quote
    pictures = 4 * 0.06 + 3 * 0.04
    assert quote.expected_usd == pytest.approx(pictures + 4 * 4.8 * 0.05)
    assert quote.ceiling_usd == pytest.approx(pictures + 4 * 4.8 * 0.15)
    assert quote.images == 7
    assert quote.clip_seconds == pytest.approx(19.2)


def test_the_same_line_twice_is_counted_once() -> None:
    document = deepcopy(TWO_SCENES)
    document["scenes"][1]["lines"] *= 2
    once, twice = plan_of(TWO_SCENES), plan_of(document)
    assert len(twice.parts) == len(once.parts) + 1
    assert (twice.assets, twice.quote) == (once.assets, once.quote)


def test_a_line_in_pieces_says_so() -> None:
    pieces = {0: [part_of("one", cut_in_speech=True), part_of("two")]}
    plan = plan_of(TWO_SCENES, pieces=pieces)
    assert [(part.line, part.piece, part.pieces) for part in plan.parts[:3]] == [(1, 1, 2), (1, 2, 2), (2, 1, 1)]
    assert "line 1, piece 2 of 2 (Alex)" in {asset.label for asset in plan.assets.values()}
    assert len(plan.warnings) == 1
    assert "line 1 is cut after piece 1 of 2" in plan.warnings[0]


def longest() -> dict[str, Any]:
    """Return the script with the largest plan that there may be: 400 shots, four engines, all pictures generated."""
    people = [{"name": f"Character {n}", "prompt": f"person {n}"} for n in range(40)]
    scenes = [
        {
            "number": 9000 + scene,
            "environment": f"place {scene}",
            "lines": [
                {
                    "character": f"Character {(2 * scene + n) % 40}",
                    "position": f"position {n}",
                    "audio": f"{scene}-{n}.mp3",
                }
                for n in range(2)
            ],
        }
        for scene in range(200)
    ]
    return {
        "title": "T",
        "engines": ["hedra", "fabric", "kling", "still"],
        "characters": people,
        "scenes": scenes,
    }


def test_the_longest_episode_fits_the_state_of_the_plot() -> None:
    # given as many parts as one run carries, each in a shot of its own, with everything to be bought
    plan = plan_of(longest())
    assert (len(plan.parts), len(plan.shots)) == (MAX_PARTS, MAX_PARTS)
    answer = PlanAnswer(
        outcome=PlanOutcome.PLANNED, plan_key="plans/" + "x" * 180, shots=_choices(plan, frozenset())
    ).model_dump(mode="json")
    # when the state holds it beside what the execution was started with, spaces and all
    state = {"episode_id": "x" * 100, "run": "r" * 80, "execution_arn": "a" * 250, "input": {"episode_id": "x" * 100}}
    # then it fits
    assert len(json.dumps(state | {"plan": answer})) < STATE_LIMIT


def test_one_part_more_is_refused() -> None:
    with pytest.raises(TooManyParts, match=r"401 parts.*2 episodes"):
        plan_of(TWO_SCENES, pieces={0: [part_of(str(number)) for number in range(MAX_PARTS - 2)]})


def test_a_plan_does_not_depend_on_what_is_stored_but_for_its_quote() -> None:
    plan = plan_of(TWO_SCENES)
    stored = plan_of(TWO_SCENES, stored=frozenset(plan.assets))
    assert stored.model_copy(update={"quote": plan.quote}) == plan
