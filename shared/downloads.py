"""Fetch a provider's result file: only over TLS, only from allowed hosts, only up to a size."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_CHUNK = 1 << 20


class DownloadRefused(Exception):
    """A URL that is not fetched: where it points to is not where results come from."""


class DownloadFailed(Exception):
    """The file could not be fetched just now."""


class Downloader:
    """Fetch result files.

    Parameters
    ----------
    hosts
        Names of hosts that results may come from; a name with a leading dot stands for all below it.
    max_bytes
        The largest file that is taken.
    timeout
        Seconds for a connection, and for each silence while reading.
    """

    def __init__(self, hosts: "Collection[str]", max_bytes: int, timeout: float = 20.0) -> None:
        self._hosts = frozenset(hosts)
        self._max_bytes = max_bytes
        self._client = httpx.Client(timeout=timeout, follow_redirects=False)

    def fetch(self, url: str, target: "Path") -> None:
        """Write the file at `url` to `target`; raises `DownloadRefused` or `DownloadFailed`."""
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.username is not None or not self._is_allowed(parts.hostname or ""):
            raise DownloadRefused(f"results are not fetched from {parts.scheme}://{parts.hostname}")
        try:
            with self._client.stream("GET", url) as answer, target.open("wb") as file:
                if answer.status_code != httpx.codes.OK:
                    raise DownloadFailed(f"{parts.hostname} answered with status {answer.status_code}")
                size = 0
                for chunk in answer.iter_bytes(_CHUNK):
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise DownloadRefused(f"the file is larger than {self._max_bytes} bytes")
                    file.write(chunk)
        except httpx.HTTPError as error:
            raise DownloadFailed(f"{parts.hostname}: {type(error).__name__}") from error

    def _is_allowed(self, host: str) -> bool:
        return host in self._hosts or any(name.startswith(".") and host.endswith(name) for name in self._hosts)
