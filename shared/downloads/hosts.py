"""Which hosts results may come from."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

import httpx

from shared.downloads.errors import DownloadRefused
from shared.downloads.public_ip import IPAddress, is_public

if TYPE_CHECKING:
    from collections.abc import Iterable

HTTPS_PORT = 443

_ENTRY = re.compile(r"(?P<host>\.?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::(?P<port>[0-9]{1,5}))?")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """An entry of the list: a host, or all hosts below a name that begins with a dot, and their one port."""

    host: str
    port: int

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Read ``name``, ``.name`` or ``name:port``; raises `ValueError`."""
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(
                f"{entry!r} is no host of results: write a name such as fal.media in lower case, .fal.media for all "
                "names below it, or a name and a port"
            )
        return cls(match["host"].strip("[]"), int(match["port"] or HTTPS_PORT))

    def covers(self, host: str, port: int) -> bool:
        """Tell whether a host is meant by this entry."""
        if port != self.port:
            return False
        return host.endswith(self.host) and host != self.host if self.host.startswith(".") else host == self.host


class AllowedHosts:
    """The list of hosts.

    Parameters
    ----------
    entries
        ``name``, ``.name`` for all below a name, or ``name:port``; without a port, 443 is meant.
    from_loopback
        Whether an entry that names this machine, as ``127.0.0.1:8443``, is served; never on AWS.
    """

    def __init__(self, entries: "Iterable[str]", *, from_loopback: bool = False) -> None:
        self._entries = tuple(AllowedHost.parse(entry) for entry in entries)
        self._from_loopback = from_loopback

    def require(self, url: str) -> httpx.URL:
        """Return a URL as it is to be asked for; raises `DownloadRefused` if it leads to no allowed host."""
        try:
            location = httpx.URL(url)
        except (httpx.InvalidURL, TypeError) as error:
            raise DownloadRefused("the result's address is no URL") from error
        # What is sent and resolved: internationalised names as their xn-- form, IPv6 addresses without brackets.
        host = location.raw_host.decode("ascii")
        port = location.port or HTTPS_PORT
        if location.scheme != "https":
            raise DownloadRefused(f"results are fetched over https only, and not from {_shown(location)}")
        if location.userinfo:
            raise DownloadRefused(f"results are not fetched under a user's name, and not from {_shown(location)}")
        if not any(entry.covers(host, port) for entry in self._entries):
            raise DownloadRefused(f"results are not fetched from {_shown(location)}: it is no host of the provider's")
        return location

    def accept(self, host: str, address: IPAddress) -> bool:
        """Tell whether an allowed host may be at an address."""
        if self._from_loopback and address.is_loopback and _names_loopback(host):
            return True
        return is_public(address)


def _names_loopback(host: str) -> bool:
    """Tell whether a host of the list is this machine by its very name, whatever a resolver says."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(location: httpx.URL) -> str:
    """Return where a URL leads without its secrets, short enough for a status page."""
    return f"{location.scheme}://{location.netloc.decode('ascii')}"[:_SHOWN]
