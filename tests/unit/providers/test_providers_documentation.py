"""The page about who makes what is the one that its tables make."""

from pathlib import Path

from shared.keys import AssetKind
from shared.providers.capabilities import CAPABILITIES
from shared.providers.documentation import page
from shared.providers.names import ProviderName

PAGE = Path(__file__).parents[3] / "docs" / "capabilities.md"


def test_the_page_that_is_checked_in_is_current() -> None:
    assert PAGE.read_text() == page(), "run `make schema`"


def test_it_names_everything_that_anybody_makes() -> None:
    text = page()
    for capability in CAPABILITIES:
        assert f"`{capability.endpoint}`" in text
    assert text.count(" no ") == len(ProviderName) * 6 - len(CAPABILITIES)
    assert "no price is known" not in text
    assert all(str(kind) in text for kind in AssetKind)
