"""When nothing is sent to an endpoint, or to the provider at all, for a while."""

from collections.abc import Mapping

from shared.ledger.records import Outage, Seconds

ACCOUNT = "account"
"""The outage that concerns all endpoints: the provider refuses key or balance."""

STRIKES = 5
"""So many failures of an endpoint in a row, with nothing accepted between them, count as its outage."""

ACCOUNT_CLOSED: Seconds = 240
"""Somebody has to act; each cycle of reconcile tries whether it has happened."""

OUTAGE_CLOSED: Seconds = 900
ABSENT_CLOSED: Seconds = 3600
"""For an endpoint that the provider does not know."""

REFUSED_FOR: Seconds = 900
"""So long after it was last tried an account counts as refused: then nobody wants anything any more."""


def closure(endpoint: str, noted: Mapping[str, Outage], now: Seconds) -> Outage | None:
    """Return the outage for which nothing is sent to an endpoint now, if there is one: the account's before its own."""
    for what in (ACCOUNT, endpoint):
        outage = noted.get(what)
        if outage and now < outage.until:
            return outage
    return None


def is_account_refused(noted: Mapping[str, Outage], now: Seconds) -> bool:
    """Tell whether the provider refused the account when it was last tried, and that is not long ago.

    Unlike `closure` it holds between two tries as well: an acceptance ends the outage, and nothing else does.
    """
    outage = noted.get(ACCOUNT)
    return outage is not None and now < outage.until + REFUSED_FOR


def closes_until(before: Outage | None, now: Seconds) -> Seconds:
    """Return until when an endpoint is left alone after one more failure; 0 when it is not."""
    strikes = (before.strikes if before else 0) + 1
    return now + OUTAGE_CLOSED if strikes >= STRIKES else 0.0
