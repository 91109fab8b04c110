"""A person, as drawn."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from local.fal_media.colours import RGB, mix
from local.fal_media.stated_age import Age

HairStyle: TypeAlias = Literal[
    "bald", "buzz", "crop", "side part", "quiff", "curls", "short curls", "afro", "short afro", "long", "waves", "bob",
    "bun", "ponytail", "pixie",
]  # fmt: skip
Beard: TypeAlias = Literal["none", "stubble", "full", "goatee", "moustache"]
Glasses: TypeAlias = Literal["none", "round", "square", "dark"]
Headwear: TypeAlias = Literal["none", "captain", "hard hat", "beanie", "fedora", "flat cap", "chef", "headscarf"]
Outfit: TypeAlias = Literal[
    "t-shirt", "shirt", "suit", "turtleneck", "hoodie", "blouse", "uniform", "white coat", "coat"
]


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that is drawn of a person."""

    feminine: bool
    age: Age
    skin: RGB
    freckles: bool
    hair: RGB
    hair_style: HairStyle
    eyes: RGB
    beard: Beard
    beard_colour: RGB
    glasses: Glasses
    headwear: Headwear
    headwear_colour: RGB
    outfit: Outfit
    cloth: RGB
    accent: RGB
    scarf: bool
    earrings: bool
    face_width: float
    jaw: float
    brow: float
    nose: float
    smile: float
    parting: int
    backdrop: RGB

    @property
    def lips(self) -> RGB:
        """The colour of the lips, which follows the skin's."""
        rose = (168, 62, 72) if self.feminine else (142, 70, 66)
        return mix(self.skin, rose, 0.62 if self.feminine else 0.42)
