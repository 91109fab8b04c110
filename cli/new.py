"""The command `episode new`: a script to begin with."""

import json as json_text
import re
from pathlib import Path
from typing import Annotated

import typer

from cli.endings import FAILED, stop
from cli.options import Json
from cli.output import counted, say, write_document
from shared.keys import SCRIPT_NAMES, is_result
from shared.script.parse import parse_script
from shared.script.paths import SUFFIXES, FileKind

_NO_RECORDINGS = ("audio/01.mp3", "audio/02.mp3")

_HEAD = """\
# The script of an episode. `episode validate FOLDER` checks it; docs/script.md says all that it can hold.
title: {title}
style: cinematic                  # or documentary, corporate, anime, ...: docs/script.md lists them
rendering_speed: BALANCED         # TURBO is cheaper; QUALITY is finer
engines: [hedra, still]           # how lines are made to talk, in the order in which it is tried
review: none                      # storyboard: stop and show the pictures before the first clip is paid for
caps: {{usd: 25}}                   # all runs of this episode together never spend more

characters:
  - name: Alex
    prompt: young woman, short dark hair, round glasses, green sweater, friendly and alert

scenes:
  - number: 1
    environment: bright office, large window over a city, plants, morning light
    lines:
"""

_LINE = """\
      - character: Alex
        position: sitting at a desk, facing the camera
        audio: {audio}
        text: {text}
"""

NewFolder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The episode's folder; it is made if need be.", file_okay=False)
]


def new(folder: NewFolder, *, json: Json = False) -> None:  # noqa: ARG001 -- read by `cli.group`
    """Write a script to begin with, a line for each recording that lies in the folder."""
    if present := [name for name in SCRIPT_NAMES if (folder / name).exists()]:
        stop(
            f"{folder / present[0]} is there already, and stays as it is",
            FAILED,
            error="script_exists",
            next_step=f"`episode validate {folder}` checks it",
        )
    recordings = recordings_in(folder)
    script = folder / SCRIPT_NAMES[0]
    text = script_text(folder.resolve().name, recordings)
    parse_script(text.encode(), file_name=script.name)  # a recording's name may be one that no script can hold
    folder.mkdir(parents=True, exist_ok=True)
    with script.open("x", encoding="utf-8") as file:
        file.write(text)
    named = recordings or list(_NO_RECORDINGS)
    steps = [] if recordings else [f"record {' and '.join(named)} in {folder}"]
    steps.append(f"write who speaks, where and what into {script}")
    steps += [f"episode {command} {folder}" for command in ("validate", "quote", "run")]
    say(f"{script} is written, with {counted(len(named), 'line')}. Next:")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {step}")
    write_document({"script": str(script), "audio": named, "audio_is_there": bool(recordings), "next": steps})


def recordings_in(folder: Path) -> list[str]:
    """Return the sound files of a folder, or of its ``audio``, by their paths, in the order of numbers and names."""
    found = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix.lower() in SUFFIXES[FileKind.AUDIO]
    ]
    seen = [path for path in found if not is_result(path) and "/." not in f"/{path}"]
    return sorted([path for path in seen if path.startswith("audio/")] or seen, key=_by_number)


def script_text(folder_name: str, recordings: list[str]) -> str:
    """Return a script with a line for each recording, or with two lines that are still to be recorded."""
    title = re.sub(r"[-_.]+", " ", folder_name).strip().capitalize() or "My episode"
    lines = (
        _LINE.format(audio=_quoted(audio), text=_quoted(f"What is said in {Path(audio).name}."))
        for audio in recordings or _NO_RECORDINGS
    )
    return _HEAD.format(title=_quoted(title)) + "".join(lines)


def _by_number(path: str) -> list[tuple[str, int]]:
    """Return what sorts ``10.mp3`` after ``2.mp3``."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", path.lower())]


def _quoted(text: str) -> str:
    """Return a text as YAML reads it back, whatever is in it: JSON's strings are YAML's."""
    return json_text.dumps(text, ensure_ascii=False)
