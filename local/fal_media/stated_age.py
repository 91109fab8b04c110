"""The age that a description states in figures or words."""

import re
from typing import Literal, TypeAlias

Age: TypeAlias = Literal["child", "young", "adult", "old"]

_TENS = {"twent": 20, "thirt": 30, "fort": 40, "fift": 50, "sixt": 60, "sevent": 70, "eight": 80, "ninet": 90}
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_NUMBERS = {
    **{word: number for number, word in enumerate(_ONES, 1)},
    **{f"{stem}y": number for stem, number in _TENS.items()},
    **{f"{stem}y {unit}": ten + one for stem, ten in _TENS.items() for one, unit in enumerate(_ONES[:9], 1)},
}
_DECADES = {f"{stem}ies": ten for stem, ten in _TENS.items()} | {f"{ten}s": ten for ten in range(20, 100, 10)}
_NUMBER = rf"(\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_YEARS_OLD = re.compile(rf"\b{_NUMBER} years? old\b|\b(?:aged?|man of|woman of|boy of|girl of|turned) {_NUMBER}\b")
_IN_A_DECADE = re.compile(rf"\b({'|'.join(_DECADES)})\b")
_UPPER_LIMITS: tuple[tuple[int, Age], ...] = ((13, "child"), (30, "young"), (60, "adult"))


def stated_age(text: str) -> Age | None:
    """Give the stage of life that goes with a number of years ("eighty-four", "34-year-old", "in her thirties")."""
    plain = " ".join(re.findall(r"[a-z0-9]+", text.lower()))
    if match := _YEARS_OLD.search(plain):
        number = match[1] or match[2]
        return _stage(int(number) if number.isdigit() else _NUMBERS[number])
    if match := _IN_A_DECADE.search(plain):
        return _stage(_DECADES[match[1]])
    return None


def _stage(years: int) -> Age:
    return next((age for limit, age in _UPPER_LIMITS if years < limit), "old")
