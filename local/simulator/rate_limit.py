"""How many requests a key may make in a minute."""

import time
from collections import deque
from dataclasses import dataclass

from local.simulator.settings import LiveSettings

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the requests of a minute.

    Attributes
    ----------
    remaining
        How many more may follow; -1 if this one was too many.
    resets_in
        Whole seconds until the oldest request of the minute counts no more.
    """

    limit: int
    remaining: int
    resets_in: int


class RateLimit:
    """Counts the requests of the last minute, and anew when the settings change."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._times: deque[float] = deque()
        settings.watch(lambda _: self._times.clear())

    def count(self) -> Allowance | None:
        """Count a request, unless it is one too many; None where there is no limit."""
        limit = self._settings.now.requests_per_minute
        if limit is None:
            return None
        now = time.monotonic()
        while self._times and self._times[0] <= now - WINDOW_SECONDS:
            self._times.popleft()
        too_many = len(self._times) >= limit
        if not too_many:
            self._times.append(now)
        resets_in = max(1, round(self._times[0] + WINDOW_SECONDS - now))
        return Allowance(limit, -1 if too_many else limit - len(self._times), resets_in)
