"""Who is in a portrait: looks and clothes as the prompt's words ask, and as chance fills in."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from local.fal_media.colours import RGB, distance, luma, mix, rgb
from local.fal_media.prompt_words import PromptWords

Age: TypeAlias = Literal["child", "young", "adult", "old"]
HairStyle: TypeAlias = Literal[
    "bald", "buzz", "crop", "side part", "quiff", "curls", "afro", "long", "waves", "bob", "bun", "ponytail", "pixie"
]
Beard: TypeAlias = Literal["none", "stubble", "full", "goatee", "moustache"]
Glasses: TypeAlias = Literal["none", "round", "square", "dark"]
Headwear: TypeAlias = Literal["none", "captain", "hard hat", "beanie", "fedora", "chef", "headscarf"]
Outfit: TypeAlias = Literal[
    "t-shirt", "shirt", "suit", "turtleneck", "hoodie", "blouse", "uniform", "white coat", "coat"
]

SKINS = tuple(map(rgb, ("f6d7c3", "f0c4a8", "e6b08c", "d69c74", "bd7f57", "9a6242", "7a4a32", "5a3626")))
HAIR_COLOURS = {
    "black": rgb("26222b"), "brown": rgb("5a3a2a"), "chestnut": rgb("7a4429"), "blonde": rgb("d9ad62"),
    "red": rgb("b4502a"), "grey": rgb("9b9ca3"), "white": rgb("e4e2de"), "dark": rgb("3a2a26"),
}  # fmt: skip
EYE_COLOURS = {
    "blue": rgb("4a7fa5"), "green": rgb("5b8a5e"), "brown": rgb("6b4426"), "hazel": rgb("8a6a35"),
    "grey": rgb("75828c"),
}  # fmt: skip
CLOTH = tuple(
    map(rgb, ("2f4858", "3d405b", "c8553d", "588b8b", "7a3b4e", "dda448", "466060", "8d6a9f", "31572c", "5c6b8a",
              "b5838d",
              "e5e1d8"))
)  # fmt: skip
BACKDROPS = tuple(
    map(
        rgb,
        (
            "e9d8c4",
            "cfdcd6",
            "d6cfe0",
            "f0cfc0",
            "b9cfd9",
            "9db4ab",
            "e3c27c",
            "7f95a8",
            "c9a99b",
            "5f7a83",
            "c4785a",
            "3f7480",
            "94566a",
            "4b7a62",
            "d6a24a",
            "6a6f9c",
        ),
    )
)

_LEAST_ACCENT = 110  # how far accent and cloth are apart, as `distance` counts
_WOMAN = ("woman", "girl", "lady", "female", "mother", "grandmother", "sister", "daughter", "actress", "queen", "she",
          "her", "businesswoman", "wife", "grandma", "waitress", "hijab", "headscarf")  # fmt: skip
_MAN = ("man", "boy", "gentleman", "male", "father", "grandfather", "brother", "son", "actor", "king", "he", "his",
        "businessman", "fisherman", "husband", "grandpa", "sailor", "priest")  # fmt: skip
_AGES: dict[Age, tuple[str, ...]] = {
    "old": ("old", "elderly", "aged", "senior", "grandmother", "grandfather", "grandma", "grandpa", "weathered", "60s",
            "70s", "80s", "retired", "veteran"),
    "child": ("child", "kid", "boy", "girl"),
    "young": ("young", "teen", "teenager", "student", "20s", "youthful"),
    "adult": ("middle aged", "adult", "40s", "50s", "30s"),
}  # fmt: skip
_USUAL_AGES: tuple[Age, ...] = ("young", "young", "young", "adult", "adult", "adult", "adult", "adult", "old")
_HEADWEAR: dict[Headwear, tuple[str, ...]] = {
    "captain": ("captain", "skipper", "admiral", "pilot", "police officer", "peaked cap"),
    "hard hat": ("hard hat", "helmet", "construction", "builder", "miner", "engineer"),
    "beanie": ("beanie", "woolly hat", "knit cap", "fisherman", "sailor"),
    "fedora": ("fedora", "hat", "detective", "gangster"),
    "chef": ("chef", "cook", "baker"),
    "headscarf": ("hijab", "headscarf"),
}
_OUTFITS: dict[Outfit, tuple[str, ...]] = {
    "uniform": ("captain", "admiral", "officer", "pilot", "uniform", "skipper", "soldier"),
    "white coat": ("doctor", "scientist", "nurse", "chef", "lab coat", "physicist", "chemist", "researcher", "cook"),
    "coat": ("coat", "scarf", "detective", "winter", "keeper", "fisherman", "sailor", "raincoat"),
    "suit": ("suit", "businessman", "businesswoman", "lawyer", "ceo", "politician", "anchor", "presenter", "manager",
             "executive", "professional", "gentleman", "banker", "host"),
    "hoodie": ("hoodie", "student", "hacker", "developer", "programmer", "gamer", "entrepreneur", "teen", "teenager"),
    "turtleneck": ("turtleneck", "architect", "designer", "artist", "poet", "writer", "philosopher", "sweater"),
    "shirt": ("shirt", "engineer", "teacher", "farmer", "mechanic", "journalist", "librarian", "builder"),
    "blouse": ("blouse", "dress"),
    "t-shirt": ("t shirt", "tshirt", "casual"),
}  # fmt: skip
_HAIR_STYLES: dict[HairStyle, tuple[str, ...]] = {
    "bald": ("bald", "shaved head", "bald headed"),
    "buzz": ("buzz cut", "crew cut", "soldier"),
    "afro": ("afro",),
    "curls": ("curly", "curls"),
    "waves": ("wavy", "waves"),
    "bob": ("bob",),
    "bun": ("bun", "updo"),
    "ponytail": ("ponytail",),
    "pixie": ("pixie", "short hair"),
    "long": ("long hair", "long haired"),
}
_HEADWEAR_COLOURS: dict[Headwear, tuple[RGB, ...]] = {
    "captain": (rgb("f0f0f2"), rgb("c4c7d0")),
    "chef": (rgb("f0f0f4"), rgb("c9cad6")),
    "hard hat": (rgb("efb52e"),),
}
_UNDER_HATS: dict[HairStyle, HairStyle] = {"bun": "bob", "quiff": "crop", "afro": "curls"}


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that is drawn of a person."""

    feminine: bool
    age: Age
    skin: RGB
    hair: RGB
    hair_style: HairStyle
    eyes: RGB
    beard: Beard
    glasses: Glasses
    headwear: Headwear
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


def imagine_person(words: PromptWords) -> Person:
    """Decide on a person: the prompt's words first, then chance."""
    feminine = _is_feminine(words)
    age = words.pick("age", _AGES, _USUAL_AGES)
    skin = _skin(words)
    hair = _hair_colour(words, age, skin)
    outfit = words.pick("outfit", _OUTFITS, _everyday_outfits(feminine=feminine, age=age))
    cloth = _cloth(words, outfit)
    accent = words.choose("accent", [colour for colour in CLOTH if distance(colour, cloth) > _LEAST_ACCENT])
    headwear = words.first_mentioned(_HEADWEAR) or "none"
    if headwear != "none" and words.mentions("no hat", "without hat", "bareheaded"):
        headwear = "none"
    hair_style = _hair_style(words, feminine=feminine, age=age)
    if headwear != "none":
        hair_style = _UNDER_HATS.get(hair_style, hair_style)
    return Person(
        feminine=feminine,
        age=age,
        skin=skin,
        hair=hair,
        hair_style=hair_style,
        eyes=_eye_colour(words, skin),
        beard=_beard(words, feminine=feminine, age=age),
        glasses=_glasses(words, age),
        headwear=headwear,
        outfit=outfit,
        cloth=cloth,
        accent=accent,
        scarf=words.mentions("scarf", "winter") or (outfit == "coat" and words.happens("scarf", 0.6)),
        earrings=feminine and age != "child" and words.happens("earrings", 0.5),
        face_width=words.between("face width", 0.95, 1.03),
        jaw=words.between("jaw", 0.0, 1.0),
        brow=words.between("brow", 0.0, 1.0),
        nose=words.between("nose", 0.0, 1.0),
        smile=_smile(words),
        parting=words.choose("parting", (-1, 1)),
        backdrop=_backdrop(words, (skin, hair, cloth, accent, *_HEADWEAR_COLOURS.get(headwear, ()))),
    )


def _is_feminine(words: PromptWords) -> bool:
    bearded = words.mentions("beard", "bearded", "moustache", "mustache", "bald")
    return words.pick("sex", {True: _WOMAN, False: _MAN}, (False,) if bearded else (True, False))


def _everyday_outfits(*, feminine: bool, age: Age) -> tuple[Outfit, ...]:
    if age == "child":
        return ("t-shirt", "hoodie")
    women: tuple[Outfit, ...] = ("t-shirt", "turtleneck", "blouse", "suit", "hoodie", "coat")
    men: tuple[Outfit, ...] = ("t-shirt", "shirt", "suit", "hoodie", "turtleneck", "coat")
    return women if feminine else men


def _skin(words: PromptWords) -> RGB:
    ranges = {
        (5, 8): ("black", "african", "dark skinned", "nigerian", "kenyan"),
        (3, 6): ("indian", "arab", "latino", "latina", "hispanic", "brown skinned", "mexican", "egyptian"),
        (1, 4): ("asian", "chinese", "japanese", "korean", "chen", "mediterranean", "turkish", "italian"),
        (0, 2): ("pale", "fair", "nordic", "irish", "scottish", "swedish", "freckled", "freckles"),
    }
    if words.mentions("red hair", "redhead", "red haired", "ginger", "blonde", "blond"):
        return words.choose("skin", SKINS[:3])
    low, high = words.first_mentioned(ranges) or (0, len(SKINS))
    if (low, high) == (5, 8) and words.mentions("black hair", "black coat", "black suit", "black turtleneck"):
        low, high = 0, len(SKINS)
    return words.choose("skin", SKINS[low:high])


def _hair_colour(words: PromptWords, age: Age, skin: RGB) -> RGB:
    phrases = {
        "red": ("red hair", "ginger", "redhead", "red haired", "auburn", "irish", "red beard"),
        "blonde": ("blonde", "blond", "fair hair", "nordic", "swedish"),
        "black": ("black hair", "black haired", "asian", "chinese", "japanese", "korean", "chen"),
        "brown": ("brown hair", "brunette", "brown haired"),
        "dark": ("dark hair", "dark haired"),
        "grey": ("grey hair", "gray hair", "grey haired", "gray haired", "grey", "gray", "silver hair", "grey beard"),
        "white": ("white hair", "white haired", "white beard"),
    }
    named = words.first_mentioned(phrases)
    if named is None and age == "old":
        named = words.choose("old hair", ("grey", "white", "grey"))
    if named is None:
        dark_skin = skin in SKINS[4:]
        options = ("black", "black", "dark") if dark_skin else ("black", "brown", "chestnut", "blonde", "red", "dark")
        named = words.choose("hair colour", options)
    return HAIR_COLOURS[named]


def _hair_style(words: PromptWords, *, feminine: bool, age: Age) -> HairStyle:
    named = words.first_mentioned(_HAIR_STYLES)
    if named == "pixie" and not feminine:
        named = "crop"
    if named is not None:
        return named
    if feminine:
        options: tuple[HairStyle, ...] = ("long", "waves", "bob", "bun", "ponytail", "pixie", "curls", "bob", "waves")
        return words.choose("hair style", ("bun", "bob", "pixie", "waves") if age == "old" else options)
    return words.choose("hair style", ("crop", "side part", "quiff", "curls", "buzz", "side part", "crop"))


def _eye_colour(words: PromptWords, skin: RGB) -> RGB:
    named = words.first_mentioned({name: (f"{name} eyes", f"{name} eyed") for name in EYE_COLOURS})
    options = ("brown", "brown", "hazel") if skin in SKINS[3:] else ("blue", "green", "brown", "hazel", "grey")
    return EYE_COLOURS[named or words.choose("eyes", options)]


def _beard(words: PromptWords, *, feminine: bool, age: Age) -> Beard:
    meanings: dict[Beard, tuple[str, ...]] = {
        "stubble": ("stubble", "unshaven"),
        "goatee": ("goatee",),
        "moustache": ("moustache", "mustache"),
        "none": ("clean shaven", "beardless", "no beard"),
        "full": ("beard", "bearded"),
    }
    named = words.first_mentioned(meanings)
    if named is not None:
        return named
    if feminine or age == "child":
        return "none"
    if words.mentions("captain", "lighthouse keeper", "fisherman", "sailor"):
        return "full"
    beards: tuple[Beard, ...] = ("none", "none", "none", "none", "stubble", "stubble", "full", "goatee", "moustache")
    return words.choose("beard", beards)


def _smile(words: PromptWords) -> float:
    if words.mentions("serious", "stern", "sad", "grim", "angry"):
        return 0.0
    if words.mentions("smiling", "smile", "happy", "cheerful", "friendly", "laughing"):
        return 1.0
    return words.between("smile", 0.35, 0.9)


def _glasses(words: PromptWords, age: Age) -> Glasses:
    if words.mentions("sunglasses", "dark glasses"):
        return "dark"
    if words.mentions("without glasses", "no glasses"):
        return "none"
    wears = words.mentions("glasses", "spectacles", "librarian", "professor", "scientist", "bespectacled")
    if wears or words.happens("glasses", 0.3 if age == "old" else 0.12):
        return words.choose("frame", ("round", "square"))
    return "none"


def _cloth(words: PromptWords, outfit: Outfit) -> RGB:
    named = words.first_mentioned(
        {
            rgb(code): tuple(f"{name} {piece}" for piece in ("coat", "shirt", "dress", "suit", "sweater", "hoodie",
                             "turtleneck", "blouse", "jacket", "scarf", "raincoat"))
            for name, code in {"yellow": "e0ac3b", "red": "b23a3a", "blue": "35608f", "green": "42714f",
                               "black": "2b2a33",
                               "white": "ece8e1", "purple": "6f4a8e", "orange": "d9772f", "grey": "7d828c"}.items()
        }
    )  # fmt: skip
    if named is not None:
        return named
    if outfit == "uniform":
        return rgb("22304a")
    if outfit == "white coat":
        return rgb("f1efea")
    if outfit == "suit":
        return words.choose("suit", tuple(map(rgb, ("2b3245", "3a3a40", "4a3b3a", "2f4a4a", "54556b"))))
    return words.choose("cloth", CLOTH)


def _backdrop(words: PromptWords, neighbours: tuple[RGB, ...]) -> RGB:
    """Choose a backdrop that stands off well from skin, hair and clothes."""
    grey = words.mentions("noir", "black and white", "monochrome")

    def apart(first: RGB, second: RGB) -> float:
        return abs(luma(first) - luma(second)) if grey else distance(first, second)

    contrast = {colour: min(apart(colour, neighbour) for neighbour in neighbours) for colour in BACKDROPS}
    greatest = max(contrast.values())
    return words.choose("backdrop", [colour for colour in BACKDROPS if contrast[colour] >= 0.88 * greatest])
