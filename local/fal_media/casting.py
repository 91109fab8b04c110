"""Who is in a portrait: what the prompt's first sentence says of a person, and what chance fills in."""

from local.fal_media.colour_names import EYE_COLOURS, named_colour
from local.fal_media.colours import RGB, distance, luma, rgb
from local.fal_media.description import MEN, WOMEN, Description, describe
from local.fal_media.hairdressing import HairCut, cut_hair
from local.fal_media.person import Glasses, Person
from local.fal_media.prompt_words import PromptWords
from local.fal_media.stated_age import Age, stated_age
from local.fal_media.wardrobe import Clothes, choose_clothes

SKINS = tuple(map(rgb, ("f6d7c3", "f0c4a8", "e6b08c", "d69c74", "bd7f57", "9a6242", "7a4a32", "5a3626")))
BACKDROPS = tuple(
    map(rgb, ("e9d8c4", "cfdcd6", "d6cfe0", "f0cfc0", "b9cfd9", "9db4ab", "e3c27c", "7f95a8", "c9a99b", "5f7a83",
              "c4785a", "3f7480", "94566a", "4b7a62", "d6a24a", "6a6f9c"))
)  # fmt: skip

_WOMANS_THINGS = frozenset(("hijab", "headscarf", "dress", "gown", "blouse", "sari", "lipstick"))
_AGES: dict[Age, tuple[str, ...]] = {
    "old": ("old", "older", "elderly", "aged", "ageing", "aging", "senior", "ancient", "grandmother", "grandfather",
            "grandma", "grandpa", "granny", "weathered", "wrinkled", "retired", "veteran"),
    "child": ("child", "kid", "boy", "girl"),
    "young": ("young", "younger", "teen", "teenage", "teenager", "student", "youthful"),
    "adult": ("middle aged", "adult", "mature"),
}  # fmt: skip
_USUAL_AGES: tuple[Age, ...] = ("young", "young", "young", "adult", "adult", "adult", "adult", "adult", "old")
# Skins by origin, as ranges of `SKINS`.
_LIGHT, _DARK = (0, 3), (5, 8)
_ORIGINS: dict[tuple[int, int], tuple[str, ...]] = {
    _DARK: ("african", "african american", "afro caribbean", "nigerian", "ghanaian", "kenyan", "ethiopian", "somali",
            "senegalese", "jamaican"),
    (3, 6): ("indian", "south asian", "pakistani", "bengali", "sri lankan", "arab", "middle eastern", "egyptian",
             "moroccan", "latino", "latina", "hispanic", "mexican", "brazilian", "native american"),
    (1, 4): ("asian", "chinese", "japanese", "korean", "vietnamese", "thai", "chen", "mediterranean", "turkish",
             "persian", "iranian", "italian", "spanish", "greek"),
    (0, 2): ("caucasian", "european", "nordic", "scandinavian", "swedish", "norwegian", "danish", "finnish", "irish",
             "scottish", "english", "german", "dutch", "polish", "russian", "pale"),
}  # fmt: skip
_COMPLEXIONS = {
    **dict.fromkeys(("dark", "black", "ebony", "deep"), _DARK),
    **dict.fromkeys(("brown", "golden", "bronze"), (3, 6)),
    **dict.fromkeys(("olive", "tan", "tanned"), (2, 4)),
    **dict.fromkeys(("pale", "fair", "light", "white", "rosy", "porcelain", "freckled"), (0, 2)),
}
_LIGHT_EYES = frozenset(("blue", "green", "grey", "gray"))
_LIGHT_HAIR = frozenset(("red", "ginger", "redhead", "redheaded", "copper", "auburn", "strawberry", "blonde", "blond"))


def imagine_person(words: PromptWords) -> Person:
    """Decide on a person: the words of the prompt's first sentence first, then chance."""
    subject = words.subject()
    description = describe(subject.text)
    rest = subject.only(description.rest)
    feminine = _is_feminine(rest, description)
    likely_age = rest.pick("age", _AGES, _USUAL_AGES)
    age = stated_age(description.rest) or likely_age
    skin = _skin(rest, description)
    hair = cut_hair(rest, description, feminine=feminine, age=age, dark_skin=SKINS.index(skin) >= _DARK[0] - 1)
    clothes = choose_clothes(rest, description, feminine=feminine, age=age)
    return Person(
        feminine=feminine,
        age=age,
        skin=skin,
        freckles="freckled" in description.qualities("skin") or rest.mentions("freckles", "freckled", "freckly"),
        hair=hair.colour,
        hair_style=hair.style_under(clothes.headwear),
        eyes=_eye_colour(rest, description, skin),
        beard=hair.beard,
        beard_colour=hair.beard_colour,
        glasses=_glasses(rest, description, age),
        headwear=clothes.headwear,
        headwear_colour=clothes.headwear_colour,
        outfit=clothes.outfit,
        cloth=clothes.cloth,
        accent=clothes.accent,
        scarf=clothes.scarf,
        earrings=feminine and age != "child" and _has_earrings(rest, description),
        face_width=words.between("face width", 0.95, 1.03),
        jaw=words.between("jaw", 0.0, 1.0),
        brow=words.between("brow", 0.0, 1.0),
        nose=words.between("nose", 0.0, 1.0),
        smile=_smile(rest),
        parting=words.choose("parting", (-1, 1)),
        backdrop=_backdrop(words, skin, hair, clothes),
    )


def _is_feminine(rest: PromptWords, description: Description) -> bool:
    feminine = rest.first_mentioned({True: (*WOMEN, "she", "her"), False: (*MEN, "he", "his")})
    if feminine is not None:
        return feminine
    nouns = {mention.noun for mention in description.mentions if not mention.absent}
    if not _WOMANS_THINGS.isdisjoint(nouns):
        return True
    masculine = description.of("beard") or not nouns.isdisjoint(("bald", "balding", "shaved head"))
    return rest.choose("sex", (False,) if masculine else (True, False))


def _skin(rest: PromptWords, description: Description) -> RGB:
    complexions = [_COMPLEXIONS[word] for word in description.qualities("skin") if word in _COMPLEXIONS]
    low, high = complexions[0] if complexions else _origin(rest, description) or (0, len(SKINS))
    return rest.choose("skin", SKINS[low:high])


def _origin(rest: PromptWords, description: Description) -> tuple[int, int] | None:
    """Give the range of skins that goes with where a person comes from, or else with hair and eyes."""
    # "Black" is an origin where it stands with the person, not in "black nails".
    person = {*rest.text.partition(" , ")[0].split(), *description.qualities("person")}
    if "black" in person:
        return _DARK
    if "white" in person:
        return _LIGHT
    if (origin := rest.first_mentioned(_ORIGINS)) is not None:
        return origin
    light_eyes = not _LIGHT_EYES.isdisjoint(description.qualities("eyes"))
    light_hair = not _LIGHT_HAIR.isdisjoint(description.qualities("hair", "beard"))
    freckled = rest.mentions("freckles", "freckled", "freckly")
    return _LIGHT if light_eyes or light_hair or freckled else None


def _eye_colour(rest: PromptWords, description: Description, skin: RGB) -> RGB:
    options = ("brown", "brown", "hazel") if skin in SKINS[3:] else ("blue", "green", "brown", "hazel", "grey")
    return named_colour(description.qualities("eyes"), EYE_COLOURS) or EYE_COLOURS[rest.choose("eyes", options)]


def _smile(rest: PromptWords) -> float:
    if rest.mentions("serious", "stern", "sad", "grim", "angry", "worried", "frown", "frowning", "no smile"):
        return 0.0
    if rest.mentions("smiling", "smile", "smiles", "happy", "cheerful", "friendly", "laughing", "grin", "grinning"):
        return 1.0
    return rest.between("smile", 0.35, 0.9)


def _glasses(rest: PromptWords, description: Description, age: Age) -> Glasses:
    if description.lacks("glasses"):
        return "none"
    said = description.qualities("glasses")
    if not {"sunglasses", "dark", "black"}.isdisjoint(said) and "rimmed" not in said:
        return "dark"
    if "round" in said:
        return "round"
    if not {"square", "rectangular", "horn", "angular"}.isdisjoint(said):
        return "square"
    usual = 0.3 if age == "old" else 0.12
    if description.of("hair", "beard", "eyes"):
        usual = 0.0  # a face that is described would have been described with glasses
    if said or rest.mentions("librarian", "professor", "scientist") or rest.happens("glasses", usual):
        return rest.choose("frame", ("round", "square"))
    return "none"


def _has_earrings(rest: PromptWords, description: Description) -> bool:
    said = [mention for mention in description.mentions if mention.noun in ("earring", "earrings")]
    return not said[0].absent if said else rest.happens("earrings", 0.5)


def _backdrop(words: PromptWords, skin: RGB, hair: HairCut, clothes: Clothes) -> RGB:
    """Choose a backdrop that stands off well from skin, hair and clothes."""
    grey = words.style().mentions("noir", "black and white", "monochrome")
    neighbours = (skin, hair.colour, clothes.cloth, clothes.accent, *clothes.headwear_edges)

    def apart(first: RGB, second: RGB) -> float:
        return abs(luma(first) - luma(second)) if grey else distance(first, second)

    contrast = {colour: min(apart(colour, neighbour) for neighbour in neighbours) for colour in BACKDROPS}
    greatest = max(contrast.values())
    return words.choose("backdrop", [colour for colour in BACKDROPS if contrast[colour] >= 0.88 * greatest])
