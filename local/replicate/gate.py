"""Who may ask, and how often."""

from starlette.requests import Request
from starlette.responses import Response

from local.fal.account import Account, authorization_of
from local.fal.settings import LiveSettings
from local.replicate.answers import throttled, unauthenticated
from local.vendors.rate_limit import RateLimit


class Gate:
    """Refuses requests without the account's token, and those that are too many."""

    def __init__(self, account: Account, settings: LiveSettings) -> None:
        self._account = account
        self._rate_limit = RateLimit(settings)

    def refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that is not to be served."""
        authorization = authorization_of(request)
        # "Token" is what Replicate's older pages say.
        if not self._account.owns(authorization, schemes=("Bearer", "Token")):
            return unauthenticated(sent=authorization is not None)
        allowance = self._rate_limit.count()
        if allowance is not None and allowance.remaining < 0:
            return throttled(allowance.resets_in)
        return None
