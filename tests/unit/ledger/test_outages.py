"""Why nothing is sent to a place: the account's reason comes before the endpoint's own."""

from shared.ledger.outages import account_of, closure
from shared.ledger.records import Outage
from shared.providers.names import Place, ProviderName

PLACE = Place(provider=ProviderName.REPLICATE, endpoint="owner/model")


def test_the_accounts_refusal_is_the_reason_where_the_endpoint_is_out_of_order_too() -> None:
    """A person has to act: what is said of the endpoint alone would have everybody wait."""
    account, endpoint = (
        Outage(what=what, strikes=1, reason="why", since=1.0, until=100.0)
        for what in (account_of(PLACE.provider), str(PLACE))
    )
    noted = {outage.what: outage for outage in (endpoint, account)}
    assert closure(PLACE, noted, 99.0) == account
    assert closure(PLACE, {endpoint.what: endpoint}, 99.0) == endpoint
    assert closure(PLACE, noted, 100.0) is None
