"""Budgets: what an episode, and the stack in a day, may buy at most; and what they have bought.

A claim reserves what it will cost in the transaction that makes it, so that parallel claims cannot overrun a budget.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from shared.frozen import Frozen

EXACT = 6
"""Decimals to which amounts are reckoned: finer than any price, and than any clip is long."""


OVER_CAP = "OverCap"
"""The error under which something ends that would overrun a budget."""


class Usage(Frozen):
    """An amount of what is paid for."""

    usd: float = 0.0
    images: int = 0
    clip_seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(
            usd=round(self.usd + other.usd, EXACT),
            images=self.images + other.images,
            clip_seconds=round(self.clip_seconds + other.clip_seconds, EXACT),
        )

    def __neg__(self) -> "Usage":
        """Return what gives it back."""
        return Usage(usd=-self.usd, images=-self.images, clip_seconds=-self.clip_seconds)


class BudgetKind(StrEnum):
    """Whose budget it is."""

    EPISODE = "episode"
    DAY = "day"  # of the whole stack, in UTC


class Budget(NamedTuple):
    """One budget: an episode's over all its runs, or the stack's of one day."""

    kind: BudgetKind
    name: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"the {self.kind} {self.name}"


class Limits(Frozen):
    """What may be used at most; None where there is no limit."""

    usd: float | None = Field(default=None, ge=0)
    images: int | None = Field(default=None, ge=0)
    clip_seconds: float | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True)
class CapReached:
    """A claim that would overrun a budget; nothing was bought.

    Parameters
    ----------
    cap
        The name of the limit: ``usd``, ``images`` or ``clip_seconds``.
    """

    budget: Budget
    cap: str
    limit: float
    used: float
    wanted: float

    def __str__(self) -> str:
        """Return it as a sentence."""
        over = self.used + self.wanted - self.limit
        unit = _UNITS[self.cap]
        return (
            f"{self.budget} may use {self.limit:g} {unit}, {self.used:g} of them are used, and {self.wanted:g} more "
            f"would be {over:g} too many; nothing more is bought"
        )


_UNITS = {"usd": "US dollars", "images": "images", "clip_seconds": "seconds of clips"}


def caps(limits: Limits) -> Iterator[tuple[str, float]]:
    """Return the limits that there are, by name."""
    for name in _UNITS:
        limit = getattr(limits, name)
        if limit is not None:
            yield name, float(limit)


def cap_reached(budget: Budget, limits: Limits, used: Usage, wanted: Usage) -> CapReached | None:
    """Return the first cap that `wanted` on top of `used` would overrun, if there is one."""
    total = used + wanted
    for name, limit in caps(limits):
        amount = getattr(wanted, name)
        if amount > 0 and getattr(total, name) > limit:
            return CapReached(budget, name, limit, getattr(used, name), amount)
    return None


def day_of(at: float) -> str:
    """Return the day (UTC) of a time, which names the stack's budget of that day."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()
