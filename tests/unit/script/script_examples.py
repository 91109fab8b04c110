"""Scripts that tests start from."""

import json
from copy import deepcopy
from typing import Any

from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid

MINIMAL: dict[str, Any] = {
    "title": "The Last Lighthouse",
    "characters": [{"name": "Alex Chen", "prompt": "young tech entrepreneur"}],
    "scenes": [
        {
            "number": 1,
            "environment": "modern office, city view",
            "lines": [{"character": "Alex Chen", "position": "at the window", "audio": "audio/01.mp3"}],
        }
    ],
}

FULL: dict[str, Any] = {
    "title": "The Last Lighthouse",
    "language": "en",
    "style": "noir",
    "aspect_ratio": "9:16",
    "rendering_speed": "QUALITY",
    "resolution": "1080p",
    "engines": ["hedra", "fabric", "kling", "still"],
    "models": {
        "ideogram": {"image_size": {"width": 1024, "height": 768}, "color_palette": {"name": "EMBER"}},
        "kontext": {"guidance_scale": 3.5, "safety_tolerance": "3"},
        "hedra": {"seed": 1},
    },
    "prompt_endings": {"portrait": "facing us", "background": "", "composite": "one shot"},
    "review": "storyboard",
    "caps": {"usd": 25.5, "images": 40, "clip_seconds": 400},
    "captions": {"burn_in": True},
    "music": "music/theme.mp3",
    "characters": [
        {"name": "Alex Chen", "prompt": "young tech entrepreneur", "style_references": ["refs/a.png", "refs/b.webp"]},
        {"name": "Mara Quill", "prompt": "lighthouse keeper", "portrait": "own/mara.jpg", "take": 2},
    ],
    "scenes": [
        {
            "number": 1,
            "environment": "modern office",
            "models": {"kontext": {"seed": 1}},
            "lines": [
                {
                    "character": "Alex Chen",
                    "position": "at the window",
                    "audio": "audio/01.mp3",
                    "start": 0.5,
                    "end": 4.2,
                    "text": "We could have sold the place years ago.",
                },
                {
                    "character": "Mara Quill",
                    "position": "at the table",
                    "audio": "audio/01.mp3",
                    "start": 4.2,
                    "clip": "own/mara.mp4",
                    "models": {"kontext": {"seed": 2}},
                },
            ],
        },
        {
            "number": 7,
            "environment": "lamp room",
            "background": "own/lamp.png",
            "take": 3,
            "lines": [{"character": "Mara Quill", "position": "beside the lamp", "audio": "audio/02.wav", "take": 2}],
        },
    ],
}

Location = tuple[str | int, ...]


def changed(script: dict[str, Any], location: Location, value: Any) -> dict[str, Any]:
    """Return a copy of a script with one value set."""
    copy = deepcopy(script)
    place: Any = copy
    for part in location[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    place[location[-1]] = value
    return copy


def parsed(script: dict[str, Any]) -> Script:
    return parse_script(json.dumps(script).encode(), file_name="script.json")


def problems(script: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return message and hint of each problem of a script, by path."""
    try:
        parsed(script)
    except ScriptInvalid as invalid:
        return {problem.path: (problem.message, problem.hint) for problem in invalid.problems}
    return {}
