"""Hand input files over to providers: by their storage, remembered with their expiry."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.ledger.records import Handover, Seconds

if TYPE_CHECKING:
    from shared.keys import FileRef
    from shared.plan.models import Offer
    from shared.ports import Bucket, Ledger, Provider, Providers


class Handovers:
    """Files at providers.

    Parameters
    ----------
    type_of
        Gives a file's content type from its first bytes.
    """

    def __init__(
        self, ledger: "Ledger", bucket: "Bucket", providers: "Providers", type_of: Callable[[bytes], str]
    ) -> None:
        self._ledger = ledger
        self._bucket = bucket
        self._providers = providers
        self._type_of = type_of

    def fill_in(self, offer: "Offer", now: Seconds) -> Mapping[str, Any]:
        """Return a request with where its input files lie; raises `shared.providers.outcomes.ProviderUnreachable`."""
        provider = self._providers[offer.provider]
        arguments: dict[str, Any] = dict(offer.arguments)
        for entry in offer.inputs:
            file = provider.file_argument(self.url_of(entry.file, provider, now))
            arguments[entry.field] = [*arguments.get(entry.field, ()), file] if entry.listed else file
        return arguments

    def forget(self, offer: "Offer") -> None:
        """Have the input files handed over afresh next time: the provider could not fetch one of them."""
        for entry in offer.inputs:
            self._ledger.forget_handover(entry.file.address, offer.provider)

    def url_of(self, file: "FileRef", provider: "Provider", now: Seconds) -> str:
        """Return where a provider can fetch a file, handing it over if need be; raises `ProviderUnreachable`."""
        known = self._ledger.handover(file.address, provider.name)
        if known and known.expires_at - provider.lifetimes.upload_margin > now:
            return known.url
        data = self._bucket.get(file.key)
        url = provider.upload(data, self._type_of(data), f"{file.kind}-{file.address[:12]}")
        place = Handover(url=url, expires_at=now + provider.lifetimes.upload)
        self._ledger.note_handover(file.address, provider.name, place)
        return url
