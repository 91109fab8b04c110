"""Figures and names as people read them."""

from shared.ledger.records import Seconds
from shared.providers.names import TITLES, ProviderName

_LEAST_SHOWN_USD = 0.005


def clock_time(seconds: Seconds) -> str:
    """Return a time as a player shows it: ``1:04``, or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def dollars(usd: float) -> str:
    """Return US dollars to the cent; what is less than half a cent, and not nothing, is told so."""
    return "< $0.01" if 0 < usd < _LEAST_SHOWN_USD else f"${usd:,.2f}"


def counted(count: int, thing: str) -> str:
    """Return ``1 line``, ``2 lines``."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def made_at(what: str, provider: ProviderName) -> str:
    """Return a model or an engine with who ran it; fal, which makes everything else, goes without saying."""
    return what if provider is ProviderName.FAL else f"{what} at {TITLES[provider]}"
