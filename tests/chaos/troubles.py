"""What may go wrong with the calls of functions: processes that die, services that fail."""

import random
from dataclasses import dataclass, field

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.chaos.outgoing import Call, Killed, Strike
from tests.chaos.virtual_time import VirtualClock

_LONGEST_OUTAGE = 60


@dataclass
class Kill:
    """The process of a function dies at some of its calls.

    Parameters
    ----------
    at
        Which calls of this function, counted over all its invocations.
    done
        Whether the call takes effect before the process dies.
    """

    function: str
    at: frozenset[int]
    done: bool
    hits: int = 0
    _calls: int = 0

    def strikes(self, call: Call) -> Strike | None:
        if call.invocation.function != self.function:
            return None
        self._calls += 1
        if self._calls not in self.at:
            return None
        self.hits += 1
        return Strike(Killed(f"{self.function}: {call.service} {call.operation}"), done=int(self.done))


@dataclass
class CallsFail:
    """A service fails once, before or after the call took effect, or its client repeats a call that took effect.

    Parameters
    ----------
    at
        Which calls of the service, counted over all functions.
    done
        How often they take effect.
    answered
        Whether the caller gets the answer at last.
    """

    service: str
    at: frozenset[int]
    done: int
    answered: bool = False
    hits: int = 0
    _calls: int = 0

    def strikes(self, call: Call) -> Strike | None:
        if call.service != self.service:
            return None
        self._calls += 1
        if self._calls not in self.at:
            return None
        self.hits += 1
        if self.answered:
            return Strike(None, self.done)
        if self.done:
            return Strike(ReadTimeoutError(endpoint_url=self.service), self.done)
        return Strike(_refusal(self.service, call.operation, self.hits), done=0)


@dataclass
class Outage:
    """A service fails every call for a while.

    Parameters
    ----------
    function
        Only to this function; None: to all.
    """

    service: str
    begins_at_call: int
    seconds: float
    clock: VirtualClock
    function: str | None = None
    hits: int = 0
    _calls: int = 0
    _until: float = field(default=0.0)

    def strikes(self, call: Call) -> Strike | None:
        if call.service != self.service or self.function not in {None, call.invocation.function}:
            return None
        self._calls += 1
        if self._calls == self.begins_at_call:
            self._until = self.clock() + self.seconds
        if self.clock() >= self._until or self.hits >= _LONGEST_OUTAGE:
            return None
        self.hits += 1
        return Strike(_refusal(self.service, call.operation, self.hits), done=0)


def some_calls(dice: random.Random, last: int) -> frozenset[int]:
    """Return one to three numbers of calls up to the last one, the first ones more often."""
    return frozenset(round(last ** dice.random()) for _ in range(dice.randint(1, 3)))


def _refusal(service: str, operation: str, number: int) -> Exception:
    if number % 2:
        return EndpointConnectionError(endpoint_url=service)
    error = {"Error": {"Code": "InternalServerError", "Message": "for no reason"}, "ResponseMetadata": {}}
    return ClientError(error, operation)  # type: ignore[arg-type]  # as bare as answers may be
