"""Episodes with everything that an edit can ask for, and changes of scripts."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from shared.media.house_format import GRID_SECONDS
from shared.plan.models import Plan
from shared.plan.recordings import RecordedPart
from tests.builders import part_of, plan_of

Change = Callable[[dict[str, Any]], object]

EDITED: dict[str, Any] = {
    "outputs": ["16:9", "9:16"],
    "captions": {"burn_in": True},
    "font": "fonts/own.ttf",
    "music": "music/theme.mp3",
    "edit": {
        "pause": 0.32,
        "dissolve": True,
        "title_card": {"subtitle": "A story"},
        "end_card": {"title": "Thank you"},
        "lower_thirds": True,
    },
}
"""Fields that add all of it to a script."""

SPEAKERS = ("Alex", "Mara", "Tom")

_lines = st.fixed_dictionaries(
    {"character": st.sampled_from(SPEAKERS), "position": st.sampled_from(["at the window", "at the table"])},
    optional={
        "text": st.sampled_from(["We could sell.", "So quiet. " * 12, "Nobody looks for it, Mara. Until they do."]),
        "clip": st.just("own/clip.mp4"),
    },
)
_edits = st.fixed_dictionaries(
    {},
    optional={
        "pause": st.floats(0, 10),
        "dissolve": st.booleans(),
        "title_card": st.one_of(st.booleans(), st.fixed_dictionaries({"seconds": st.floats(1, 15)})),
        "end_card": st.fixed_dictionaries({"title": st.just("The end")}, optional={"seconds": st.floats(1, 15)}),
        "lower_thirds": st.booleans(),
    },
)
_outputs = st.permutations(["16:9", "9:16", "1:1"]).flatmap(lambda all_of_them: st.sampled_from([[], all_of_them]))


@st.composite
def edited_plans(draw: st.DrawFn) -> Plan:
    """Draw the plan of an episode of some scenes, whose lines have one to three parts of different lengths."""
    scenes = draw(st.lists(st.lists(_lines, min_size=1, max_size=4), min_size=1, max_size=4))
    document: dict[str, Any] = {
        "title": "The Last Lighthouse",
        "outputs": draw(_outputs),
        "captions": {"burn_in": draw(st.booleans())},
        "edit": draw(_edits),
        "characters": [{"name": name, "prompt": name} for name in SPEAKERS],
        "scenes": [
            {
                "number": number,
                "environment": f"place {number}",
                "lines": [{**line, "audio": f"audio/{number}-{at}.mp3"} for at, line in enumerate(lines)],
            }
            for number, lines in enumerate(scenes, start=1)
        ],
    }
    pieces = {number: draw(_pieces(number)) for number in range(sum(map(len, scenes)))}
    return plan_of(document, pieces=pieces)


@st.composite
def _pieces(draw: st.DrawFn, number: int) -> list[RecordedPart]:
    steps = draw(st.lists(st.integers(2, 90), min_size=1, max_size=3))
    return [part_of(f"{number}-{at}", float(count * GRID_SECONDS)) for at, count in enumerate(steps)]


def engines_of(plan: Plan) -> dict[int, str]:
    """Return for each part the name of its first engine, as if every one had been made with that."""
    return {part.index: part.engines[0].name for part in plan.parts}


def line(document: dict[str, Any], scene: int = 0, number: int = 0) -> dict[str, Any]:
    """Return a line of a script, to be changed."""
    found: dict[str, Any] = document["scenes"][scene]["lines"][number]
    return found
