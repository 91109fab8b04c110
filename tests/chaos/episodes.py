"""Small random episodes, some of which share people, places and recordings."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.keys import AssetKind
from shared.providers.capabilities import capability_of
from shared.providers.engines import Engine
from shared.providers.names import ProviderName
from shared.providers.routing import RESILIENT
from tests.integration.plot.stage import TINY
from tests.integration.plot.template_values import ROOT

_RECORDINGS = tuple(sorted((ROOT / TINY / "audio").iterdir()))
_ENDS = (0.6, 0.8)
_POSITIONS = ("standing at the window", "sitting on the stairs", "leaning against the wall")
_ENGINES = {
    ("hedra",): 1,
    ("hedra", "still"): 4,
    ("fabric", "still"): 1,
    ("hedra", "fabric"): 1,
    ("hedra", "fabric", "still"): 2,
}
"""Lists of engines, and how often each is chosen."""

_KINDS = (AssetKind.PORTRAIT, AssetKind.BACKGROUND, AssetKind.COMPOSITE, AssetKind.CLIP)
Routing = str | list[str] | dict[str, Any] | None
"""What a script says of whom to ask; None: nothing."""


@dataclass(frozen=True)
class Episode:
    """An episode's id and files."""

    episode_id: str
    script: dict[str, Any]

    @property
    def files(self) -> dict[str, bytes]:
        recordings: dict[str, bytes] = {f"audio/{path.name}": path.read_bytes() for path in _RECORDINGS}
        return {**recordings, "script.json": json.dumps(self.script).encode()}

    def named(self, episode_id: str) -> "Episode":
        """Return it under another id."""
        return Episode(episode_id, self.script)

    def with_another_position(self) -> "Episode":
        """Return it with its first line spoken at another place in its scene."""
        script = json.loads(json.dumps(self.script))
        script["scenes"][0]["lines"][0]["position"] = "walking up and down"
        return Episode(self.episode_id, script)


def write_routings(asked: Sequence[ProviderName], dice: random.Random, number: int) -> list[Routing]:
    """Return what scripts say of whom to ask: each of some providers is the first one in a script, if there is room."""
    routings: list[Routing] = []
    for index in range(number):
        first = asked[index] if index < len(asked) else dice.choice(list(ProviderName))
        others = [name for name in ProviderName if name is not first]
        order: list[str] = [first, *dice.sample(others, dice.randint(0, len(others)))]
        kind = dice.choice(_KINDS)
        mixed: dict[str, Any] = {**dict.fromkeys(_KINDS, order), kind: dice.choice([RESILIENT, *ProviderName])}
        written: list[Routing] = [order, order, mixed]
        if first is ProviderName.FAL:  # with whom these begin
            written += [RESILIENT, None]
        routings.append(dice.choice(written))
    return routings


def write_episodes(name: str, routings: Sequence[Routing], dice: random.Random) -> list[Episode]:
    """Return one or several episodes with the same cast and places.

    Parameters
    ----------
    name
        What their ids begin with.
    routings
        What each of them says of whom to ask; some of the last ones may be left out.
    """
    people = [{"name": f"Person {n}", "prompt": f"a person, number {n}"} for n in range(2)]
    places = [f"a room, number {n}" for n in range(2)]
    return [
        _write_episode(f"{name}-{n}", people, places, routing, dice)
        for n, routing in enumerate(routings[: dice.randint(1, len(routings))])
    ]


def recordings() -> tuple[Path, ...]:
    """Return the recordings that every episode has in its folder `audio`."""
    return _RECORDINGS


def people_shared(episodes: list[Episode]) -> int:
    """Return how many people appear in several of the episodes."""
    casts = [{person["name"] for person in episode.script["characters"]} for episode in episodes]
    return sum(sum(name in cast for cast in casts) > 1 for name in set().union(*casts))


def _write_episode(
    episode_id: str, people: list[dict[str, str]], places: list[str], routing: Routing, dice: random.Random
) -> Episode:
    cast = dice.sample(people, dice.choice((1, 1, 2)))
    lines = [_write_line(cast, dice) for _ in range(dice.choice((1, 1, 2, 3)))]
    cut = dice.randint(1, len(lines))
    scenes = [part for part in (lines[:cut], lines[cut:]) if part]
    named = {line["character"] for line in lines}
    script: dict[str, Any] = {
        "title": f"Chaos {dice.random()}",
        "resolution": "540p",
        "engines": _some_engines(routing, dice),
        "characters": [person for person in cast if person["name"] in named],
        "scenes": [
            {"number": n, "environment": place, "lines": part}
            for n, (place, part) in enumerate(zip(dice.sample(places, 2), scenes, strict=False), start=1)
        ],
    }
    if routing is not None:
        script["providers"] = routing
    return Episode(episode_id, script)


def _names_in(order: Any) -> list[ProviderName]:
    if order is None:
        return [ProviderName.FAL]
    if order == RESILIENT:
        return list(ProviderName)
    return [ProviderName(name) for name in (order if isinstance(order, list) else [order])]


def _some_engines(routing: Routing, dice: random.Random) -> list[str]:
    """Return engines of which each provider of clips runs one, and each of which one of these runs."""
    names = _names_in(routing[AssetKind.CLIP] if isinstance(routing, dict) else routing)

    def is_run(name: ProviderName, engine: str) -> bool:
        return engine == Engine.STILL or capability_of(name, AssetKind.CLIP, Engine(engine)) is not None

    fitting = {
        engines: weight
        for engines, weight in _ENGINES.items()
        if all(any(is_run(name, engine) for engine in engines if engine != Engine.STILL) for name in names)
        and all(any(is_run(name, engine) for name in names) for engine in engines)
    }
    return list(dice.choices(list(fitting), list(fitting.values()))[0])


def _write_line(cast: list[dict[str, str]], dice: random.Random) -> dict[str, Any]:
    return {
        "character": dice.choice(cast)["name"],
        "position": dice.choice(_POSITIONS),
        "audio": f"audio/{dice.choice(_RECORDINGS).name}",
        "start": 0.0,
        "end": dice.choice(_ENDS),
    }
