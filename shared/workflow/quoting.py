"""What a quote is reckoned with: the prices of today, and what the episode has used already."""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.ledger.budgets import Budget, BudgetKind, Usage
from shared.ledger.states import JobState
from shared.plan.catalogue import Catalogue
from shared.plan.quote import quote_of
from shared.providers.outcomes import ProviderUnreachable

if TYPE_CHECKING:
    from shared.addresses import Address
    from shared.ledger.records import Job
    from shared.plan.models import Plan, Quote
    from shared.ports import Ledger
    from shared.prices import LivePrice


@dataclass(frozen=True, slots=True)
class Prices:
    """Where prices come from, but for the table.

    Parameters
    ----------
    live
        Gives what fal asks for endpoints today; raises `ProviderUnreachable`.
    overrides
        The operator's prices in US dollars a unit, by endpoint.
    """

    live: "Callable[[Collection[str]], Mapping[str, LivePrice]]"
    overrides: Mapping[str, float]


def catalogue_of(missing: AbstractSet[str], known: Catalogue, prices: Prices) -> tuple[Catalogue, tuple[str, ...]]:
    """Return what everything costs today, with a warning where fal could not be asked.

    Parameters
    ----------
    missing
        fal's endpoints of what has to be bought; fal is asked about no others.
    known
        What can be bought, and of whom.
    """
    unknown = missing - prices.overrides.keys()
    try:
        live = prices.live(unknown) if unknown else {}
    except ProviderUnreachable as error:
        warning = f"fal could not be asked for its prices ({error}): the quote reckons with Showrunner's own table"
        return replace(known, overrides=prices.overrides), (warning,)
    return replace(known, live=live, overrides=prices.overrides), ()


def quote_of_missing(plan: "Plan", jobs: "Mapping[Address, Job]") -> "Quote":
    """Quote what a plan lacks as things stand now, which may be less than when it was made."""
    stored = {address for address, job in jobs.items() if job.state is JobState.STORED}
    refused = {address for address, job in jobs.items() if job.is_refused_for_good}
    return quote_of(plan.assets, plan.parts, stored, refused)


def spent_but_for(jobs: "Iterable[Job]", episode_id: str, ledger: "Ledger") -> Usage:
    """Return what an episode has used but for what is under way: that is missing yet, so that its quote has it."""
    under_way = (job for job in jobs if job.is_open and job.state is not JobState.HELD and job.episode_id == episode_id)
    return sum((-job.usage for job in under_way), ledger.spent(Budget(BudgetKind.EPISODE, episode_id)))
