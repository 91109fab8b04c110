"""The command `episode new`: a script to begin with."""

import json as json_text
import re
import shlex
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Annotated

import typer

from cli.endings import FAILED, stop
from cli.options import Json, possible_id
from cli.output import counted, say, write_document
from shared.keys import SCRIPT_NAMES, is_episode_id, is_result
from shared.script.limits import MAX_NAME
from shared.script.parse import parse_script
from shared.script.paths import SUFFIXES, FileKind

_NO_RECORDINGS = ("audio/01.mp3", "audio/02.mp3")

_HEAD = """\
# The script of an episode. `episode validate FOLDER` checks it; docs/script.md says all that it can hold.
title: {title}
style: cinematic                  # or documentary, corporate, anime, ...: docs/script.md lists them
rendering_speed: BALANCED         # TURBO is cheaper; QUALITY is finer
engines: [hedra, still]           # what makes lines talk, in the order in which it is tried
review: none                      # storyboard: stop and show the pictures before the first clip is paid for
caps: {{usd: 25}}                   # all runs of this episode together never spend more

# Who speaks: write what each one looks like.
characters:
"""

_CHARACTER = """\
  - name: {name}
    prompt: {look}
"""

_SCENE = """
# Where it is, and who says what there: `position` is for the picture, `text` for the captions.
scenes:
  - number: 1
    environment: bright office, large window over a city, plants, morning light
    lines:
"""

_LINE = """\
      - character: {name}
        position: sitting at a desk, facing the camera
        audio: {audio}
        text: {text}
"""

_LOOKS = (
    "person in their thirties, short dark hair, round glasses, green sweater, friendly and alert",
    "person in their fifties, grey curly hair, blue shirt, calm and kind",
    "person in their twenties, long red hair, yellow jacket, lively",
    "person in their sixties, white hair, dark suit, thoughtful",
)

_SOMEBODY = "Alex"
_NO_NAMES = frozenset({"audio", "final", "line", "part", "rec", "recording", "scene", "take", "track", "voice"})
_MOST_WORDS = 2
"""Of a name; what has more is a sentence."""
_MOST_SPEAKERS = 8
"""Files that seem to be of more people are not called after people."""

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
            next_step=f"`episode validate {shlex.quote(str(folder))}` checks it",
        )
    recordings = recordings_in(folder)
    name, quoted_folder = folder.resolve().name, shlex.quote(str(folder))
    as_argument = quoted_folder if is_episode_id(name) else f"{quoted_folder} --id {possible_id(name)}"
    script = folder / SCRIPT_NAMES[0]
    text = script_text(name, recordings)
    parse_script(text.encode(), file_name=script.name)  # a recording's name may be one that no script can hold
    folder.mkdir(parents=True, exist_ok=True)
    with script.open("x", encoding="utf-8") as file:
        file.write(text)
    named = recordings or list(_NO_RECORDINGS)
    speakers = list(dict.fromkeys(speakers_of(named)))
    steps = [] if recordings else [f"record {' and '.join(str(folder / name) for name in named)}"]
    look = "looks" if len(speakers) == 1 else "look"
    steps.append(f"open {script}: write what {' and '.join(speakers)} {look} like, where it is, and what is said")
    steps += [f"episode validate {quoted_folder}", f"episode quote {as_argument}", f"episode run {as_argument}"]
    say(f"{script} is written, with {counted(len(named), 'line')} of {' and '.join(speakers)}. Next:")
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


def speakers_of(recordings: Sequence[str]) -> list[str]:
    """Return who speaks in each recording, as far as its file is called after somebody: ``01-mara.mp3`` is Mara's."""
    names = [_name_in(Path(path).stem) for path in recordings]
    first = {name.casefold(): name for name in reversed(names)}
    if len(first) > _MOST_SPEAKERS:
        return [_SOMEBODY] * len(recordings)
    return [first[name.casefold()] for name in names]


def _name_in(stem: str) -> str:
    words = [word for word in re.findall(r"[^\W\d_]+", stem) if word.casefold() not in _NO_NAMES]
    name = " ".join(word[:1].upper() + word[1:] for word in words)
    return name if len(words) <= _MOST_WORDS and 1 < len(name) <= MAX_NAME else _SOMEBODY


def script_text(folder_name: str, recordings: Sequence[str]) -> str:
    """Return a script with a line for each recording, or with two lines that are still to be recorded."""
    title = re.sub(r"[-_.]+", " ", folder_name).strip()
    title = f"{title[:1].upper()}{title[1:]}" or "My episode"
    named = recordings or _NO_RECORDINGS
    speakers = speakers_of(named)
    characters = (
        _CHARACTER.format(name=_quoted(name), look=look)
        for name, look in zip(dict.fromkeys(speakers), cycle(_LOOKS), strict=False)
    )
    lines = (
        _LINE.format(name=_quoted(name), audio=_quoted(audio), text=_quoted(f"What is said in {Path(audio).name}."))
        for name, audio in zip(speakers, named, strict=True)
    )
    return "".join([_HEAD.format(title=_quoted(title)), *characters, _SCENE, *lines])


def _by_number(path: str) -> list[tuple[str, int]]:
    """Return what sorts ``10.mp3`` after ``2.mp3``."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", path.lower())]


def _quoted(text: str) -> str:
    """Return a text as YAML reads it back, whatever is in it: JSON's strings are YAML's."""
    return json_text.dumps(text, ensure_ascii=False)
