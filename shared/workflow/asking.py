"""Requests for assets: how the plot asks, and how it is asked again in its stead."""

from typing import TYPE_CHECKING

from shared.addresses import Address
from shared.frozen import Frozen
from shared.keys import AssetKind
from shared.ledger.records import Seconds, Waiter

if TYPE_CHECKING:
    from shared.ports import Ledger, Requests


class AssetRequest(Frozen):
    """The message by which the plot asks for an asset."""

    token: str
    address: Address
    kind: AssetKind
    episode_id: str
    run: str
    plan_key: str

    def waiter(self, now: Seconds) -> Waiter:
        """Return who waits by it."""
        return Waiter(**self.model_dump(), since=now)


def request_of(waiter: Waiter) -> AssetRequest:
    """Return the request by which somebody began to wait."""
    return AssetRequest.model_validate(waiter.model_dump(exclude={"since"}))


def ask_again(address: Address, ledger: "Ledger", requests: "Requests", delay: int = 0) -> bool:
    """Ask for an asset that is free on behalf of one who waits for it; tell whether anybody does.

    One is enough: whoever buys it wakes them all, and who cannot passes the question on.
    """
    for waiter in ledger.waiters(address):
        requests.send(waiter.kind, request_of(waiter).model_dump_json(), delay)
        return True
    return False
