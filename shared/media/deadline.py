"""An end to every decode: a small hostile file can keep a decoder busy for hours."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from shared.media.errors import MediaRefused


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment after which reading a file is given up."""

    seconds: float
    expires_at: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """Return a deadline `seconds` from now on a monotonic `clock`."""
        return cls(seconds, clock() + seconds, clock)

    def check(self) -> None:
        """Raise `MediaRefused` if the deadline has passed."""
        if self.clock() > self.expires_at:
            raise MediaRefused(f"could not be read within {self.seconds:g} s; export it again in a common format")
