"""Who may ask, and how often."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from local.simulator.account import authorization_of
from local.simulator.engine import Engine
from local.simulator.rate_limit import Allowance, RateLimit


class Gate:
    """Refuses requests without the account's key, and those that are too many.

    Parameters
    ----------
    engine
        Whose key it is, and whose settings say how many requests there may be in a minute.
    unauthorized
        Answers a request with this header, or without any, in the provider's own words.
    rate_limited
        Answers a request that is one too many.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        unauthorized: Callable[[str | None], Response],
        rate_limited: Callable[[Allowance], Response],
    ) -> None:
        self._engine = engine
        self._rate_limit = RateLimit(engine.settings)
        self._unauthorized = unauthorized
        self._rate_limited = rate_limited

    def refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that is not to be served."""
        authorization = authorization_of(request)
        if not self._engine.knows(authorization):
            return self._unauthorized(authorization)
        allowance = self._rate_limit.count()
        return self._rate_limited(allowance) if allowance is not None and allowance.remaining < 0 else None
