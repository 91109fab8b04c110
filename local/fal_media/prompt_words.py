"""What a prompt asks for, by its words; chance, bound to prompt and seed, decides the rest."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

T = TypeVar("T")

# A sentence ends at a full stop or the like before a space, but not in "Dr. Chen" or "St. Ives".
_SENTENCE_END = re.compile(r"(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bdr)(?<!\bst)[.!?…]\s+|。\s*", re.IGNORECASE)

WORD = r"[a-z0-9]+(?:'[a-z]+)?"


def straightened(text: str) -> str:
    """Give a text in small letters, with plain apostrophes, commas for dashes and no hyphens."""
    return text.lower().translate({0x2019: "'", 0x2013: ",", 0x2014: ",", 0x2D: " "})


class PromptWords:
    """
    The words of a prompt, and a source of chance that depends on the prompt and the seed alone.

    Every choice has a name and its own stream of chance, so that one choice never disturbs another.

    Parameters
    ----------
    prompt
        The prompt as received.
    seed
        Another seed gives other chances.
    part
        The part of the prompt whose words count, if not all of it.
    """

    def __init__(self, prompt: str, seed: int, *, part: str | None = None) -> None:
        self._prompt, self._seed = prompt, seed
        self.text = prompt if part is None else part
        self._words = f" {' '.join(re.findall(WORD, straightened(self.text)))} "
        self._key = (crc32(prompt.encode()), seed & 0xFFFFFFFFFFFFFFFF)

    def only(self, part: str) -> "PromptWords":
        """Give a part of the prompt, with the whole prompt's chance."""
        return PromptWords(self._prompt, self._seed, part=part)

    def subject(self) -> "PromptWords":
        """Give the first sentence: who or what is seen; the others speak of style and framing."""
        return self.only(_SENTENCE_END.split(self.text.strip(), maxsplit=1)[0])

    def style(self) -> "PromptWords":
        """Give the sentences after the first, or the only one."""
        return self.only(_SENTENCE_END.split(self.text.strip(), maxsplit=1)[-1])

    def mentions(self, *phrases: str) -> bool:
        """Say whether any of the phrases occurs, as whole words."""
        return any(f" {phrase} " in self._words for phrase in phrases)

    def first_mentioned(self, meanings: Mapping[T, Sequence[str]]) -> T | None:
        """Give the meaning of which a phrase stands earliest in the prompt."""
        found = [
            (position, order, meaning)
            for order, (meaning, phrases) in enumerate(meanings.items())
            for phrase in phrases
            if (position := self._words.find(f" {phrase} ")) >= 0
        ]
        return min(found, key=lambda entry: entry[:2])[2] if found else None

    def pick(self, name: str, meanings: Mapping[T, Sequence[str]], otherwise: Sequence[T]) -> T:
        """Give the first mentioned meaning, or one of the other options by chance."""
        mentioned = self.first_mentioned(meanings)
        return self.choose(name, otherwise) if mentioned is None else mentioned

    def chance(self, name: str) -> np.random.Generator:
        """Give the source of chance for one named choice."""
        return np.random.default_rng([*self._key, crc32(name.encode())])

    def choose(self, name: str, options: Sequence[T]) -> T:
        """Pick one of the options by chance."""
        return options[int(self.chance(name).integers(len(options)))]

    def happens(self, name: str, probability: float) -> bool:
        """Toss a coin that comes up with the given probability."""
        return self.between(name, 0, 1) < probability

    def between(self, name: str, low: float, high: float) -> float:
        """Pick a number by chance."""
        return float(self.chance(name).uniform(low, high))
