"""Small random episodes, some of which share people, places and recordings."""

import json
import random
from dataclasses import dataclass
from typing import Any

from tests.integration.plot.stage import TINY
from tests.integration.plot.template_values import ROOT

_RECORDINGS = tuple(sorted((ROOT / TINY / "audio").iterdir()))
_ENDS = (0.6, 0.8)
_POSITIONS = ("standing at the window", "sitting on the stairs", "leaning against the wall")
_ENGINES = (("hedra",), ("hedra", "still"), ("fabric", "still"), ("hedra", "fabric"), ("hedra", "fabric", "still"))
_ENGINE_WEIGHTS = (1, 4, 1, 1, 2)


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


def write_episodes(name: str, dice: random.Random, *, at_most: int) -> list[Episode]:
    """Return 1 to `at_most` episodes with the same cast and places, and ids that begin with `name`."""
    people = [{"name": f"Person {n}", "prompt": f"a person, number {n}"} for n in range(2)]
    places = [f"a room, number {n}" for n in range(2)]
    return [_write_episode(f"{name}-{n}", people, places, dice) for n in range(dice.randint(1, at_most))]


def people_shared(episodes: list[Episode]) -> int:
    """Return how many people appear in several of the episodes."""
    casts = [{person["name"] for person in episode.script["characters"]} for episode in episodes]
    return sum(sum(name in cast for cast in casts) > 1 for name in set().union(*casts))


def _write_episode(episode_id: str, people: list[dict[str, str]], places: list[str], dice: random.Random) -> Episode:
    cast = dice.sample(people, dice.choice((1, 1, 2)))
    lines = [_write_line(cast, dice) for _ in range(dice.choice((1, 1, 2, 3)))]
    cut = dice.randint(1, len(lines))
    scenes = [part for part in (lines[:cut], lines[cut:]) if part]
    named = {line["character"] for line in lines}
    script = {
        "title": f"Chaos {dice.random()}",
        "resolution": "540p",
        "engines": dice.choices(_ENGINES, _ENGINE_WEIGHTS)[0],
        "characters": [person for person in cast if person["name"] in named],
        "scenes": [
            {"number": n, "environment": place, "lines": part}
            for n, (place, part) in enumerate(zip(dice.sample(places, 2), scenes, strict=False), start=1)
        ],
    }
    return Episode(episode_id, script)


def _write_line(cast: list[dict[str, str]], dice: random.Random) -> dict[str, Any]:
    return {
        "character": dice.choice(cast)["name"],
        "position": dice.choice(_POSITIONS),
        "audio": f"audio/{dice.choice(_RECORDINGS).name}",
        "start": 0.0,
        "end": dice.choice(_ENDS),
    }
