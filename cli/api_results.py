"""Fetch what a tried model made, and only from where its provider's results may come, as an episode does."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from cli.api_faults import Fault
from cli.api_help import HELP, FaultKind
from shared.downloads import Downloader, DownloadFailed, DownloadRefused
from shared.downloads.hosts import HTTPS_PORT, AllowedHost
from shared.providers.names import TITLES, ProviderName

_MAX_BYTES = 100_000_000
"""What a trial makes is a picture, or a clip of a few seconds."""


class Results:
    """Where a provider's results may come from.

    Parameters
    ----------
    hosts
        ``name``, ``.name`` for all below a name, or either with ``:port``.
    from_loopback
        Whether this machine may be among them.
    """

    def __init__(self, provider: ProviderName, hosts: Sequence[str], *, from_loopback: bool = False) -> None:
        self._provider = provider
        self._hosts = tuple(hosts)
        self._downloader = Downloader(hosts, _MAX_BYTES, from_loopback=from_loopback)

    def fetch(self, url: str) -> bytes | Fault:
        """Return a result, or why it cannot be had."""
        elsewhere = self._elsewhere(url)
        if elsewhere:
            return self._not_allowed(elsewhere)
        with TemporaryDirectory() as folder:
            file = Path(folder, "result")
            try:
                self._downloader.fetch(url, file)
            except (DownloadFailed, DownloadRefused) as error:
                return Fault(FaultKind.RESULT_NOT_FETCHED, f"what was made could not be fetched: {error}")
            return file.read_bytes()

    def _elsewhere(self, url: str) -> str | None:
        """Return the host of a result, as an entry of the list, if the list does not have it."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or HTTPS_PORT
            entry = host if port == HTTPS_PORT else f"{host}:{port}"
            AllowedHost.parse(entry)
        except ValueError:
            return None  # no address, or none that could be on the list: fetching it says so
        return None if any(AllowedHost.parse(each).covers(host, port) for each in self._hosts) else entry

    def _not_allowed(self, host: str) -> Fault:
        title, setting = TITLES[self._provider], HELP[self._provider].hosts
        message = f"it was made, but lies at {host}, from where no result of {title} is fetched"
        advice = ""
        if self._provider is ProviderName.HEDRA:
            listed = ",".join((*self._hosts, host))
            advice = f"deploy the stack with HedraDownloadHosts={listed}; on this machine, set {setting} to that"
        return Fault(FaultKind.RESULT_ELSEWHERE, message, advice=advice)
