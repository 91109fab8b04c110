"""Text as the pieces between which it may be broken, and how good a break there is."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

LONGEST_WORD = 42
"""Columns of the longest piece that is kept whole: a row of captions."""

# Unicode's white space except that which forbids a break: U+00A0, U+2007, U+202F.
_SPACES = re.compile(r"[\t-\r\x1c-\x20\x85\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+")
_AFTER_DASH = re.compile(r"(?<=\w[\u2013\u2014])(?=\w)")
_DASHES = "-\u2013\u2014"
_CLOSING = "\"'”’»›)]}」』）】》〉"  # noqa: RUF001 -- quotation marks are meant
_OPENING = "\"'“„‚‘«‹([{¿¡「『（【《〈"  # noqa: RUF001 -- quotation marks are meant
_SENTENCE_ENDS = ".!?…。！？؟۔।"  # noqa: RUF001 -- the full stops of other scripts
_CLAUSE_ENDS = ",;:—–،؛、，；：·"  # noqa: RUF001 -- the commas of other scripts
_NO_ROW_START = "、。，．！？：；・ー々〜ぁぃぅぇぉっゃゅょァィゥェォッャュョ%‰°℃"  # noqa: RUF001 -- as JIS X 4051 has them
_ABBREVIATIONS = frozenset(
    ("mr", "mrs", "ms", "mme", "mlle", "hr", "fr", "dr", "prof", "st", "rev", "gen", "col", "capt", "lt", "sgt")
) | frozenset(("sr", "jr", "vs", "no", "vol", "fig", "e.g", "i.e", "z.b", "bzw"))
_UNSPACED = re.compile(r"[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]")
_TIED = "\u200d"
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_SHORT_WORD = 3


class Break(IntEnum):
    """How good it is to break after a word; the lower, the better."""

    SENTENCE = 0
    CLAUSE = 1
    WORD = 2
    SHORT_WORD = 3
    """After "the", "of", "to": a row should not end so."""


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text that stays in one row, the break after it, and whether a space stands before it."""

    text: str
    after: Break
    spaced: bool
    columns: int


def words_of(text: str) -> tuple[Word, ...]:
    """Divide a text into words.

    Punctuation that stands alone ("word !", "« word") goes with the word that it belongs to. Chinese and Japanese may
    be broken between any two characters, but not before a closing mark or after an opening one (JIS X 4051); words of
    more than `LONGEST_WORD` columns are divided evenly, wherever that falls.
    """
    pieces = [
        (piece, number == 0)
        for token in _joined_punctuation([token for token in _SPACES.split(text) if columns_of(token.strip())])
        for number, piece in enumerate(piece for piece in _pieces(token) if columns_of(piece))
    ]
    words = []
    for index, (piece, spaced) in enumerate(pieces):
        following = pieces[index + 1][0] if index + 1 < len(pieces) else ""
        words.append(Word(piece, _break_after(piece, following), spaced and index > 0, columns_of(piece)))
    return tuple(words)


def columns_of(text: str) -> int:
    """Return the width of a text in columns: 1 for a character, 2 for a Chinese, Japanese or Korean one.

    Combining marks have none (Unicode Standard Annex 11).
    """
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def unbroken(rows: Sequence[str]) -> str:
    """Return rows as one text: with spaces between them, except where Chinese or Japanese was broken."""
    text = ""
    for row in rows:
        spaced = text and not (_UNSPACED.match(text[-1]) and _UNSPACED.match(row[0]))
        text += f" {row}" if spaced else row
    return text


def joined(words: Sequence[Word]) -> str:
    """Return words as text, with their spaces except one before the first."""
    return "".join(f" {word.text}" if word.spaced and index else word.text for index, word in enumerate(words))


def _joined_punctuation(tokens: Sequence[str]) -> list[str]:
    """Join tokens without any letter or digit to the word that they belong to: opening ones to the next one."""
    result: list[str] = []
    opening = ""
    for token in tokens:
        if any(character.isalnum() for character in token):
            result.append(f"{opening} {token}" if opening else token)
            opening = ""
        elif (
            not result
            or opening
            or all(character in _OPENING for character in token)
            or _is_dialogue(result[-1], token)
        ):
            opening = f"{opening} {token}" if opening else token
        else:
            result[-1] += f" {token}"
    if opening:
        result = [*result[:-1], f"{result[-1]} {opening}"] if result else [opening]
    return result


def _is_dialogue(before: str, token: str) -> bool:
    """Tell whether a dash begins what another one says, rather than ends a clause."""
    return token[0] in _DASHES and before.rstrip(_CLOSING)[-1:] in _SENTENCE_ENDS


def _pieces(token: str) -> Iterator[str]:
    for part in _AFTER_DASH.split(token):
        for piece in _unspaced_pieces(part):
            yield from _evenly_divided(piece)


def _unspaced_pieces(token: str) -> Iterator[str]:
    """Yield the pieces of a token between which Chinese and Japanese may be broken."""
    if not _UNSPACED.search(token):
        yield token
        return
    piece = ""
    for cluster in clusters(token):
        if piece and _may_divide(piece[-1], cluster[0]):
            yield piece
            piece = ""
        piece += cluster
    yield piece


def _may_divide(before: str, after: str) -> bool:
    if after in _CLOSING or after in _SENTENCE_ENDS or after in _NO_ROW_START or before in _OPENING or after.isspace():
        return False
    visible = bool(_columns(before)) and not before.isspace()
    return visible and bool(_UNSPACED.match(before) or _UNSPACED.match(after))


def _evenly_divided(word: str) -> Iterator[str]:
    columns = columns_of(word)
    if columns <= LONGEST_WORD:
        yield word
        return
    count = -(-columns // LONGEST_WORD)
    longest = min(LONGEST_WORD, -(-columns // count) + 1)
    piece = ""
    for cluster in clusters(word):
        if piece and columns_of(piece) + columns_of(cluster) > longest:
            yield piece.strip()
            piece = ""
        piece += cluster
    yield piece.strip()


def clusters(text: str) -> Iterator[str]:
    """Yield the characters as a reader sees them: a letter with its marks, an emoji with all that is tied to it.

    A simplification of Unicode Standard Annex 29 that never divides less than it says.
    """
    cluster = ""
    for character in text:
        extends = unicodedata.category(character) in {"Mn", "Mc", "Me", "Cf"} or character in _SKIN_TONES
        if cluster and not extends and cluster[-1] != _TIED:
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _break_after(word: str, following: str) -> Break:
    bare = word.rstrip(_CLOSING + " ")
    if not following or not bare:
        return Break.SENTENCE if not following else Break.WORD
    if bare[-1] in _SENTENCE_ENDS and not _is_abbreviation(bare) and not following[0].islower():
        return Break.SENTENCE
    if bare[-1] in _CLAUSE_ENDS or bare[-1] in "!?…" or word[-1] in _CLOSING:
        return Break.CLAUSE
    if _UNSPACED.match(bare[-1]) or columns_of(word) > _SHORT_WORD:
        return Break.WORD
    return Break.SHORT_WORD


def _is_abbreviation(word: str) -> bool:
    stem = word.removesuffix(".").lstrip(_OPENING)
    return word.endswith(".") and ((len(stem) == 1 and stem.isalpha()) or stem.lower() in _ABBREVIATIONS)
