"""Hand input files over to fal: by its storage, remembered with their expiry."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.ledger.records import Handover, Seconds

if TYPE_CHECKING:
    from shared.keys import FileRef
    from shared.plan.models import PlannedAsset
    from shared.ports import Bucket, Ledger, Provider

LIFETIME = 86_400
"""Seconds for which a file lies at fal: long enough for a day's queue."""

_MARGIN: Seconds = 6 * 3600
"""A file that lies there for less than this is handed over afresh: a job may wait that long before it is fetched."""


class Handovers:
    """Files at fal.

    Parameters
    ----------
    type_of
        Gives a file's content type from its first bytes.
    """

    def __init__(
        self, ledger: "Ledger", bucket: "Bucket", provider: "Provider", type_of: Callable[[bytes], str]
    ) -> None:
        self._ledger = ledger
        self._bucket = bucket
        self._provider = provider
        self._type_of = type_of

    def fill_in(self, asset: "PlannedAsset", now: Seconds) -> Mapping[str, Any]:
        """Return an asset's request with the URLs of its input files; raises `FalUnreachable`."""
        arguments: dict[str, Any] = dict(asset.arguments)
        for entry in asset.inputs:
            url = self.url_of(entry.file, now)
            arguments[entry.field] = [*arguments.get(entry.field, ()), url] if entry.listed else url
        return arguments

    def forget(self, asset: "PlannedAsset") -> None:
        """Have an asset's input files handed over afresh next time: fal could not fetch one of them."""
        for entry in asset.inputs:
            self._ledger.forget_handover(entry.file.address)

    def url_of(self, file: "FileRef", now: Seconds) -> str:
        """Return where fal can fetch a file, handing it over if need be; raises `FalUnreachable`."""
        known = self._ledger.handover(file.address)
        if known and known.expires_at - _MARGIN > now:
            return known.url
        data = self._bucket.get(file.key)
        content_type = self._type_of(data)
        url = self._provider.upload(data, content_type, f"{file.kind}-{file.address[:12]}", LIFETIME)
        self._ledger.note_handover(file.address, Handover(url=url, expires_at=now + LIFETIME))
        return url
