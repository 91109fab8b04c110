"""Fetch a file into a file."""

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore
import httpx

from shared.downloads.errors import DownloadFailed, DownloadRefused
from shared.downloads.hosts import AllowedHosts
from shared.downloads.pinned import PinnedTransport, Resolve, TimeIsUp, TimeLimit, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_CHUNK = 1 << 20
# Compressed bodies are not undone: a few kilobytes of gzip unpack to gigabytes, and media are compressed already.
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
_CONNECTION_ERRORS = (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came: its length in bytes, and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Downloader:
    """Fetch result files.

    Parameters
    ----------
    hosts
        Hosts that results may come from: ``name``, ``.name`` for all below a name, or either with ``:port``.
    max_bytes
        The largest file that is taken.
    max_seconds
        The longest time that a download may take, whole; only the system's resolver has limits of its own.
    silence_seconds
        The longest time for a connection, and for each silence while reading.
    from_loopback
        Whether hosts of the list may be this machine, by its own name or address; never on AWS.
    resolve, clock
        How names are resolved, and a monotonic clock.
    """

    def __init__(
        self,
        hosts: "Iterable[str]",
        max_bytes: int,
        *,
        max_seconds: float = 60.0,
        silence_seconds: float = 20.0,
        from_loopback: bool = False,
        resolve: Resolve = resolve,
        clock: "Callable[[], float]" = time.monotonic,
    ) -> None:
        self._hosts = AllowedHosts(hosts, from_loopback=from_loopback)
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._silence_seconds = silence_seconds
        self._resolve = resolve
        self._clock = clock
        self._tls = httpx.create_ssl_context()

    def fetch(self, url: str, target: "Path") -> Downloaded:
        """Write the file at `url` to `target`, which may hold a part of it when an exception is raised.

        Raises
        ------
        DownloadRefused
            If it lies where results do not come from, is too large, or the answer is no plain file.
        DownloadFailed
            If the host cannot be reached, is too slow, stops in the middle or answers with an error.
        """
        location = self._hosts.require(url)
        limit = TimeLimit.of(self._max_seconds, self._clock)
        # Nothing is kept from one file to the next: neither connections, nor cookies.
        transport = PinnedTransport(self._tls, self._hosts.accept, limit, self._resolve)
        try:
            with (
                httpx.Client(transport=transport, timeout=self._silence_seconds, trust_env=False) as client,
                client.stream("GET", location, headers=_HEADERS, follow_redirects=False) as answer,
            ):
                declared = self._require_plain_file(answer, location.host)
                downloaded = self._write(answer, target, limit)
        except (TimeIsUp, *_CONNECTION_ERRORS) as error:
            if limit.is_over:
                raise DownloadFailed(f"{location.host} did not send the file within {self._max_seconds:g} s") from error
            raise DownloadFailed(f"{location.host}: {type(error).__name__}") from error
        if declared is not None and downloaded.size != declared:
            raise DownloadFailed(f"{location.host} sent {downloaded.size} bytes of {declared}")
        return downloaded

    def _require_plain_file(self, answer: httpx.Response, host: str) -> int | None:
        """Return the length that an answer declares, or raise what is wrong with it."""
        if answer.is_redirect:
            raise DownloadRefused(f"{host} answered with status {answer.status_code}: redirects are not followed")
        if answer.status_code != httpx.codes.OK:
            raise DownloadFailed(f"{host} answered with status {answer.status_code}")
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise DownloadRefused(f"{host} sent the file compressed ({encoding[:20]}), which was not asked for")
        declared = answer.headers.get("content-length")
        if declared is None:
            return None
        if int(declared) > self._max_bytes:
            raise self._too_large()
        return int(declared)

    def _write(self, answer: httpx.Response, target: "Path", limit: TimeLimit) -> Downloaded:
        size, digest = 0, hashlib.sha256()
        with target.open("wb") as file:
            for chunk in answer.iter_raw(_CHUNK):
                limit.within(None)
                size += len(chunk)
                if size > self._max_bytes:
                    raise self._too_large()
                digest.update(chunk)
                file.write(chunk)
        return Downloaded(size, digest.hexdigest())

    def _too_large(self) -> DownloadRefused:
        return DownloadRefused(f"the file is larger than {self._max_bytes} bytes")
