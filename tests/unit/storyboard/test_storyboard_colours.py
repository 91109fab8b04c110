"""The page's colours can be told apart in light and in dark: WCAG 2.2, level AA."""

import re
from importlib.resources import files

import pytest

STYLES = files("shared.storyboard").joinpath("page.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
    for block in re.findall(r":root \{(.*?)\}", STYLES, re.DOTALL)
)


def luminance(colour: str) -> float:
    """Return the relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_bars_stand_out_from_their_ground(colours: dict[str, str]) -> None:
    assert colours.keys() == LIGHT.keys()
    for ground in ("ground", "card"):
        for text in ("ink", "soft", "accent", "warm"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for bar in ("queued", "running", "fetched", "soft"):
            assert contrast(colours[bar], colours[ground]) >= 3, (bar, ground)
    for text in ("ink", "warm"):
        assert contrast(colours[text], colours["warm-ground"]) >= 4.5
    assert contrast(colours["accent-ink"], colours["accent"]) >= 4.5
    assert contrast(colours["ink"], colours["line"]) >= 4.5
    assert contrast(colours["soft"], colours["line"]) >= 4.5
