"""What is offered for each asset, by whom: every "yes" of the table of capabilities is a request, every "no" none."""

from itertools import product
from typing import Any

import pytest

from shared.keys import AssetKind
from shared.plan.models import Offer, Plan
from shared.providers.capabilities import CAPABILITIES, Capability, capability_of, engines_of
from shared.providers.engines import Engine
from shared.providers.names import ProviderName
from shared.providers.routing import NobodyToAsk, Router, stack_routing
from shared.script.limits import MAX_STYLE_REFERENCES
from shared.script.problems import ScriptInvalid
from tests.builders import EVERYBODY, TWO_SCENES, plan_of

FAL, REPLICATE, HEDRA = ProviderName.FAL, ProviderName.REPLICATE, ProviderName.HEDRA
TALKING = [engine for engine in Engine if engine is not Engine.STILL]


def planned(router: Router = EVERYBODY, *, seconds: float = 4.8, **fields: Any) -> Plan:
    return plan_of({**TWO_SCENES, **fields}, router=router, seconds=seconds)


def offers_of(plan: Plan, kind: AssetKind) -> list[tuple[Offer, ...]]:
    return [asset.offers for asset in plan.assets.values() if asset.kind is kind]


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda entry: f"{entry.provider}-{entry.engine or entry.kind}")
def test_every_yes_of_the_table_is_a_request(capability: Capability) -> None:
    engine = capability.engine or (Engine.KLING if capability.provider is REPLICATE else Engine.HEDRA)
    plan = planned(providers=str(capability.provider), engines=[str(engine)])
    found = offers_of(plan, capability.kind)
    assert found
    for offers in found:
        assert [(offer.provider, offer.endpoint) for offer in offers] == [(capability.provider, capability.endpoint)]
        assert offers[0].price_usd > 0
        assert offers[0].price_source
    if capability.kind in {AssetKind.COMPOSITE, AssetKind.CLIP}:
        assert all(len(offers[0].inputs) == 2 for offers in found)


NOES = [
    (provider, engine)
    for provider, engine in product(ProviderName, TALKING)
    if capability_of(provider, AssetKind.CLIP, engine) is None
]


@pytest.mark.parametrize(("provider", "engine"), NOES)
def test_every_no_of_the_table_is_refused_before_anything_is_bought(provider: ProviderName, engine: Engine) -> None:
    # by the script alone, where it names both
    with pytest.raises(ScriptInvalid, match=f"cannot make clips with the engine .*{engine}"):
        planned(providers=str(provider), engines=[str(engine)])
    # and by the plan, where the stack names the one and the script the other
    router = Router(stack=stack_routing(str(provider)), configured=frozenset({provider}))
    with pytest.raises(NobodyToAsk, match="nobody can be asked for clips"):
        planned(router, engines=[str(engine), "still"])


def test_there_is_a_no() -> None:
    assert NOES == [(REPLICATE, Engine.HEDRA)]
    assert Engine.STILL not in engines_of(FAL)


def test_an_engine_that_nobody_named_runs_is_a_contradiction() -> None:
    with pytest.raises(ScriptInvalid, match="'hedra' is run by none of the providers of clips"):
        planned(providers={"clip": ["replicate"]}, engines=["hedra", "kling"])
    # resilient means whoever can
    clips = offers_of(planned(providers="resilient", engines=["hedra", "kling"]), AssetKind.CLIP)
    assert {tuple(offer.provider for offer in offers) for offers in clips} == {(FAL, HEDRA), (FAL, REPLICATE, HEDRA)}


def test_who_stands_in_changes_no_address() -> None:
    alone, resilient = plan_of(TWO_SCENES), planned(providers="resilient")
    # then what fal would make is where it was, whoever makes it
    assert list(resilient.assets) == list(alone.assets)
    assert all(asset.first == alone.assets[address].first for address, asset in resilient.assets.items())
    # and what somebody else is asked for first is something else
    assert set(planned(providers={"portrait": "hedra"}).assets).isdisjoint(
        address for address, asset in alone.assets.items() if asset.kind is AssetKind.PORTRAIT
    )


def test_the_ceiling_reckons_with_who_is_dearest() -> None:
    plan = planned(providers="resilient")
    portraits = [asset for asset in plan.assets.values() if asset.kind is AssetKind.PORTRAIT]
    assert all(asset.dearest.usd == max(offer.price_usd for offer in asset.offers) for asset in portraits)
    assert plan.quote.expected == plan_of(TWO_SCENES).quote.expected
    assert plan.quote.ceiling_usd > plan_of(TWO_SCENES).quote.ceiling_usd


@pytest.mark.parametrize(
    ("seconds", "aspect_ratio", "left"),
    [
        (1.9, "16:9", (FAL,)),  # Kling wants two seconds elsewhere
        (2.0, "16:9", (FAL, REPLICATE, HEDRA)),
        (4.8, "4:3", (FAL, REPLICATE)),  # Hedra's Kling knows three aspect ratios
    ],
)
def test_who_cannot_make_one_so_short_or_of_that_shape_is_left_out(
    seconds: float, aspect_ratio: str, left: tuple[ProviderName, ...]
) -> None:
    plan = planned(seconds=seconds, aspect_ratio=aspect_ratio, providers="resilient", engines=["kling", "still"])
    assert {tuple(offer.provider for offer in offers) for offers in offers_of(plan, AssetKind.CLIP)} == {left}


def test_a_part_too_short_for_every_talking_engine_is_a_still_and_said() -> None:
    plan = planned(seconds=1.5, providers={"clip": "replicate"}, engines=["kling", "still"])
    assert [engine.name for part in plan.parts for engine in part.engines] == ["still"] * 4
    assert any("of 1.5 seconds" in warning for warning in plan.warnings)
    # and without stills there is nothing left
    with pytest.raises(NobodyToAsk, match=r"of 1\.5 seconds"):
        planned(seconds=1.5, providers={"clip": "replicate"}, engines=["kling"])


def test_what_is_asked_elsewhere_says_what_the_script_says() -> None:
    style = {"style_name": "Own", "style_prompt": "pencil drawing", "negative_prompt": "colour"}
    plan = planned(providers="hedra", engines=["hedra"], style=style, resolution="1080p")
    [offer] = offers_of(plan, AssetKind.PORTRAIT)[0]
    prompt = str(offer.arguments["prompt"])
    assert "young tech entrepreneur" in prompt
    assert "pencil drawing" in prompt
    assert "none of this in it: colour" in prompt
    [clip] = offers_of(plan, AssetKind.CLIP)[0]
    assert (clip.arguments["aspect_ratio"], clip.arguments["resolution"]) == ("16:9", "1080p")
    assert [(entry.field, entry.listed) for entry in clip.inputs] == [("start_image", False), ("audio", False)]


def test_what_is_sent_keeps_within_the_limits_that_no_plan_checks() -> None:
    # given the most pictures that a request names, and the longest part at the highest rate that an MP3 has
    pictures = max(2, MAX_STYLE_REFERENCES)
    largest_part = 30 * 320_000 / 8
    # then no model is asked for more than it takes
    assert all(entry.max_images is None or pictures <= entry.max_images for entry in CAPABILITIES)
    assert all(entry.max_audio_bytes is None or largest_part < entry.max_audio_bytes for entry in CAPABILITIES)
    assert all(entry.max_seconds is None or entry.max_seconds >= 30 for entry in CAPABILITIES)
