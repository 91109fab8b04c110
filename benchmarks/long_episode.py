"""Episodes of any length, with nothing in them that takes long: short recordings, small pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.fal.endpoints import Endpoints
from shared.keys import AssetKind

RECORDINGS = Path(__file__).parents[1] / "events" / "sample-episode" / "audio"

SECONDS: Mapping[AssetKind, float] = {
    AssetKind.PORTRAIT: 2.0,
    AssetKind.BACKGROUND: 2.0,
    AssetKind.COMPOSITE: 2.0,
    AssetKind.CLIP: 10.0,
}
"""How long the simulated fal takes over each kind of asset."""

PARAMETERS: Mapping[str, object] = {"EncoderPreset": "ultrafast", "DailyUsd": 0, "QuietPeriodSeconds": 0}
"""Parameters of a stack that makes such episodes: encoding is not what is measured."""

FAL_MEDIA = "tests.integration.plot.small_studio"
"""How the simulated fal draws and films them."""

_CAST = 3
_LINES_A_SCENE = 10
_LINE_SECONDS = 0.8
_STEP_SECONDS = 0.05


def clip_endpoint() -> str:
    """Return the endpoint whose requests take as long as clips; all others take as long as pictures."""
    return Endpoints().hedra


def long_script(lines: int, name: str) -> dict[str, Any]:
    """Return a script of so many lines: three people, in turn, ten lines a scene, one shot for each person and scene.

    No two lines are the same piece of a recording, and no two scripts of different names share an asset but recordings.
    """
    recordings = sorted(path.name for path in RECORDINGS.glob("*.mp3"))
    spoken = [_line(number, recordings) for number in range(lines)]
    scenes = [
        {"number": begin // _LINES_A_SCENE + 1, "environment": f"room {begin}, {name}", "lines": spoken[begin:end]}
        for begin in range(0, lines, _LINES_A_SCENE)
        for end in [begin + _LINES_A_SCENE]
    ]
    return {
        "title": f"{lines} lines",
        "resolution": "540p",
        "engines": ["hedra"],
        "caps": {"usd": 10_000, "images": 10_000, "clip_seconds": 100_000},
        "characters": [
            {"name": f"Person {number}", "prompt": f"person {number}, {name}"} for number in range(min(_CAST, lines))
        ],
        "scenes": scenes,
    }


def _line(number: int, recordings: list[str]) -> dict[str, Any]:
    start = round(number // len(recordings) * _STEP_SECONDS, 3)
    return {
        "character": f"Person {number % _CAST}",
        "position": "standing",
        "audio": f"audio/{recordings[number % len(recordings)]}",
        "start": start,
        "end": round(start + _LINE_SECONDS, 3),
    }


def episode_files(script: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of an episode's folder by their paths in it, the script last."""
    named = sorted({line["audio"] for scene in script["scenes"] for line in scene["lines"]})
    recordings = {path: (RECORDINGS / Path(path).name).read_bytes() for path in named}
    return {**recordings, "script.json": json.dumps(script).encode()}
