"""The presets, and how sizes are spelt for each model."""

from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.fal.models.hedra import HedraAspectRatio
from shared.fal.models.ideogram import ImageSizeName
from shared.fal.models.kontext import KontextAspectRatio
from shared.styles.aspect_ratio import FAL_ASPECT_RATIO, IDEOGRAM_IMAGE_SIZE, AspectRatio
from shared.styles.presets import DEFAULT_PRESET, PRESETS, StyleField
from shared.styles.visual_style import VisualStyle

STYLE: TypeAdapter[VisualStyle] = TypeAdapter(StyleField)


def test_the_presets_are_distinct_and_complete() -> None:
    assert {"cinematic", "documentary", "corporate", "anime", "watercolor", "noir"} <= set(PRESETS)
    assert DEFAULT_PRESET in PRESETS
    assert len({style.style_prompt for style in PRESETS.values()}) == len(PRESETS)
    for name, style in PRESETS.items():
        assert style.style_name == name
        assert len(style.style_prompt) > 150
        assert "watermark" in style.negative_prompt


def test_a_name_stands_for_its_preset() -> None:
    assert STYLE.validate_python("noir") is PRESETS["noir"]
    assert STYLE.validate_python(PRESETS["noir"].model_dump()) == PRESETS["noir"]


@pytest.mark.parametrize(
    ("name", "hint"), [("Noir", "did you mean 'noir'"), ("qqqq", "name a preset, or write a style")]
)
def test_an_unknown_name_lists_the_presets(name: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        STYLE.validate_python(name)
    error = caught.value.errors()[0]["ctx"]["error"]
    assert all(preset in str(error) for preset in PRESETS)
    assert hint in error.hint


@pytest.mark.parametrize(
    ("ratio", "image_size"),
    [
        ("16:9", "landscape_16_9"),
        ("9:16", "portrait_16_9"),
        ("1:1", "square_hd"),
        ("4:3", "landscape_4_3"),
        ("3:4", "portrait_4_3"),
    ],
)
def test_each_model_is_told_the_aspect_ratio_in_its_own_words(ratio: str, image_size: str) -> None:
    assert IDEOGRAM_IMAGE_SIZE[AspectRatio(ratio)] == image_size
    assert FAL_ASPECT_RATIO[AspectRatio(ratio)] == ratio
    assert image_size in get_args(ImageSizeName)
    assert ratio in get_args(KontextAspectRatio)
    assert ratio in get_args(HedraAspectRatio)
