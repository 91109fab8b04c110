"""The texts of a script that are drawn into the picture."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.script.models import Script


def drawn_texts(script: "Script") -> Iterator[tuple[str, str]]:
    """Yield what each text is used for, and all of it."""
    edit = script.edit
    if script.captions.burn_in:
        yield "burned-in captions", "".join(line.text or "" for scene in script.scenes for line in scene.lines)
    if edit.lower_thirds:
        yield "lower thirds", "".join(character.name for character in script.characters)
    if edit.title_card:
        yield "the title card", script.title + (edit.title_card.subtitle or "")
    if edit.end_card:
        yield "the end card", edit.end_card.title + (edit.end_card.subtitle or "")
