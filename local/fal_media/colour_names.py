"""The colours that people name in a description, and what they mean on cloth, in hair and in eyes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from local.fal_media.colours import RGB, darker, lighter, rgb


def _palette(codes: Mapping[str, str]) -> Mapping[str, RGB]:
    return MappingProxyType({name: rgb(code) for names, code in codes.items() for name in names.split(", ")})


CLOTH_COLOURS = _palette({
    "amber": "d9952f", "beige, sand, taupe": "cdb898", "black": "2b2a33", "blue, denim": "35608f", "bronze": "8c6a3a",
    "brown, chocolate": "6b4a35", "burgundy, maroon, wine": "6e2437", "camel, tan": "b98a58",
    "charcoal, dark": "3b3d45",
    "cobalt, sapphire": "2449a0", "copper, rust, terracotta": "b0583a", "coral": "e8775f", "cream, ivory": "efe4cb",
    "crimson, scarlet": "b3202f", "emerald": "1f7a55", "fuchsia, magenta": "b8327f", "gold, golden": "c9a03f",
    "green": "42714f", "grey, gray": "7d828c", "indigo": "3b3a78", "khaki": "8c8058", "lavender, lilac": "a994c8",
    "lime": "94b440", "mint": "a3cfb8", "mustard": "c99a2e", "navy": "22304f", "ochre": "bf8a3a", "olive": "6b6d3c",
    "orange": "d9772f", "peach, salmon": "efae90", "pink": "db8fa5", "plum": "65395f", "purple": "6f4a8e",
    "red": "b23a3a", "royal": "2f4fa3", "ruby": "9b1c3c", "silver": "b5bac2", "sky": "86b4d6", "teal": "1f7378",
    "turquoise, aqua, cyan": "3aa6a6", "violet": "6a4fa0", "white": "ece8e1", "yellow": "e0ac3b",
})  # fmt: skip
HAIR_COLOURS = _palette({
    "auburn": "8e3b26", "black": "26222b", "blonde, blond, fair, golden, honey, sandy": "d9ad62",
    "brown, brunette": "5a3a2a", "chestnut": "7a4429", "dark": "3a2a26", "grey, gray, steel": "9b9ca3",
    "platinum": "ead9ac", "red, ginger, copper, redhead, redheaded": "b4502a", "silver": "bfc1c7",
    "strawberry": "cf8350", "white, snowy": "e4e2de",
    "blue": "3f6fa8", "green": "4f8a60", "pink": "d98aa8", "purple": "75509a", "turquoise": "3aa6a6",
})  # fmt: skip
EYE_COLOURS = _palette({
    "amber": "a4702f", "black, dark": "3a2820", "blue": "4a7fa5", "brown": "6b4426", "green, emerald": "5b8a5e",
    "grey, gray, silver": "75828c", "hazel": "8a6a35", "violet": "70609c",
})  # fmt: skip
TONES = frozenset({"dark", "deep", "light", "pale"})
COLOUR_WORDS = frozenset({*CLOTH_COLOURS, *HAIR_COLOURS, *TONES})

_TONE_SHARE = 0.25


def named_colour(qualities: Sequence[str], palette: Mapping[str, RGB]) -> RGB | None:
    """
    Give the colour that the qualities name, if any: the first, as "mustard yellow" is mustard.

    A tone makes the colour after it darker or lighter; alone it may be a colour of the palette itself ("dark hair").
    """
    found = [(index, word) for index, word in enumerate(qualities) if word in palette]
    certain = [(index, word) for index, word in found if word not in TONES] or found
    if not certain:
        return None
    index, word = certain[0]
    tone = qualities[index - 1] if index else ""
    if tone in ("dark", "deep"):
        return darker(palette[word], _TONE_SHARE)
    return lighter(palette[word], _TONE_SHARE) if tone in ("light", "pale") else palette[word]
