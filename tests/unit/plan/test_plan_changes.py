"""Change one line, pay for its clips: the table of changes in the design, row by row."""

from collections import Counter
from copy import deepcopy
from functools import partial
from typing import Any

import pytest

from shared import configuration
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints
from shared.fal.models import hedra, kontext
from shared.keys import AssetKind
from shared.media.house_format import HOUSE_RECIPE
from shared.plan import build, editing
from shared.plan.catalogue import Catalogue
from shared.plan.models import Plan
from shared.prices import LIVE_SOURCE, OVERRIDE_SOURCE, LivePrice
from tests.builders import TWO_SCENES, inputs_of, part_of, plan_of, script_of
from tests.unit.plan.edited_episodes import EDITED, Change, line

P, B, C, K = AssetKind.PORTRAIT, AssetKind.BACKGROUND, AssetKind.COMPOSITE, AssetKind.CLIP
ALL = Counter({P: 2, B: 2, C: 3, K: 8})
"""Two engines that are paid for make two clips of each of the four parts."""


def bought_again(change: Change, **inputs: Any) -> Counter[AssetKind]:
    """Return how many new addresses of each kind a change makes."""
    document = deepcopy(TWO_SCENES)
    change(document)
    before, after = plan_of(TWO_SCENES), plan_of(document, **inputs)
    return Counter(asset.kind for address, asset in after.assets.items() if address not in before.assets)


def swap_lines(document: dict[str, Any]) -> None:
    document["scenes"][0]["lines"].reverse()
    document["scenes"].reverse()


NOTHING: dict[str, Change] = {
    "text": lambda d: line(d).update(text="Other words."),
    "title": lambda d: d.update(title="Another title"),
    "language": lambda d: d.update(language="de"),
    "captions": lambda d: d.update(captions={"burn_in": True}),
    "music": lambda d: d.update(music="music/theme.mp3"),
    "an own font": lambda d: d.update(font="fonts/own.ttf"),
    "another video": lambda d: d.update(outputs=["16:9", "9:16"]),
    "pauses": lambda d: d.update(edit={"pause": 1.0}),
    "dissolves": lambda d: d.update(edit={"dissolve": True}),
    "a title card": lambda d: d.update(edit={"title_card": {"subtitle": "A story"}}),
    "an end card": lambda d: d.update(edit={"end_card": {"title": "Thank you"}}),
    "lower thirds": lambda d: d.update(edit={"lower_thirds": True}),
    "all of the edit": lambda d: d.update(deepcopy(EDITED)),
    "order": swap_lines,
    "scene number": lambda d: d["scenes"][0].update(number=77),
    "caps": lambda d: d.update(caps={"usd": 5}),
    "a character's name": lambda d: [
        d["characters"][1].update(name="Zoë"),
        *(entry.update(character="Zoë") for s in d["scenes"] for entry in s["lines"] if entry["character"] == "Mara"),
    ],
    "fewer engines": lambda d: d.update(engines=["hedra", "still"]),
    "other order of engines": lambda d: d.update(engines=["fabric", "hedra"]),
}
SOMETHING: dict[str, tuple[Change, dict[AssetKind, int]]] = {
    "position": (lambda d: line(d).update(position="on the roof"), {C: 1, K: 2}),
    "position of a shared shot": (
        lambda d: [line(d, 0, n).update(position="on the roof") for n in (0, 2)],
        {C: 1, K: 4},
    ),
    "environment": (lambda d: d["scenes"][0].update(environment="a cave"), {B: 1, C: 2, K: 6}),
    "a scene's take": (lambda d: d["scenes"][1].update(take=2), {B: 1, C: 1, K: 2}),
    "a character's prompt": (lambda d: d["characters"][0].update(prompt="an old man"), {P: 1, C: 1, K: 4}),
    "a character's take": (lambda d: d["characters"][1].update(take=2), {P: 1, C: 2, K: 4}),
    "a line's take": (lambda d: line(d, 1).update(take=2), {C: 1, K: 2}),
    "style": (lambda d: d.update(style="noir"), dict(ALL)),
    "aspect ratio": (lambda d: d.update(aspect_ratio="9:16"), dict(ALL)),
    "speed": (lambda d: d.update(rendering_speed="QUALITY"), dict(ALL)),
    "resolution": (lambda d: d.update(resolution="540p"), {K: 8}),
    "an option of one model": (lambda d: d.update(models={"kontext": {"guidance_scale": 4.5}}), {C: 3, K: 8}),
    "an option for a line's clip": (lambda d: line(d).update(models={"hedra": {"seed": 7}}), {K: 1}),
    "another engine": (lambda d: d.update(engines=["hedra", "kling", "still"]), {K: 4}),
    "an own portrait": (lambda d: d["characters"][0].update(portrait="own/alex.png"), {C: 1, K: 4}),
    "an own background": (lambda d: d["scenes"][1].update(background="own/room.png"), {C: 1, K: 2}),
    "a style reference": (lambda d: d["characters"][0].update(style_references=["a.png"]), {P: 1, C: 1, K: 4}),
}


@pytest.mark.parametrize("change", NOTHING.values(), ids=NOTHING)
def test_what_costs_nothing(change: Change) -> None:
    assert bought_again(change) == Counter()


@pytest.mark.parametrize(("change", "bought"), SOMETHING.values(), ids=SOMETHING)
def test_what_is_bought_again(change: Change, bought: dict[AssetKind, int]) -> None:
    assert bought_again(change) == Counter(bought)


def test_a_lines_audio_costs_its_clips() -> None:
    assert bought_again(lambda _: None, contents={"audio/02.mp3": "another recording"}) == Counter({K: 2})


def test_a_file_that_is_renamed_costs_nothing() -> None:
    renamed = {"audio/other-name.mp3": "audio/01.mp3"}
    assert bought_again(lambda d: line(d).update(audio="audio/other-name.mp3"), contents=renamed) == Counter()


@pytest.mark.parametrize("cut", [{"start": 1.0}, {"end": 3.0}])
def test_another_cut_costs_its_clips(cut: dict[str, float]) -> None:
    assert bought_again(lambda d: line(d).update(cut)) == Counter({K: 2})


def test_another_price_costs_another_sum_and_is_no_other_asset() -> None:
    # given a catalogue of other prices: the operator's for clips, and fal's of today for composites
    script = script_of(TWO_SCENES)
    build_for = partial(
        build.build_plan,
        script,
        inputs_of(script),
        episode_id="a",
        run="r",
        digest="d",
        stored=set(),
        encoder_preset="medium",
    )
    dearer = Catalogue(
        Endpoints(),
        live={kontext.MULTI_ENDPOINT: LivePrice(0.07, "images")},
        overrides={hedra.ENDPOINT: 0.09},
    )
    before, after = build_for(catalogue=Catalogue(Endpoints())), build_for(catalogue=dearer)
    # then the same addresses are quoted at those prices
    assert list(after.assets) == list(before.assets)
    assert house_addresses(after) == house_addresses(before)
    raised = 3 * (0.07 - 0.04) + 4 * 4.8 * (0.09 - 0.05)
    assert after.quote.expected_usd - before.quote.expected_usd == pytest.approx(raised)
    # and each says where its price is from
    sources = {asset.first.endpoint: asset.first.price_source for asset in after.assets.values()}
    assert (sources[kontext.MULTI_ENDPOINT], sources[hedra.ENDPOINT]) == (LIVE_SOURCE, OVERRIDE_SOURCE)


def test_another_episode_and_run_cost_nothing() -> None:
    script = script_of(TWO_SCENES)
    names = [("a", "run-1", "d1"), ("b", "run-2", "d2")]
    plans = [
        build.build_plan(
            script,
            inputs_of(script),
            episode_id=episode,
            run=run,
            digest=digest,
            catalogue=Catalogue(Endpoints()),
            stored=set(),
            encoder_preset="medium",
        )
        for episode, run, digest in names
    ]
    assert plans[0].assets == plans[1].assets


def house_addresses(plan: Plan) -> set[str]:
    return {house.address for part in plan.parts for engine in part.engines for house in engine.houses.values()}


def test_another_house_format_costs_nothing_and_makes_all_house_clips_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = plan_of(TWO_SCENES)
    monkeypatch.setattr(editing, "HOUSE_RECIPE", HOUSE_RECIPE + 1)
    after = plan_of(TWO_SCENES)
    assert after.assets == before.assets
    assert not house_addresses(after) & house_addresses(before)


@pytest.mark.parametrize("recipe", ["ASSET_RECIPE", "HOUSE_RECIPE", "DISSOLVE_RECIPE", "JOIN_RECIPE"])
def test_another_recipe_is_another_state_of_the_inputs(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = configuration_of(Endpoints())
    monkeypatch.setattr(configuration, recipe, getattr(configuration, recipe) + 1)
    assert configuration_of(Endpoints()) != before


def test_an_own_clip_replaces_a_bought_one() -> None:
    assert bought_again(lambda d: line(d, 1).update(clip="own/keeper.mp4")) == Counter()


def test_an_own_clip_needs_no_pictures() -> None:
    # given a scene whose only line brings its own video
    document = deepcopy(TWO_SCENES)
    line(document, 1).update(clip="own/keeper.mp4")
    plan = plan_of(document)
    # then neither its background nor a composite is bought, nor counted
    assert Counter(asset.kind for asset in plan.assets.values()) == Counter({P: 2, B: 1, C: 2, K: 6})
    assert plan.quote.expected.images == 5
    # but a picture that another line of the shot needs still is
    line(document).update(clip="own/alex.mp4")
    assert Counter(asset.kind for asset in plan_of(document).assets.values()) == Counter({P: 2, B: 1, C: 2, K: 4})


def test_an_own_clip_has_a_house_clip_of_its_own() -> None:
    document = deepcopy(TWO_SCENES)
    line(document, 1).update(clip="own/keeper.mp4")
    [first, second] = [plan_of(document, contents={"own/keeper.mp4": content}) for content in ("one", "two")]
    assert [engine.name for engine in first.parts[3].engines] == ["own"]
    assert house_addresses(first) - house_addresses(second) == {first.parts[3].engines[0].houses["16:9"].address}


@pytest.mark.parametrize("name", ["ideogram", "kontext", "hedra"])
def test_another_endpoint_is_another_asset_and_another_state_of_the_inputs(name: str) -> None:
    endpoints = Endpoints().model_copy(update={name: "fal-ai/other"})
    script = script_of(TWO_SCENES)
    catalogue = Catalogue(endpoints)
    after = build.build_plan(
        script,
        inputs_of(script),
        episode_id="a",
        run="r",
        digest="d",
        catalogue=catalogue,
        stored=set(),
        encoder_preset="medium",
    )
    changed = Counter(a.kind for address, a in after.assets.items() if address not in plan_of(TWO_SCENES).assets)
    assert changed == Counter({"ideogram": ALL, "kontext": {C: 3, K: 8}, "hedra": {K: 4}}[name])
    assert configuration_of(endpoints) != configuration_of(Endpoints())


def test_a_part_is_what_is_in_it() -> None:
    # given a line in two pieces, one of which is recorded anew
    before = plan_of(TWO_SCENES, pieces={0: [part_of("one"), part_of("two")]})
    after = plan_of(TWO_SCENES, pieces={0: [part_of("one"), part_of("other")]})
    # then only that piece's clips are bought
    assert Counter(a.kind for address, a in after.assets.items() if address not in before.assets) == Counter({K: 2})
