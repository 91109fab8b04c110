"""What the models are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.script.models import Character, Line, Scene
from shared.styles.presets import PRESETS
from shared.styles.prompt_endings import PromptEndings
from shared.styles.prompts import background_prompt, composite_prompt, portrait_prompt
from shared.styles.visual_style import VisualStyle

INK = VisualStyle(style_name="ink", style_prompt="Ink drawing")
ENDINGS = PromptEndings(portrait="facing us", background="no people", composite="one light")
LINE = Line(character="Ada", position="at the desk.", audio="ada.mp3")
SCENE = Scene(number=1, environment="a library,", lines=(LINE,))
CHARACTER = Character(name="Ada", prompt="woman in her thirties")
ENDS = st.sampled_from(["", ".", "!", "?", "…", ",", ";", ":", " ,", ". ", "\n", ",; "])


def test_prompts_say_subject_then_style_then_ending() -> None:
    assert portrait_prompt(CHARACTER, INK, ENDINGS) == (
        "A portrait of woman in her thirties. Ink drawing. facing us."
    )  # fmt: skip
    assert background_prompt(SCENE, INK, ENDINGS) == "a library. Ink drawing. no people."
    assert composite_prompt(LINE.position, SCENE, CHARACTER, INK, ENDINGS) == (
        "Place the person from the first image in the place from the second image. "
        "What the person does: at the desk. "
        "The person: woman in her thirties. The place: a library. Ink drawing. one light."
    )


def test_names_are_no_part_of_a_prompt() -> None:
    # given a character and a style of other names, but the same look
    renamed = CHARACTER.model_copy(update={"name": "Augusta"})
    style = INK.model_copy(update={"style_name": "pen"})
    # then nothing is bought again
    assert portrait_prompt(renamed, style, ENDINGS) == portrait_prompt(CHARACTER, INK, ENDINGS)
    assert composite_prompt("x", SCENE, renamed, style, ENDINGS) == composite_prompt(
        "x", SCENE, CHARACTER, INK, ENDINGS
    )


def test_an_empty_ending_adds_nothing() -> None:
    assert portrait_prompt(CHARACTER, INK, PromptEndings(portrait="")).endswith("Ink drawing.")


@pytest.mark.parametrize("style", PRESETS.values(), ids=PRESETS.keys())
def test_every_preset_keeps_people_and_places_apart(style: VisualStyle) -> None:
    # given the default endings
    endings = PromptEndings()
    # then a portrait is called one, and a background is never
    assert "portrait of" in portrait_prompt(CHARACTER, style, endings)
    assert "portrait" not in background_prompt(SCENE, style, endings).lower()
    assert "no people" in background_prompt(SCENE, style, endings)
    # and every prompt says what talking clips need
    for prompt in (portrait_prompt(CHARACTER, style, endings), composite_prompt("x", SCENE, CHARACTER, style, endings)):
        assert style.style_prompt in prompt
        assert "camera" in prompt
        assert "closed" in prompt
        assert "evenly lit" in prompt or "even light" in prompt


@given(
    words=st.lists(st.sampled_from(["one", "two three"]), min_size=3, max_size=3),
    separators=st.lists(ENDS, min_size=3, max_size=3),
)
def test_sentences_never_run_into_each_other(words: list[str], separators: list[str]) -> None:
    # given texts that end in any way
    person, look, ending = (word + separator for word, separator in zip(words, separators, strict=True))
    style = VisualStyle(style_name="x", style_prompt=look)

    # when they are put together
    prompt = portrait_prompt(Character(name="x", prompt=person), style, PromptEndings(portrait=ending))

    # then each ends as a sentence does, once
    ends = [separator.strip() if separator.strip() in {"!", "?", "…"} else "." for separator in separators]
    sentences = (word + end for word, end in zip(words, ends, strict=True))
    assert prompt == "A portrait of " + " ".join(sentences)
