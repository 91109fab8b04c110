"""The files that a script names: paths relative to the episode's folder."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from shared.keys import ASPECT_RATIO_NAMES, STORYBOARD_FOLDER
from shared.script.limits import MAX_PATH, MAX_PATH_BYTES
from shared.script.problems import quoted
from shared.script.text import composed, on_one_line

# Showrunner's own files beside the script, whatever their suffix.
RESERVED_STEMS = frozenset(
    {"bill", "captions", "chapters", "episode", "plan", "poster", "quote", "script", "status", "storyboard", "variant"}
    | {f"{stem}-{ratio}" for stem in ("episode", "poster") for ratio in ASPECT_RATIO_NAMES}
)

_URL_OR_DRIVE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


class FileKind(StrEnum):
    """What a file is for."""

    AUDIO = "audio"
    STYLE_REFERENCE = "style_reference"
    PORTRAIT = "portrait"
    BACKGROUND = "background"
    CLIP = "clip"
    MUSIC = "music"
    FONT = "font"


_SOUND = (".mp3", ".wav", ".m4a", ".flac", ".ogg", ".opus")
_IMAGE = (".png", ".jpg", ".jpeg", ".webp")
_VIDEO = (".mp4", ".mov", ".m4v", ".webm")
_FONT = (".ttf", ".otf", ".ttc")

SUFFIXES: dict[FileKind, tuple[str, ...]] = {
    FileKind.AUDIO: _SOUND,
    FileKind.STYLE_REFERENCE: _IMAGE,
    FileKind.PORTRAIT: _IMAGE,
    FileKind.BACKGROUND: _IMAGE,
    FileKind.CLIP: _VIDEO,
    FileKind.MUSIC: _SOUND,
    FileKind.FONT: _FONT,
}


def _inside_the_folder(path: str) -> str:
    if _URL_OR_DRIVE.match(path):
        raise ValueError("must be a file in the episode's folder, as in 'audio/01.mp3': not a URL, and no drive letter")
    if path.startswith("/"):
        raise ValueError("must be relative to the episode's folder, as in 'audio/01.mp3': leave the leading '/' out")
    if "\\" in path:
        raise ValueError("must have '/' between folders, as in 'audio/01.mp3', not '\\'")
    parts = path.split("/")
    if ".." in parts:
        raise ValueError("must stay inside the episode's folder: '..' is not allowed")
    if "" in parts or "." in parts:
        raise ValueError("must name a file plainly, as in 'audio/01.mp3': no empty folder names and no './'")
    if parts[0].lower() == STORYBOARD_FOLDER and len(parts) > 1:
        raise ValueError(
            f"{quoted(path)} is in a folder that Showrunner uses for its own files: put it into another one"
        )
    if len(parts) == 1 and PurePosixPath(path).stem.lower() in RESERVED_STEMS:
        raise ValueError(
            f"{quoted(path)} is a name that Showrunner uses for its own files: "
            "rename it or put it into a folder of its own"
        )
    return path


def _of_kind(kind: FileKind) -> Callable[[str], str]:
    def has_suffix(path: str) -> str:
        if not path.lower().endswith(SUFFIXES[kind]):
            raise ValueError(f"must be a file of one of the kinds {', '.join(SUFFIXES[kind])}")
        return path

    return has_suffix


def _short_enough(path: str) -> str:
    size = len(path.encode())
    if size > MAX_PATH_BYTES:
        raise ValueError(f"has {size:,} bytes as UTF-8, and at most {MAX_PATH_BYTES} fit into a key: shorten it")
    return path


# A file may be named on one machine and uploaded from another: an accent is one letter here, however it was typed.
_Path = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_PATH),
    AfterValidator(_short_enough),
    AfterValidator(on_one_line),
    AfterValidator(_inside_the_folder),
    AfterValidator(composed),
]

AudioPath = Annotated[_Path, AfterValidator(_of_kind(FileKind.AUDIO))]
StyleReferencePath = Annotated[_Path, AfterValidator(_of_kind(FileKind.STYLE_REFERENCE))]
PortraitPath = Annotated[_Path, AfterValidator(_of_kind(FileKind.PORTRAIT))]
BackgroundPath = Annotated[_Path, AfterValidator(_of_kind(FileKind.BACKGROUND))]
ClipPath = Annotated[_Path, AfterValidator(_of_kind(FileKind.CLIP))]
MusicPath = Annotated[_Path, AfterValidator(_of_kind(FileKind.MUSIC))]
FontPath = Annotated[_Path, AfterValidator(_of_kind(FileKind.FONT))]
