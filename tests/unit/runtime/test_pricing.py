"""fal's prices of today: asked for once in a while, and only where there is a key."""

from collections.abc import Collection

import pytest
from aws_lambda_powertools.utilities import parameters

from shared.prices import LivePrice
from shared.providers.outcomes import ProviderUnreachable
from shared.runtime.pricing import KeptPrices, live_prices_of
from shared.runtime.settings import FalSettings
from tests.fakes.clock import Clock

CENT = LivePrice(0.01, "images")


class PriceList:
    """Knows some endpoints, and notes what it is asked."""

    def __init__(self, *known: str) -> None:
        self.known, self.questions, self.reachable = known, list[list[str]](), True

    def prices(self, endpoints: Collection[str]) -> dict[str, LivePrice]:
        self.questions.append(list(endpoints))
        if not self.reachable:
            raise ProviderUnreachable("no way")
        return {endpoint: CENT for endpoint in endpoints if endpoint in self.known}


def test_prices_are_asked_for_once_in_a_while() -> None:
    # given prices that are kept for an hour
    price_list, clock = PriceList("a", "b"), Clock()
    prices = KeptPrices(price_list.prices, clock, kept=3600)
    # when some are asked for again, with one more, and one that fal does not know
    assert prices({"a", "unknown"}) == {"a": CENT}
    assert prices({"a", "b", "unknown"}) == {"a": CENT, "b": CENT}
    # then fal was asked for what was new
    assert price_list.questions == [["a", "unknown"], ["b"]]
    # and after an hour for what is old
    clock.forward(3601)
    assert prices({"a"}) == {"a": CENT}
    assert price_list.questions[2:] == [["a"]]


def test_an_answer_that_never_came_is_not_kept() -> None:
    price_list = PriceList("a")
    prices = KeptPrices(price_list.prices, Clock())
    price_list.reachable = False
    with pytest.raises(ProviderUnreachable):
        prices({"a"})
    price_list.reachable = True
    assert prices({"a"}) == {"a": CENT}


def test_without_a_key_nobody_is_asked() -> None:
    settings = FalSettings(fal_api_url="http://127.0.0.1:9")
    assert live_prices_of(settings)({"fal-ai/ideogram/v3"}) == {}


def test_a_key_that_cannot_be_read_is_as_good_as_fal_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise parameters.GetParameterError("no such secret")

    monkeypatch.setattr(parameters, "get_secret", refuse)
    with pytest.raises(ProviderUnreachable, match="secret"):
        live_prices_of(FalSettings(fal_key_secret="a/secret"))({"fal-ai/ideogram/v3"})
