"""Small episodes for end-to-end tests: two characters, two scenes, three lines of a second or so."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

SPEECH = Path(__file__).parents[1] / "fixtures" / "tiny-episode" / "audio"
FIRST, SECOND = "01-mara.mp3", "02-mara.mp3"

SCRIPT: dict[str, Any] = {
    "title": "Two Voices",
    "style": "cinematic",
    "resolution": "540p",
    "characters": [
        {"name": "Mara", "prompt": "young woman, red curly hair"},
        {"name": "Tom", "prompt": "old man, white beard, flat cap"},
    ],
    "scenes": [
        {
            "number": 1,
            "environment": "lighthouse on a rocky coast at dusk",
            "lines": [
                {"character": "Mara", "position": "at the door", "audio": "audio/a.mp3", "text": "Hello."},
                {"character": "Tom", "position": "by the stairs", "audio": "audio/b.mp3", "text": "Hello, you."},
            ],
        },
        {
            "number": 2,
            "environment": "round kitchen, warm lamp light",
            "lines": [{"character": "Mara", "position": "at the window", "audio": "audio/c.mp3", "text": "So quiet."}],
        },
    ],
}
AUDIO = {"audio/a.mp3": FIRST, "audio/b.mp3": SECOND, "audio/c.mp3": FIRST}


EVERYTHING = {"portrait": 2, "background": 2, "composite": 3, "clip": 3}
"""What the script buys."""


def script() -> dict[str, Any]:
    """Return a copy of the script, to be changed; other tests buy the same."""
    return copy.deepcopy(SCRIPT)


def own_script(trait: str) -> dict[str, Any]:
    """Return a copy of which no other test buys anything, whatever the order of the tests."""
    own = script()
    for character in own["characters"]:
        character["prompt"] += f", {trait}"
    for scene in own["scenes"]:
        scene["environment"] += f", {trait}"
    return own


def write_episode(folder: Path, script: dict[str, Any], audio: dict[str, str] | None = None) -> Path:
    """Write an episode's folder; return it."""
    for path, speech in (AUDIO if audio is None else audio).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SPEECH / speech, target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.json").write_text(json.dumps(script))
    return folder
