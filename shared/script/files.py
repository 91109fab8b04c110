"""The files that a script names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.script.paths import FileKind
from shared.script.problems import path_of

if TYPE_CHECKING:
    from shared.script.models import Script


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A file that a script names.

    Attributes
    ----------
    path
        Relative to the episode's folder.
    kind
        What it is for, at its first mention.
    field
        Where the script names it first, as in `scenes[0].lines[2].audio`.
    """

    path: str
    kind: FileKind
    field: str


def script_files(script: "Script") -> tuple[ScriptFile, ...]:
    """Return every file that a script names, once, in the order of the script."""
    first_mentions: dict[str, ScriptFile] = {}
    for file in _mentions(script):
        first_mentions.setdefault(file.path, file)
    return tuple(first_mentions.values())


def _mentions(script: "Script") -> Iterator[ScriptFile]:
    if script.music:
        yield ScriptFile(script.music, FileKind.MUSIC, "music")
    if script.font:
        yield ScriptFile(script.font, FileKind.FONT, "font")
    for index, character in enumerate(script.characters):
        at = ("characters", index)
        for reference_index, path in enumerate(character.style_references):
            field = path_of((*at, "style_references", reference_index))
            yield ScriptFile(path, FileKind.STYLE_REFERENCE, field)
        if character.portrait:
            yield ScriptFile(character.portrait, FileKind.PORTRAIT, path_of((*at, "portrait")))
    for index, scene in enumerate(script.scenes):
        if scene.background:
            yield ScriptFile(scene.background, FileKind.BACKGROUND, path_of(("scenes", index, "background")))
        for line_index, line in enumerate(scene.lines):
            field = path_of(("scenes", index, "lines", line_index))
            yield ScriptFile(line.audio, FileKind.AUDIO, f"{field}.audio")
            if line.clip:
                yield ScriptFile(line.clip, FileKind.CLIP, f"{field}.clip")
