"""Hair and beard of a person: cut and colour."""

from collections.abc import Mapping
from dataclasses import dataclass

from local.fal_media.colour_names import HAIR_COLOURS, named_colour
from local.fal_media.colours import RGB
from local.fal_media.description import Description
from local.fal_media.person import Beard, HairStyle, Headwear
from local.fal_media.prompt_words import PromptWords
from local.fal_media.stated_age import Age

_CUTS: Mapping[str, HairStyle] = {
    **dict.fromkeys(("bald", "balding", "shaved"), "bald"), **dict.fromkeys(("buzz", "crew"), "buzz"),
    **dict.fromkeys(("bun", "topknot", "updo", "chignon", "pinned"), "bun"), "bob": "bob", "pixie": "pixie",
    **dict.fromkeys(("ponytail", "pigtails", "tied"), "ponytail"), "quiff": "quiff", "slicked": "quiff",
    **dict.fromkeys(("braid", "braids", "braided", "plaits", "dreadlocks"), "long"),
}  # fmt: skip
_AFRO = frozenset(("afro", "coily", "kinky"))
_CURLY = frozenset(("curly", "curls", "frizzy"))
_WAVY = frozenset(("wavy", "waves"))
_BEARDS: Mapping[str, Beard] = {
    "stubble": "stubble", "five o'clock shadow": "stubble", "goatee": "goatee", "moustache": "moustache",
    "mustache": "moustache", "beard": "full", "bearded": "full", "whiskers": "full",
}  # fmt: skip
_FLAT_UNDER_HATS: Mapping[HairStyle, HairStyle] = {
    "bun": "bob", "quiff": "crop", "afro": "curls", "short afro": "buzz", "short curls": "crop"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HairCut:
    """Hair and beard."""

    style: HairStyle
    colour: RGB
    beard: Beard
    beard_colour: RGB

    def style_under(self, headwear: Headwear) -> HairStyle:
        """Give the hair style that has room under a hat."""
        return self.style if headwear == "none" else _FLAT_UNDER_HATS.get(self.style, self.style)


def cut_hair(rest: PromptWords, description: Description, *, feminine: bool, age: Age, dark_skin: bool) -> HairCut:
    """Decide on hair and beard; `rest` is what the description says beyond them."""
    beard = _beard(rest, description, feminine=feminine, age=age)
    of_hair = named_colour(description.qualities("hair"), HAIR_COLOURS)
    of_beard = named_colour(description.qualities("beard"), HAIR_COLOURS)
    colour = of_hair or of_beard or HAIR_COLOURS[_likely_colour(rest, age, dark_skin=dark_skin)]
    style = _said_style(description, feminine=feminine, dark_skin=dark_skin)
    return HairCut(style or _usual_style(rest, feminine=feminine, age=age), colour, beard, of_beard or colour)


def _likely_colour(rest: PromptWords, age: Age, *, dark_skin: bool) -> str:
    """Give the hair colour of a person of whom no hair colour is told."""
    if age == "old":
        return rest.choose("old hair", ("grey", "white", "grey"))
    origins = {
        "black": ("asian", "chinese", "japanese", "korean", "vietnamese", "thai", "chen", "indian"),
        "red": ("irish", "scottish"),
        "blonde": ("nordic", "scandinavian", "swedish", "norwegian", "danish", "finnish"),
    }
    options = ("black", "black", "dark") if dark_skin else ("black", "brown", "chestnut", "blonde", "red", "dark")
    return rest.pick("hair colour", origins, options)


def _said_style(description: Description, *, feminine: bool, dark_skin: bool) -> HairStyle | None:
    said = set(description.qualities("hair"))
    short = "short" in said or "cropped" in said
    cut = next((_CUTS[word] for word in description.qualities("hair") if word in _CUTS), None)
    if cut is not None:
        return "crop" if cut == "pixie" and not feminine else cut
    if said & _AFRO or ("natural" in said and dark_skin):
        return "short afro" if short else "afro"
    if said & _CURLY:
        return "short curls" if short or not (feminine or "long" in said) else "curls"
    if short:
        return "pixie" if feminine else "crop"
    if said & _WAVY:
        return "waves" if feminine or "long" in said else "quiff"
    if said & {"medium", "shoulder"}:
        return "bob" if feminine else "long"
    if "straight" in said:
        return "long" if feminine or "long" in said else "side part"
    return "long" if "long" in said else None


def _usual_style(rest: PromptWords, *, feminine: bool, age: Age) -> HairStyle:
    if feminine and age == "old":
        return rest.choose("hair style", ("bun", "bob", "pixie", "waves"))
    if feminine:
        return rest.choose("hair style", ("long", "waves", "bob", "bun", "ponytail", "pixie", "curls", "bob", "waves"))
    return rest.choose("hair style", ("crop", "side part", "quiff", "short curls", "buzz", "side part", "crop"))


def _beard(rest: PromptWords, description: Description, *, feminine: bool, age: Age) -> Beard:
    if mentioned := description.of("beard"):
        return _BEARDS[mentioned[0].noun]
    if feminine or age == "child" or description.lacks("beard"):
        return "none"
    if rest.mentions("clean shaven", "beardless", "shaven"):
        return "none"
    if rest.mentions("unshaven"):
        return "stubble"
    if rest.mentions("captain", "lighthouse keeper", "fisherman", "sailor"):
        return "full"
    beards: tuple[Beard, ...] = ("none", "none", "none", "none", "stubble", "stubble", "full", "goatee", "moustache")
    return rest.choose("beard", beards)
