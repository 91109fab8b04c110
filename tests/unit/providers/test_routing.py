"""Whom to ask for what, in which order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.keys import AssetKind
from shared.providers.capabilities import capability_of
from shared.providers.engines import Engine
from shared.providers.names import ProviderName
from shared.providers.routing import Router, Routing, RoutingField, configured_of, stack_routing

FAL, REPLICATE, HEDRA = ProviderName.FAL, ProviderName.REPLICATE, ProviderName.HEDRA
EVERYBODY = frozenset(ProviderName)

written: TypeAdapter[Routing] = TypeAdapter(RoutingField)


def script_says(value: Any) -> Routing:
    return written.validate_python(value)


def test_fal_alone_is_asked_unless_somebody_says_otherwise() -> None:
    router = Router()
    assert router.order(AssetKind.PORTRAIT, None, None) == (FAL,)
    assert router.order(AssetKind.CLIP, Engine.HEDRA, None) == (FAL,)


@pytest.mark.parametrize(
    ("value", "portrait", "clip"),
    [
        ("replicate", (REPLICATE,), (REPLICATE,)),
        ("resilient", (FAL, REPLICATE, HEDRA), (FAL, REPLICATE, HEDRA)),
        (["hedra", "fal"], (HEDRA, FAL), (HEDRA, FAL)),
        ({"clip": "hedra"}, (FAL,), (HEDRA,)),
        ({"portrait": ["replicate", "fal"], "clip": "resilient"}, (REPLICATE, FAL), (FAL, REPLICATE, HEDRA)),
    ],
)
def test_a_script_says_it_for_all_kinds_or_for_some(value: Any, portrait: Any, clip: Any) -> None:
    router = Router(configured=EVERYBODY)
    assert router.order(AssetKind.PORTRAIT, None, script_says(value)) == portrait
    assert router.order(AssetKind.CLIP, Engine.KLING, script_says(value)) == clip


@pytest.mark.parametrize(
    "value", ["nobody", [], ["fal", "fal"], {"clips": "fal"}, {"clip": ["resilient", "fal"]}, {"clip": 7}, 7]
)
def test_what_is_no_routing_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        script_says(value)


def test_a_stack_is_set_by_words() -> None:
    stack = stack_routing("fal,replicate clip=hedra,fal composite=resilient")
    assert stack.portrait == stack.background == (FAL, REPLICATE)
    assert stack.clip == (HEDRA, FAL)
    assert stack.composite == "resilient"
    assert stack_routing("").portrait == (FAL,)
    for wrong in ("somebody", "clips=fal", "fal,fal", "clip="):
        with pytest.raises(ValueError, match=r"must name|twice|Extra"):
            stack_routing(wrong)


def test_who_has_no_key_is_not_asked() -> None:
    router = Router(stack=stack_routing("resilient"), configured=configured_of(["hedra"]))
    assert router.order(AssetKind.BACKGROUND, None, None) == (FAL, HEDRA)
    why = router.why_nobody(AssetKind.BACKGROUND, None, script_says("replicate"))
    assert "of the script's providers, there is no key for Replicate" in why
    assert "fal, Replicate, Hedra's API" in why


def test_who_cannot_is_not_asked() -> None:
    router = Router(stack=stack_routing("resilient"), configured=EVERYBODY)
    assert router.order(AssetKind.CLIP, Engine.HEDRA, None) == (FAL, HEDRA)
    assert router.order(AssetKind.CLIP, Engine.HEDRA, script_says("replicate")) == ()
    assert "Replicate cannot make them" in router.why_nobody(AssetKind.CLIP, Engine.HEDRA, script_says("replicate"))
    # and where the script says nothing, it is the stack that has to be set otherwise
    alone = Router(stack=stack_routing("replicate"), configured=EVERYBODY)
    assert "of the stack's parameter Providers, Replicate" in alone.why_nobody(AssetKind.CLIP, Engine.HEDRA, None)


def test_hedras_own_api_makes_hedras_clips_wherever_there_is_a_key_for_it() -> None:
    # given a stack that asks fal alone, and a key of Hedra's
    router = Router(configured=configured_of(["hedra"]))
    # then Hedra is asked for what fal may not have, and for nothing else
    assert router.order(AssetKind.CLIP, Engine.HEDRA, None) == (FAL, HEDRA)
    assert router.order(AssetKind.CLIP, Engine.KLING, None) == (FAL,)
    assert router.order(AssetKind.PORTRAIT, None, None) == (FAL,)
    # and a script that says fal means it
    assert router.order(AssetKind.CLIP, Engine.HEDRA, script_says("fal")) == (FAL,)


orders = st.one_of(st.just("resilient"), st.lists(st.sampled_from(ProviderName), min_size=1, unique=True).map(tuple))


@given(
    st.one_of(st.none(), orders),
    orders,
    st.frozensets(st.sampled_from(ProviderName)),
    st.sampled_from([kind for kind in AssetKind if kind is not AssetKind.CLIP]),
)
def test_nobody_is_asked_twice_or_without_a_key_or_in_vain(
    script: Any, stack: Any, configured: frozenset[ProviderName], kind: AssetKind
) -> None:
    router = Router(stack=Routing.model_validate({kind: stack}), configured=configured)
    order = router.order(kind, None, Routing.model_validate({kind: script}) if script else None)
    assert len(set(order)) == len(order)
    assert set(order) <= configured
    assert all(capability_of(name, kind) for name in order)
