"""A script with some of its fields otherwise: how variants and drafts are made of an episode."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from shared.fal.models.ideogram import RenderingSpeed
from shared.frozen import Frozen
from shared.providers.routing import RoutingField
from shared.script.document import Document
from shared.script.edit import Edit
from shared.script.models import (
    Caps,
    CaptionSettings,
    Engines,
    LanguageTag,
    ModelOptions,
    Outputs,
    Resolution,
    ReviewMode,
    Title,
)
from shared.script.parse import check_script, read_script_document
from shared.script.paths import FontPath, MusicPath
from shared.styles.aspect_ratio import AspectRatioField
from shared.styles.presets import StyleField
from shared.styles.prompt_endings import PromptEndings


class Overrides(Frozen):
    """The fields of a script that can be otherwise: all but who speaks, where, and what is said."""

    title: Title | None = None
    language: LanguageTag | None = None
    style: StyleField | None = None
    outputs: Outputs | None = None
    aspect_ratio: AspectRatioField | None = None
    rendering_speed: RenderingSpeed | None = None
    resolution: Resolution | None = None
    engines: Engines | None = None
    providers: RoutingField | None = None
    models: ModelOptions | None = None
    prompt_endings: PromptEndings | None = None
    review: ReviewMode | None = None
    caps: Caps | None = None
    captions: CaptionSettings | None = None
    font: FontPath | None = None
    music: MusicPath | None = None
    edit: Edit | None = None


def apply_overrides(document: Document, overrides: Mapping[str, JsonValue]) -> Document:
    """Return a script's document in which fields have other values.

    Parameters
    ----------
    document
        A script's values, which are left as they are.
    overrides
        Fields as a script has them (see `Overrides`); each takes the place of the script's own as a whole.
    """
    fields = document.value if isinstance(document.value, dict) else {}
    kept = {path: line for path, line in document.lines.items() if not _is_of(path, overrides)}
    return Document({**fields, **overrides}, kept)


def script_with_overrides(data: bytes, *, file_name: str, overrides: Mapping[str, JsonValue]) -> bytes:
    """Return a ``script.json`` that differs from a script by overrides.

    Parameters
    ----------
    data, file_name
        The script's file as it is stored, and its name.

    Raises
    ------
    shared.script.problems.ScriptInvalid
        The script cannot be read, or cannot be used with these overrides.
    """
    document = apply_overrides(read_script_document(data, file_name=file_name), overrides)
    check_script(document, file_name=file_name)
    return json.dumps(document.value, ensure_ascii=False, indent=2).encode()


def _is_of(path: str, overrides: Mapping[str, JsonValue]) -> bool:
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in overrides)
