"""What a person wears: named garments first, then what goes with a profession, then chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.fal_media.colour_names import CLOTH_COLOURS, named_colour
from local.fal_media.colours import RGB, darker, distance, rgb
from local.fal_media.description import Description
from local.fal_media.person import Headwear, Outfit
from local.fal_media.prompt_words import PromptWords
from local.fal_media.stated_age import Age

CLOTH = tuple(
    map(rgb, ("2f4858", "3d405b", "c8553d", "588b8b", "7a3b4e", "dda448", "466060", "8d6a9f", "31572c", "5c6b8a",
              "b5838d", "e5e1d8"))
)  # fmt: skip
SUITS = tuple(map(rgb, ("2b3245", "3a3a40", "4a3b3a", "2f4a4a", "54556b")))
TWEEDS = tuple(map(rgb, ("6f6654", "5d6257", "7b6d5d", "565a63")))

_LEAST_ACCENT = 110  # how far accent and cloth are apart, as `distance` counts
# From the outermost layer to the innermost: of a coat over a shirt, the coat is drawn.
_GARMENTS: dict[Outfit, tuple[str, ...]] = {
    "white coat": ("lab coat",),
    "coat": ("coat", "raincoat", "overcoat", "trench coat", "trenchcoat", "duffel coat", "pea coat", "jacket", "parka",
             "anorak", "oilskin", "oilskins", "cloak", "cape", "robe"),
    "uniform": ("uniform",),
    "suit": ("suit", "suit jacket", "blazer", "tuxedo", "waistcoat"),
    "hoodie": ("hoodie", "sweatshirt"),
    "turtleneck": ("sweater", "jumper", "pullover", "cardigan", "turtleneck", "polo neck", "roll neck"),
    "shirt": ("shirt", "overalls", "dungarees", "apron"),
    "blouse": ("blouse", "dress", "gown", "sari", "tunic", "kimono"),
    "t-shirt": ("t shirt", "tshirt", "tee", "top", "vest"),
}  # fmt: skip
_ATTIRES: dict[Outfit, tuple[str, ...]] = {
    "suit": ("professional", "formal", "elegant", "business attire", "businesslike", "well dressed"),
    "t-shirt": ("casual", "casually"),
    "coat": ("winter", "rain"),
}
_PROFESSIONS: dict[Outfit, tuple[str, ...]] = {
    "uniform": ("captain", "skipper", "admiral", "pilot", "soldier", "police officer", "policeman", "policewoman",
                "naval officer", "navy officer", "army officer", "ship's officer"),
    "white coat": ("doctor", "scientist", "nurse", "chef", "physicist", "chemist", "researcher", "cook"),
    "coat": ("detective", "lighthouse keeper", "fisherman", "fisherwoman", "sailor"),
    "suit": ("businessman", "businesswoman", "lawyer", "ceo", "politician", "news anchor", "presenter", "manager",
             "executive", "gentleman", "banker", "host"),
    "hoodie": ("student", "hacker", "developer", "programmer", "gamer", "entrepreneur", "teen", "teenager"),
    "turtleneck": ("architect", "designer", "artist", "poet", "writer", "philosopher"),
    "shirt": ("engineer", "teacher", "farmer", "mechanic", "journalist", "librarian", "builder"),
}  # fmt: skip
_HEADWEAR: Mapping[str, Headwear] = {
    "flat cap": "flat cap", "cap": "flat cap", "beret": "flat cap", "beanie": "beanie", "peaked cap": "captain",
    "hat": "fedora", "fedora": "fedora", "trilby": "fedora", "bowler": "fedora", "top hat": "fedora",
    "hard hat": "hard hat", "helmet": "hard hat", "toque": "chef", "hijab": "headscarf", "headscarf": "headscarf",
    "head scarf": "headscarf",
}  # fmt: skip
_MATERIALS: dict[Headwear, frozenset[str]] = {
    "beanie": frozenset(("woolly", "wooly", "wool", "woollen", "knit", "knitted", "bobble", "stocking")),
    "captain": frozenset(("captain's", "sailor's", "officer's", "pilot's", "peaked", "naval", "police", "skipper's")),
    "chef": frozenset(("chef's", "cook's", "baker's", "chef")),
}
_HATS_OF_PROFESSIONS: dict[Headwear, tuple[str, ...]] = {
    "captain": ("captain", "skipper", "admiral", "pilot", "police officer", "policeman", "policewoman"),
    "hard hat": ("construction", "builder", "miner"),
    "beanie": ("fisherman", "fisherwoman", "sailor"),
    "fedora": ("detective", "gangster"),
    "chef": ("chef", "cook", "baker"),
}
_FIXED_COLOURS: dict[Headwear, tuple[RGB, ...]] = {
    "captain": (rgb("f0f0f2"), rgb("c4c7d0")),
    "chef": (rgb("f0f0f4"), rgb("c9cad6")),
}


@dataclass(frozen=True, slots=True)
class Clothes:
    """Clothes and headwear with their colours; the accent is what tie, scarf or inner garment have."""

    outfit: Outfit
    cloth: RGB
    accent: RGB
    scarf: bool
    headwear: Headwear
    headwear_colour: RGB

    @property
    def headwear_edges(self) -> tuple[RGB, ...]:
        """The colours of the headwear that a backdrop must stand off from."""
        return () if self.headwear == "none" else _FIXED_COLOURS.get(self.headwear, (self.headwear_colour,))


def choose_clothes(rest: PromptWords, description: Description, *, feminine: bool, age: Age) -> Clothes:
    """Decide on the clothes; `rest` is what the description says beyond them."""
    named, said = _outermost(description)
    if named == "coat" and "white" in said and rest.mentions(*_PROFESSIONS["white coat"]):
        named = "white coat"
    outfit = named or _usual_outfit(rest, feminine=feminine, age=age)
    cloth = named_colour(said, CLOTH_COLOURS) or _usual_cloth(rest, outfit)
    accent = _accent(rest, description, outfit, cloth)
    headwear = _headwear(rest, description)
    by_chance = named is None and outfit == "coat" and rest.happens("scarf", 0.6)
    return Clothes(
        outfit=outfit,
        cloth=cloth,
        accent=accent,
        scarf=not description.lacks("scarf") and bool(description.of("scarf") or rest.mentions("winter") or by_chance),
        headwear=headwear,
        headwear_colour=named_colour(description.qualities("headwear"), CLOTH_COLOURS)
        or _usual_headwear_colour(headwear, cloth, accent),
    )


def _outermost(description: Description) -> tuple[Outfit | None, Sequence[str]]:
    """Give the outermost garment that is named, and what is said of it."""
    garments = description.of("garment")
    for outfit, nouns in _GARMENTS.items():
        for garment in garments:
            if garment.noun in nouns:
                return outfit, garment.qualities
    return None, description.qualities("garment")


def _usual_outfit(rest: PromptWords, *, feminine: bool, age: Age) -> Outfit:
    named = rest.first_mentioned(_ATTIRES) or rest.first_mentioned(_PROFESSIONS)
    if named is not None:
        return named
    if age == "child":
        return rest.choose("outfit", ("t-shirt", "hoodie"))
    women: tuple[Outfit, ...] = ("t-shirt", "turtleneck", "blouse", "suit", "hoodie", "coat")
    men: tuple[Outfit, ...] = ("t-shirt", "shirt", "suit", "hoodie", "turtleneck", "coat")
    return rest.choose("outfit", women if feminine else men)


def _usual_cloth(rest: PromptWords, outfit: Outfit) -> RGB:
    match outfit:
        case "uniform":
            return rgb("22304a")
        case "white coat":
            return rgb("f1efea")
        case "suit":
            return rest.choose("suit", SUITS)
        case _:
            return rest.choose("cloth", CLOTH)


def _accent(rest: PromptWords, description: Description, outfit: Outfit, cloth: RGB) -> RGB:
    """Give the colour of scarf, tie or inner garment: the first of them that has one."""
    inner = [mention for mention in description.of("garment") if mention.noun not in _GARMENTS[outfit]]
    for mention in (*description.of("scarf"), *description.of("tie"), *(inner if outfit == "coat" else ())):
        if colour := named_colour(mention.qualities, CLOTH_COLOURS):
            return colour
    return rest.choose("accent", [colour for colour in CLOTH if distance(colour, cloth) > _LEAST_ACCENT])


def _headwear(rest: PromptWords, description: Description) -> Headwear:
    if named := description.of("headwear"):
        of_material = (headwear for headwear, words in _MATERIALS.items() if not words.isdisjoint(named[0].qualities))
        plain = _HEADWEAR[named[0].noun]
        return next(of_material, plain) if named[0].noun in ("hat", "cap") else plain
    if description.lacks("headwear") or rest.mentions("bareheaded", "hatless"):
        return "none"
    return rest.first_mentioned(_HATS_OF_PROFESSIONS) or "none"


def _usual_headwear_colour(headwear: Headwear, cloth: RGB, accent: RGB) -> RGB:
    match headwear:
        case "hard hat":
            return rgb("efb52e")
        case "fedora":
            return darker(cloth, 0.25)
        case "flat cap":
            return max(TWEEDS, key=lambda tweed: distance(tweed, cloth))
        case _:
            return accent
