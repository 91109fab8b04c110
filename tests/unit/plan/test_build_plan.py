"""The plan: deterministic, in the script's order, counted honestly, and small enough for the plot."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.keys import AssetKind
from shared.ledger.budgets import Usage
from shared.plan.build import MAX_PARTS, TooManyParts
from shared.plan.models import Plan
from shared.workflow.plan_answer import PlanAnswer, PlanOutcome, choices_of
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


@settings(deadline=None)
@given(documents())
def test_the_same_inputs_give_the_same_plan(document: dict[str, Any]) -> None:
    assert plan_of(document) == plan_of(deepcopy(document))


@settings(deadline=None)
@given(documents())
def test_a_plan_survives_the_bucket(document: dict[str, Any]) -> None:
    plan = plan_of(document)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@settings(deadline=None)
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


@settings(deadline=None)
@given(documents())
def test_everything_that_is_asked_for_is_in_the_plan_and_nothing_else(document: dict[str, Any]) -> None:
    plan = plan_of(document)
    asked: set[str] = set()
    for shot in choices_of(plan, frozenset()):
        asked |= {image.address for image in shot.images} | ({shot.composite} if shot.composite_asked else set())
        for part in shot.parts:
            asked |= {engine.address for engine in part.engines if engine.asked}
            assert [engine.last for engine in part.engines] == [False] * (len(part.engines) - 1) + [True]
    assert asked == set(plan.assets)
    # every input of an asset is a source, a part, or another asset of the plan
    for asset in plan.assets.values():
        for entry in asset.first.inputs:
            assert entry.file.address in plan.assets or entry.file.key.startswith(("sources/", "derived/parts/"))


@settings(deadline=None)
@given(documents(), st.data())
def test_a_quote_counts_what_is_missing_once(document: dict[str, Any], data: st.DataObject) -> None:
    # given some assets that are stored
    everything = sorted(plan_of(document).assets)
    stored = some_of(everything, data)
    # when the plan is quoted
    plan = plan_of(document, stored=stored)
    quote = plan.quote
    missing = {address: asset for address, asset in plan.assets.items() if address not in stored}
    # then what is expected is at most the ceiling, and the ceiling at most everything that is missing
    everything_missing = sum((asset.usage for asset in missing.values()), Usage())
    for name in Usage.model_fields:
        expected, ceiling, most = (
            getattr(usage, name) for usage in (quote.expected, quote.ceiling, everything_missing)
        )
        assert 0 <= expected <= ceiling <= most
    assert quote.expected.images == quote.ceiling.images == sum(a.kind is not AssetKind.CLIP for a in missing.values())
    assert quote.reused == len(everything) - len(missing)
    # and what is expected is every missing picture, and every missing first clip, once
    first = {part.engines[0].clip.address for part in plan.parts if part.engines[0].clip} & set(missing)
    pictures = {address for address, asset in missing.items() if asset.kind is not AssetKind.CLIP}
    assert quote.expected == sum((missing[address].usage for address in first | pictures), Usage())


@settings(deadline=None)
@given(documents(), st.data())
def test_no_bill_exceeds_the_ceiling_whatever_fails(document: dict[str, Any], data: st.DataObject) -> None:
    # given a quote with some assets stored, and some refused for good
    everything = sorted(plan_of(document).assets)
    stored = some_of(everything, data)
    refused = some_of([address for address in everything if address not in stored], data)
    plan = plan_of(document, stored=stored, refused=refused)
    # when a run goes through its parts, and a clip is paid for and used, paid for in vain, or given up for nothing
    paid = {address for address, asset in plan.assets.items() if asset.kind is not AssetKind.CLIP} - stored
    for part in plan.parts:
        for engine in part.engines:
            if engine.clip is None or engine.clip.address not in plan.assets or engine.clip.address in stored:
                break
            if engine.clip.address in refused:
                continue
            outcome = data.draw(st.sampled_from(["used", "paid in vain", "nothing"]))
            paid |= {engine.clip.address} if outcome != "nothing" else set()
            if outcome == "used":
                break
    # then all that was paid for is within the ceiling: in dollars, in images and in seconds
    total = sum((plan.assets[address].usage for address in paid), Usage())
    for name in Usage.model_fields:
        assert getattr(total, name) <= getattr(plan.quote.ceiling, name)


@settings(deadline=None)
@given(documents())
def test_a_plan_of_which_everything_is_stored_is_quoted_at_nothing(document: dict[str, Any]) -> None:
    quote = plan_of(document, stored=frozenset(plan_of(document).assets)).quote
    assert (quote.expected, quote.ceiling) == (Usage(), Usage())


def test_what_was_refused_for_good_is_quoted_at_its_next_engine() -> None:
    # given a line whose first engine has refused it for good
    plan = plan_of(TWO_SCENES)
    hedra, fabric, _ = plan.parts[1].engines
    assert hedra.clip
    assert fabric.clip
    quote = plan_of(TWO_SCENES, refused=frozenset({hedra.clip.address})).quote
    # then the second engine's clip is expected for it
    more = plan.assets[fabric.clip.address].price_usd - plan.assets[hedra.clip.address].price_usd
    assert quote.expected_usd - plan.quote.expected_usd == pytest.approx(more)
    # and where that one is stored, nothing is
    both = plan_of(TWO_SCENES, refused=frozenset({hedra.clip.address}), stored=frozenset({fabric.clip.address})).quote
    assert quote.expected_usd - both.expected_usd == pytest.approx(plan.assets[fabric.clip.address].price_usd)


def some_of(addresses: list[str], data: st.DataObject) -> frozenset[str]:
    return frozenset(data.draw(st.sets(st.sampled_from(addresses)))) if addresses else frozenset()


@settings(deadline=None)
@given(documents())
def test_what_is_complete_costs_nothing_at_all(document: dict[str, Any]) -> None:
    """Also when lesser engines were never needed: they are not reached."""
    plan = plan_of(document)
    first = {part.engines[0].clip.address for part in plan.parts if part.engines[0].clip}
    pictures = {address for address, asset in plan.assets.items() if asset.kind is not AssetKind.CLIP}
    quote = plan_of(document, stored=frozenset(first | pictures)).quote
    assert (quote.expected, quote.ceiling) == (Usage(), Usage())


def test_one_changed_line_is_quoted_as_one_line() -> None:
    # given an episode all of whose first clips are there
    plan = plan_of(TWO_SCENES)
    stored = frozenset(
        {part.engines[0].clip.address for part in plan.parts if part.engines[0].clip}
        | {address for kind in AssetKind if kind is not AssetKind.CLIP for address in addresses_of(plan, kind)}
    )
    # when one recording is changed
    quote = plan_of(TWO_SCENES, stored=stored, contents={"audio/02.mp3": "another"}).quote
    # then the ceiling is that line with both engines, the first one's clip being unusable
    assert quote.expected_usd == pytest.approx(4.8 * 0.05)
    assert quote.ceiling_usd == pytest.approx(4.8 * (0.05 + 0.15))


def test_the_ceiling_is_each_clip_with_all_its_engines() -> None:
    quote = plan_of(TWO_SCENES).quote
    pictures = 4 * 0.06 + 3 * 0.04
    assert quote.expected_usd == pytest.approx(pictures + 4 * 4.8 * 0.05)
    assert quote.ceiling_usd == pytest.approx(pictures + 4 * 4.8 * (0.05 + 0.15))
    assert (quote.expected.images, quote.ceiling.images) == (7, 7)
    assert (quote.expected.clip_seconds, quote.ceiling.clip_seconds) == pytest.approx((19.2, 38.4))


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
        outcome=PlanOutcome.PLANNED, plan_key="plans/" + "x" * 180, shots=choices_of(plan, frozenset())
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
