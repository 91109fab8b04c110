"""An address changes if, and only if, an ingredient changes."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.addresses import address_of, address_of_content

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=10,
)
ingredients = st.dictionaries(st.sampled_from(["provider", "endpoint", "arguments", "take", "inputs"]), json_values)


def shuffled(value: Any) -> Any:
    """Return the same value with every mapping's order turned round."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(entry) for entry in value] if isinstance(value, list) else deepcopy(value)


def text_of(value: Any) -> str:
    """Tell values apart as JSON does: 1, 1.0 and true are three."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{text_of(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return repr(value)


@given(ingredients)
def test_the_order_of_fields_is_no_ingredient(values: dict[str, Any]) -> None:
    address = address_of(1, "clip", **values)
    assert address == address_of(1, "clip", **shuffled(values))
    assert len(address) == 40
    assert set(address) <= set("0123456789abcdef")


@given(ingredients, ingredients)
def test_two_addresses_are_the_same_when_the_ingredients_are(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert (address_of(1, "clip", **one) == address_of(1, "clip", **two)) == (text_of(one) == text_of(two))


@given(ingredients, st.data())
def test_one_changed_ingredient_is_another_address(values: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["provider", "endpoint", "arguments", "take", "inputs"]))
    other = data.draw(json_values.filter(lambda value: text_of(value) != text_of(values.get(name, ...))))
    assert address_of(1, "clip", **values) != address_of(1, "clip", **values | {name: other})


def test_recipe_and_kind_are_ingredients() -> None:
    assert len({address_of(recipe, kind, take=1) for recipe in (1, 2) for kind in ("clip", "portrait")}) == 4


def test_an_ingredient_cannot_pass_for_another() -> None:
    # given names and values that would read the same if they were only written one after the other
    assert address_of(1, "clip", a="b", c="d") != address_of(1, "clip", a="b,c=d")
    assert address_of(1, "clip", kind="x") != address_of(1, "x")
    assert address_of(1, "clip", inputs=["ab", "c"]) != address_of(1, "clip", inputs=["a", "bc"])


def test_addresses_stay_what_they_are() -> None:
    """Everything that was ever bought lies under these: another hash would buy all of it again."""
    assert address_of(1, "portrait", provider="fal", take=1, arguments={"prompt": "Zoë", "seed": 0.5}) == (
        "0dfe1b419a73891a335e47ca61e377fc570b8c99"
    )
    assert address_of_content(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_know_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        address_of(1, "clip", seconds=value)


@given(st.binary(), st.binary())
def test_content_is_its_own_address(one: bytes, two: bytes) -> None:
    assert (address_of_content(one) == address_of_content(two)) == (one == two)
