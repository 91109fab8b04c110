"""Which price of an endpoint is reckoned with: the operator's, the table's or fal's own of today."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.prices import (
    LIVE_SOURCE,
    OVERRIDE_SOURCE,
    PRICES,
    UNKNOWN_CLIP,
    UNKNOWN_IMAGE,
    LivePrice,
    Price,
    Unit,
    price_notes,
    price_of,
)

IDEOGRAM, KONTEXT, KLING = (
    "fal-ai/ideogram/v3",
    "fal-ai/flux-pro/kontext/multi",
    "fal-ai/kling-video/ai-avatar/v2/standard",
)
NEW = "fal-ai/unheard-of"
positive = st.floats(min_value=1e-4, max_value=100)


@given(st.sampled_from([*PRICES, NEW]), st.sampled_from(["image", "second"]), positive, positive)
def test_the_operators_price_wins_over_all(endpoint: str, unit: Unit, override: float, today: float) -> None:
    live = {endpoint: LivePrice(today, f"{unit}s")}
    price = price_of(endpoint, unit, live=live, overrides={endpoint: override, "another": 7.0})
    assert price == Price(override, unit, OVERRIDE_SOURCE)
    assert price.of({"rendering_speed": "QUALITY", "resolution": "480p"}) == override
    assert price_notes({endpoint: unit}, live=live, overrides={endpoint: override}) == ()


@given(positive, st.sampled_from(["image", "images", "Images"]))
def test_fals_price_of_today_wins_over_a_single_price_of_the_table(today: float, unit: str) -> None:
    for endpoint in (KONTEXT, NEW):
        live = {endpoint: LivePrice(today, unit)}
        assert price_of(endpoint, "image", live=live) == Price(today, "image", LIVE_SOURCE)
        assert price_notes({endpoint: "image"}, live=live) == ()


@given(positive)
def test_a_price_that_depends_on_the_arguments_stays_the_tables(today: float) -> None:
    live = {IDEOGRAM: LivePrice(today, "images")}
    assert price_of(IDEOGRAM, "image", live=live) == PRICES[IDEOGRAM]


def test_no_price_of_today_leaves_the_table() -> None:
    assert price_of(KLING, "second", live={KONTEXT: LivePrice(0.5, "seconds")}) == PRICES[KLING]
    assert price_of(NEW, "image") == UNKNOWN_IMAGE
    assert price_of(NEW, "second") == UNKNOWN_CLIP


UNUSABLE = [
    LivePrice(0.01, "megapixels"),
    LivePrice(0.01, "compute seconds"),
    LivePrice(0.01, "images"),
    LivePrice(0.0562, "minutes"),
    LivePrice(0.0, "seconds"),
    LivePrice(-1.0, "seconds"),
    LivePrice(math.nan, "seconds"),
    LivePrice(math.inf, "seconds"),
]


@pytest.mark.parametrize("today", UNUSABLE, ids=repr)
def test_a_price_that_cannot_be_reckoned_with_is_not_and_that_is_said(today: LivePrice) -> None:
    assert price_of(KLING, "second", live={KLING: today}) == PRICES[KLING]
    assert price_of(NEW, "second", live={NEW: today}) == UNKNOWN_CLIP
    [note] = price_notes({KLING: "second"}, live={KLING: today})
    assert KLING in note
    assert "$0.0562 per second" in note


@pytest.mark.parametrize("usd", [0.03, 0.06, 0.09])
def test_a_price_that_the_table_has_needs_no_note(usd: float) -> None:
    assert price_notes({IDEOGRAM: "image"}, live={IDEOGRAM: LivePrice(usd, "images")}) == ()


def test_a_price_that_the_table_does_not_have_is_worth_a_note() -> None:
    live = {IDEOGRAM: LivePrice(0.07, "images"), KONTEXT: LivePrice(0.05, "images")}
    [note] = price_notes({IDEOGRAM: "image", KONTEXT: "image"}, live=live)
    assert note == (
        "fal now asks $0.07 for fal-ai/ideogram/v3, counted in images; this quote reckons with "
        "$0.03 or $0.06 or $0.09 per image, so the bill may differ."
    )
