"""How large the files that a script names may be: looked at in the folder's listing, before anything is fetched."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from shared.fal.models.ideogram import MAX_STYLE_REFERENCE_BYTES
from shared.script.files import script_files
from shared.script.limits import MAX_EPISODE_BYTES, MAX_FONT_BYTES, MAX_IMAGE_BYTES, MAX_SOUND_BYTES, MAX_VIDEO_BYTES
from shared.script.paths import FileKind
from shared.script.problems import quoted

if TYPE_CHECKING:
    from shared.script.models import Script

_SOUND = ("sound file", MAX_SOUND_BYTES, "export it as MP3")
_PICTURE = ("picture", MAX_IMAGE_BYTES, "export it as JPEG")
_VIDEO = ("video", MAX_VIDEO_BYTES, "export it as H.264 at a lower bit rate")
_FONT = ("font", MAX_FONT_BYTES, "take one with fewer characters")

_LIMITS = {
    FileKind.AUDIO: _SOUND,
    FileKind.MUSIC: _SOUND,
    FileKind.STYLE_REFERENCE: _PICTURE,
    FileKind.PORTRAIT: _PICTURE,
    FileKind.BACKGROUND: _PICTURE,
    FileKind.CLIP: _VIDEO,
    FileKind.FONT: _FONT,
}


def too_large_files(script: "Script", sizes: Mapping[str, int]) -> list[str]:
    """Return a sentence for everything that is too large.

    Parameters
    ----------
    sizes
        In bytes, of at least all files that the script names, by path.
    """
    return [*_each(script, sizes), *_style_references(script, sizes), *_together(script, sizes)]


def _each(script: "Script", sizes: Mapping[str, int]) -> Iterator[str]:
    for file in script_files(script):
        what, limit, remedy = _LIMITS[file.kind]
        if sizes[file.path] > limit:
            yield f"{file.path} has {_megabytes(sizes[file.path])}, and a {what} at most {_megabytes(limit)}: {remedy}"


def _style_references(script: "Script", sizes: Mapping[str, int]) -> Iterator[str]:
    for character in script.characters:
        size = sum(sizes[path] for path in character.style_references)
        if size > MAX_STYLE_REFERENCE_BYTES:
            yield (
                f"the style references of {quoted(character.name)} have {_megabytes(size)} together, and Ideogram "
                f"takes at most {_megabytes(MAX_STYLE_REFERENCE_BYTES)}: export them smaller"
            )


def _together(script: "Script", sizes: Mapping[str, int]) -> Iterator[str]:
    size = sum(sizes[file.path] for file in script_files(script))
    if size > MAX_EPISODE_BYTES:
        yield (
            f"the files that the script names have {_megabytes(size)} together, and an episode at most "
            f"{_megabytes(MAX_EPISODE_BYTES)}: export the recordings as MP3, or divide the episode"
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
