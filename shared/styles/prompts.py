"""The prompts of portraits, backgrounds and composites.

Names are not part of a prompt: renaming a character or a style buys nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.script.models import Character, Scene
    from shared.styles.prompt_endings import PromptEndings
    from shared.styles.visual_style import VisualStyle

_SENTENCE_ENDS = (".", "!", "?", "…", "。")


def portrait_prompt(character: "Character", style: "VisualStyle", endings: "PromptEndings") -> str:
    """Return the prompt of a character alone."""
    return _sentences(f"A portrait of {character.prompt}", style.style_prompt, endings.portrait)


def background_prompt(scene: "Scene", style: "VisualStyle", endings: "PromptEndings") -> str:
    """Return the prompt of a scene without anyone in it."""
    return _sentences(scene.environment, style.style_prompt, endings.background)


def composite_prompt(
    position: str, scene: "Scene", character: "Character", style: "VisualStyle", endings: "PromptEndings"
) -> str:
    """Return the prompt that puts a character into a scene.

    It speaks of two input images: the first is the portrait, the second the background.
    """
    return _sentences(
        "Place the person from the first image in the place from the second image",
        f"What the person does: {position}",
        f"The person: {character.prompt}",
        f"The place: {scene.environment}",
        style.style_prompt,
        endings.composite,
    )


def _sentences(*texts: str) -> str:
    stripped = (text.strip().rstrip(",;: ") for text in texts)
    return " ".join(text if text.endswith(_SENTENCE_ENDS) else f"{text}." for text in stripped if text)
