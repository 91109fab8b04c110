"""What can be wrong with a script, said so that its author can mend it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

MAX_PROBLEMS = 100
_MAX_QUOTED = 60
_MAX_MESSAGE = 500
_MAX_ENUMERATED = 10


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    """One thing that is wrong with a script.

    Attributes
    ----------
    path
        The field, as in `scenes[1].lines[0].character`; empty for the file as a whole.
    message
        What is wrong, to be read after the path.
    hint
        What would be right, if that can be guessed.
    line
        The line of the file, counted from 1, where it is known.
    """

    path: str
    message: str
    hint: str = ""
    line: int | None = None

    def __str__(self) -> str:
        text = f"{self._place()}: {self.message}" if self._place() else self.message
        return f"{text}; {self.hint}" if self.hint else text

    def _place(self) -> str:
        if self.line is None:
            return self.path
        return f"{self.path} (line {self.line})" if self.path else f"line {self.line}"


class ScriptInvalid(Exception):
    """A script cannot be used; `problems` says why, in the file's order where it is known.

    Parameters
    ----------
    file_name
        The script's name, for the summary.
    problems
        At least one; of more than `MAX_PROBLEMS`, the first ones are kept.
    """

    def __init__(self, file_name: str, problems: Iterable[ScriptProblem]) -> None:
        found = tuple(problems)
        self.file_name = file_name
        self.problems = tuple(sorted(found, key=lambda problem: problem.line or 0))[:MAX_PROBLEMS]
        more = len(found) - 1
        super().__init__(
            f"{file_name}: {self.problems[0]}" + (f" (and {more} more problem{'s'[: more > 1]})" if more else "")
        )


def path_of(location: Sequence[str | int]) -> str:
    """Return a field's path as people read it: `("scenes", 1, "lines")` is `scenes[1].lines`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_short(part)}" for part in location)
    return text.removeprefix(".")


def quoted(value: object) -> str:
    """Return a value as a message shows it: short, and told apart from the message's own words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a group of fields"
    if isinstance(value, list):
        return "a list"
    return f"'{_short(value)}'" if isinstance(value, str) else _short(str(value))


def enumerated(entries: Sequence[str], separator: str = ", ") -> str:
    """Return entries as a message shows them: the first ones, and how many more there are."""
    more = len(entries) - _MAX_ENUMERATED
    shown = separator.join(entries[:_MAX_ENUMERATED])
    return f"{shown}{separator}and {more:,} more" if more > 0 else shown


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint that names the known word nearest to a misspelt one; empty if none is near."""
    by_lower_case = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower_case, n=1)
    return f"did you mean {quoted(by_lower_case[close[0]])}?" if close else ""


def plain(text: str, at_most: int = _MAX_MESSAGE) -> str:
    """Return a text as a message may hold it: not too long, and nothing in it that cannot be seen."""
    short = text if len(text) <= at_most else f"{text[: at_most - 1]}…"
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in short)


def _short(text: str) -> str:
    return plain(text, _MAX_QUOTED)


def _escaped(letter: str) -> str:
    """Return what cannot be seen, or would turn a message around, by its number."""
    return f"<U+{ord(letter):04X}>"
