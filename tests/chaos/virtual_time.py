"""The time of the functions and their queues: real time, and leaps over times in which nothing would have happened."""

import time


class VirtualClock:
    """Goes on like a real clock, and leaps forward when told to."""

    def __init__(self) -> None:
        self._leaps = [(0.0, 0.0)]  # when in real time, and how far ahead of it the virtual time is from then on

    def __call__(self) -> float:
        """Return the virtual time, in seconds since the epoch."""
        return time.time() + self._leaps[-1][1]

    def milliseconds(self) -> float:
        """Return the virtual time as moto's queues count it."""
        return self() * 1000

    def leap(self, seconds: float) -> None:
        """Go forward."""
        self._leaps.append((time.time(), self._leaps[-1][1] + seconds))

    def virtual(self, real: float) -> float:
        """Return what the virtual time was at a real one."""
        return real + next(ahead for leapt_at, ahead in reversed(self._leaps) if leapt_at <= real)

    def real(self, at: float) -> float:
        """Return when in real time it was so late; all of a leap was at one instant."""
        until = float("inf")
        for leapt_at, ahead in reversed(self._leaps):
            if leapt_at + ahead <= at:
                return min(at - ahead, until)
            until = leapt_at
        return at
