"""
Who a description speaks of: its nouns, each with the adjectives that belong to it.

A description is a list of short phrases ("old man, white beard, navy wool sweater"). Within a phrase an adjective
belongs to the next noun that is known, whatever stands between them; so a red coat never gives red hair.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal, TypeAlias

from local.fal_media.colour_names import COLOUR_WORDS
from local.fal_media.prompt_words import WORD, straightened

Feature: TypeAlias = Literal[
    "hair", "beard", "eyes", "skin", "glasses", "headwear", "garment", "scarf", "tie", "person", "other"
]

WOMEN = ("woman", "girl", "lady", "female", "mother", "grandmother", "sister", "daughter", "actress", "queen", "aunt",
         "businesswoman", "policewoman", "fisherwoman", "noblewoman", "wife", "grandma", "granny", "waitress", "nun",
         "niece", "widow", "princess")  # fmt: skip
MEN = ("man", "boy", "gentleman", "male", "father", "grandfather", "brother", "son", "actor", "king", "uncle",
       "businessman", "policeman", "fisherman", "husband", "grandpa", "sailor", "priest", "guy", "monk", "waiter",
       "nephew", "prince")  # fmt: skip
_NOUNS: dict[Feature, tuple[str, ...]] = {
    "hair": ("hair", "haired", "curls", "waves", "locks", "ponytail", "pigtails", "bun", "topknot", "updo", "chignon",
             "bob", "braid", "braids", "braided", "plaits", "dreadlocks", "afro", "pixie cut", "pixie", "fringe",
             "bangs", "buzz cut", "crew cut", "quiff", "temples", "blonde", "blond", "brunette", "redhead",
             "redheaded", "ginger", "shaved head", "bald head", "bald headed", "bald", "balding"),
    "beard": ("beard", "bearded", "stubble", "goatee", "moustache", "mustache", "whiskers", "five o'clock shadow"),
    "eyes": ("eyes", "eyed", "eye"),
    "skin": ("skin", "skinned", "complexion"),
    "glasses": ("sunglasses", "dark glasses", "glasses", "spectacles", "eyeglasses", "bespectacled"),
    "headwear": ("hat", "cap", "flat cap", "beanie", "fedora", "trilby", "bowler", "top hat", "helmet", "hard hat",
                 "hijab", "headscarf", "head scarf", "beret", "toque", "peaked cap"),
    "garment": ("coat", "raincoat", "overcoat", "trench coat", "trenchcoat", "duffel coat", "pea coat", "jacket",
                "parka", "anorak", "oilskin", "oilskins", "cloak", "cape", "lab coat", "suit jacket",
                "suit", "blazer", "tuxedo", "waistcoat", "sweater", "jumper", "pullover", "cardigan", "turtleneck",
                "polo neck", "roll neck", "hoodie", "sweatshirt", "shirt", "t shirt", "tshirt", "tee", "top", "vest",
                "overalls", "dungarees", "apron", "blouse", "dress", "gown", "sari", "tunic", "kimono", "robe",
                "uniform", "clothes", "clothing", "outfit"),
    "scarf": ("scarf", "shawl"),
    "tie": ("tie", "necktie", "bow tie"),
    "person": (*WOMEN, *MEN, "person", "child", "kid", "teenager", "student", "entrepreneur", "detective", "keeper",
               "captain", "doctor", "scientist", "teacher", "engineer", "farmer", "officer", "artist", "chef"),
    "other": ("shoes", "boots", "trousers", "jeans", "pants", "skirt", "shorts", "socks", "gloves", "belt", "buttons",
              "lipstick", "earrings", "earring", "necklace", "pearls", "watch", "ring", "bag", "backpack", "umbrella",
              "rims", "frames", "nails", "teeth", "background", "backdrop"),
}  # fmt: skip
_FEATURES = {tuple(noun.split()): feature for feature, nouns in _NOUNS.items() for noun in nouns}
_LONGEST_NOUN = max(map(len, _FEATURES))
_LENGTHS_AND_SHAPES = frozenset(
    ("short", "cropped", "long", "medium", "length", "shoulder", "curly", "wavy", "straight", "natural", "coily",
     "kinky", "frizzy", "tied", "pinned", "slicked", "spiky", "tousled", "messy", "thick", "thin", "neat", "back", "up")
)  # fmt: skip
_ADJECTIVES = COLOUR_WORDS | _LENGTHS_AND_SHAPES
_FILLERS = frozenset(("a", "an", "the", "his", "her", "their", "is", "are", "of", "very", "all"))
_WEARING = frozenset(("in", "wearing", "wears", "dressed"))
_JOINTS = frozenset((",", "and"))
_SEPARATORS = frozenset((",", ";", ":", "(", ")", "/", "with", "without", "but", "over", "under",
                         "beneath", "on", "has", "having", "who", "whose", "holding")) | _WEARING | _JOINTS  # fmt: skip
_ONE_COLOUR = (("salt and pepper", "grey"), ("black and white", "black white"), ("off white", "cream"))


@dataclass(frozen=True, slots=True)
class Mention:
    """One noun of a description, with the words before it in its phrase."""

    feature: Feature
    noun: str
    qualities: tuple[str, ...] = ()

    @property
    def absent(self) -> bool:
        """Whether the description says that it is not there ("no hat")."""
        return "no" in self.qualities


@dataclass(frozen=True, slots=True)
class Description:
    """
    What a sentence says of a person.

    Attributes
    ----------
    mentions
        The nouns of looks and clothes, in order.
    rest
        Everything else (age, origin, profession, mood), in its phrases.
    """

    mentions: tuple[Mention, ...]
    rest: str

    def of(self, *features: Feature) -> tuple[Mention, ...]:
        """Give what is said of these features, but for what is said to be absent."""
        return tuple(mention for mention in self.mentions if mention.feature in features and not mention.absent)

    def lacks(self, feature: Feature) -> bool:
        """Whether it is said that this feature is absent, and nothing else of it."""
        return not self.of(feature) and any(mention.feature == feature for mention in self.mentions)

    def qualities(self, *features: Feature) -> tuple[str, ...]:
        """Give all words that belong to these features, the nouns themselves included."""
        return tuple(word for mention in self.of(*features) for word in (*mention.qualities, *mention.noun.split()))


def describe(sentence: str) -> Description:
    """Read a sentence such as "A portrait of young woman, red curly hair, yellow raincoat"."""
    mentions: list[Mention] = []
    rest: list[str] = []
    carried: list[str] = []
    ends_in_adjectives = False
    for opener, words, closer in _phrases(sentence):
        found, left = _bind([*carried, *(["no"] if opener == "without" else []), *words])
        mentions += found
        carried = []
        adjectives = [word for word in left if word not in _FILLERS]
        only_adjectives = not found and adjectives and _ADJECTIVES.issuperset(adjectives)
        if only_adjectives and opener == "and" and ends_in_adjectives:  # "hair short and curly"
            mentions[-1] = replace(mentions[-1], qualities=(*mentions[-1].qualities, *adjectives))
            continue
        ends_in_adjectives = bool(found) and words[-1] in found[-1].qualities
        if only_adjectives and closer in _JOINTS and (closer == "and" or opener not in _WEARING):
            carried = adjectives  # "long, red hair" and "red and white scarf" are of one noun
        elif only_adjectives and opener in _WEARING:
            mentions.append(Mention("garment", "clothes", tuple(adjectives)))
        elif left:
            rest.append(" ".join(left))
    return Description(tuple(mentions), " , ".join(rest))


def _phrases(sentence: str) -> Iterator[tuple[str, list[str], str]]:
    """Give the phrases, each with the separators before and after it."""
    text = straightened(sentence)
    for phrase, colours in _ONE_COLOUR:
        text = text.replace(phrase, colours)
    opener = ""
    words: list[str] = []
    for token in (*re.findall(rf"{WORD}|[,;:()/]", text), ""):
        if token and token not in _SEPARATORS:
            words.append(token)
            continue
        if words:
            yield opener, words, token
        opener, words = token, []


def _bind(words: Sequence[str]) -> tuple[list[Mention], list[str]]:
    """Find the nouns of a phrase and the words that belong to them; give also the words that belong to none."""
    mentions: list[Mention] = []
    rest: list[str] = []
    start = 0
    for at, end, feature in _nouns(words):
        qualities, noun = tuple(words[start:at]), " ".join(words[at:end])
        if feature == "person":
            rest += words[start:end]
        elif _FILLERS.issuperset(qualities) and _says_adjectives(words[end:]):
            return [*mentions, Mention(feature, noun, tuple(words[end:]))], rest  # "beard white"
        mentions.append(Mention(feature, noun, qualities))
        start = end
    return mentions, rest + list(words[start:])


def _nouns(words: Sequence[str]) -> list[tuple[int, int, Feature]]:
    """Give where the nouns of a phrase begin and end; a colour is a noun ("the blonde") if it has none to belong to."""
    found: list[tuple[int, int, Feature]] = []
    at = 0
    while at < len(words):
        length = next((n for n in range(_LONGEST_NOUN, 0, -1) if tuple(words[at : at + n]) in _FEATURES), 0)
        if length:
            found.append((at, at + length, _FEATURES[tuple(words[at : at + length])]))
        at += length or 1
    return [
        noun
        for noun, following in zip_longest(found, found[1:])
        if words[noun[0]] not in COLOUR_WORDS or noun[1] - noun[0] > 1 or following is None or following[2] == "person"
    ]


def _says_adjectives(words: Sequence[str]) -> bool:
    return bool(words) and (_ADJECTIVES | _FILLERS).issuperset(words)
