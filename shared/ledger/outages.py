"""When nothing is sent to an endpoint, or to the provider at all, for a while."""

from collections.abc import Iterable, Mapping

from shared.ledger.records import Outage, Seconds
from shared.providers.names import TITLES, Place, ProviderName


def account_of(provider: ProviderName) -> str:
    """Return the name of the outage that concerns all endpoints of a provider: it refuses key or balance."""
    return "account" if provider is ProviderName.FAL else f"account at {TITLES[provider]}"


STRIKES = 5
"""So many failures of an endpoint in a row, with nothing accepted between them, count as its outage."""

ACCOUNT_CLOSED: Seconds = 240
"""Somebody has to act; each cycle of reconcile tries whether it has happened."""

OUTAGE_CLOSED: Seconds = 900
ABSENT_CLOSED: Seconds = 3600
"""For an endpoint that the provider does not know."""

REFUSED_FOR: Seconds = 900
"""So long after it was last tried an account counts as refused: then nobody wants anything any more."""


def outages_of(places: Iterable[Place]) -> list[str]:
    """Return the names of all outages that concern any of these places."""
    return list(dict.fromkeys(what for place in places for what in (account_of(place.provider), str(place))))


def closure(place: Place, noted: Mapping[str, Outage], now: Seconds) -> Outage | None:
    """Return the outage for which nothing is sent to a place now, if there is one: the account's before its own."""
    for what in outages_of([place]):
        outage = noted.get(what)
        if outage and now < outage.until:
            return outage
    return None


def is_account_closed(provider: ProviderName, noted: Mapping[str, Outage], now: Seconds) -> bool:
    """Tell whether nothing is sent to a provider at all now."""
    outage = noted.get(account_of(provider))
    return outage is not None and now < outage.until


def is_account_refused(provider: ProviderName, noted: Mapping[str, Outage], now: Seconds) -> bool:
    """Tell whether the provider refused the account when it was last tried, and that is not long ago.

    Unlike `closure` it holds between two tries as well: an acceptance ends the outage, and nothing else does.
    """
    outage = noted.get(account_of(provider))
    return outage is not None and now < outage.until + REFUSED_FOR


def closes_until(before: Outage | None, now: Seconds) -> Seconds:
    """Return until when an endpoint is left alone after one more failure; 0 when it is not."""
    strikes = (before.strikes if before else 0) + 1
    return now + OUTAGE_CLOSED if strikes >= STRIKES else 0.0
