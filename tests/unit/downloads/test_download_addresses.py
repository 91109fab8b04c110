"""Where results are fetched from, and where they are not: server-side request forgery, attack by attack."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.downloads import Downloader, DownloadFailed, DownloadRefused
from shared.downloads.hosts import AllowedHosts
from shared.downloads.public_ip import is_public

FAL = ("fal.media", ".fal.media")
PUBLIC = "104.18.6.192"
METADATA = "169.254.169.254"


class Network:
    """Stands for the system's resolver and its sockets: names have the given addresses in turn, and nobody listens."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.resolved: list[tuple[str, int]] = []
        self.connected: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append((host, port))
        return self.answers.pop(0)

    def connect(self, address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        self.connected.append(address)
        raise ConnectionRefusedError


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr(socket, "create_connection", network.connect)
    return network


def fetch(url: str, network: Network, path: Path, hosts: tuple[str, ...] = FAL, *, from_loopback: bool = False) -> None:
    Downloader(hosts, 1000, from_loopback=from_loopback, resolve=network.resolve).fetch(url, path / "file")


@pytest.mark.parametrize(
    "url",
    [
        "http://fal.media/file",
        "ftp://fal.media/file",
        "file:///etc/passwd",
        "data:text/plain,hello",
        "https:fal.media/file",
        "//fal.media/file",
        "",
        "https://",
        "https://evil.test/fal.media",
        # another host behind a user's name, and a user's name at all
        "https://fal.media@evil.test/",
        "https://fal.media:443@evil.test/",
        "https://user:password@fal.media/",
        "https://evil.test\\@fal.media/",
        "https://fal.media\\@evil.test/",
        "https://fal.media\\.evil.test/",
        "https://fal.media%2eevil.test/",
        "https://fal.media%00.evil.test/",
        "https://fal.media%40evil.test/",
        "https://fal.media\n.evil.test/",
        # look-alikes
        "https://evilfal.media/",
        "https://fal.media.evil.test/",
        "https://fal-media/",
        "https://f\u0430l.media/",  # with a Cyrillic letter
        "https://fal.media./",
        "https://v3.fal.media./",
        "https://.fal.media/",
        # other ports
        "https://fal.media:80/",
        "https://fal.media:8443/",
        "https://fal.media:6379/",
        "https://fal.media:99999/",
        # addresses in place of a name
        "https://127.0.0.1/",
        f"https://{METADATA}/latest/meta-data/",
        "https://[::1]/",
        f"https://[::ffff:{METADATA}]/",
        "https://[fd00:ec2::254]/latest/meta-data/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://2852039166/",  # 169.254.169.254 as one number
        "https://0xa9fea9fe/",
        "https://0xA9.0xFE.0xA9.0xFE/",
        "https://0251.0376.0251.0376/",
        "https://127.1/",
        "https://0/",
        "https://\u2460\u2461\u2466.0.0.1/",  # digits in circles
        "https://localhost/",
        "https://metadata.google.internal/",
        "https://[fal.media]/",
    ],
)
def test_only_hosts_of_the_list_are_asked_over_https(network: Network, tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadRefused):
        fetch(url, network, tmp_path)
    assert (network.resolved, network.connected) == ([], [])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://fal.media/files/x.png", "fal.media"),
        ("https://v3b.fal.media/files/b/lion/x.mp4", "v3b.fal.media"),
        ("https://V3.FAL.MEDIA:443/x", "v3.fal.media"),
        ("https://fal\u3002media/x", "fal.media"),  # what a browser takes for a dot, too
        ("https://fal.media/x?to=https://evil.test#@evil.test", "fal.media"),
    ],
)
def test_the_address_that_was_checked_is_the_one_connected_to(
    network: Network, tmp_path: Path, url: str, host: str
) -> None:
    # given a name with a public address, which would have another one when asked again
    network.answers = [[PUBLIC], [METADATA]]
    # when a result is fetched from there
    with pytest.raises(DownloadFailed, match=host):
        fetch(url, network, tmp_path)
    # then it was resolved once, and the connection went to that address
    assert network.resolved == [(host, 443)]
    assert network.connected == [(PUBLIC, 443)]


def test_each_download_resolves_and_checks_anew(network: Network, tmp_path: Path) -> None:
    # given a name that is public for the first file only
    network.answers = [[PUBLIC], [METADATA]]
    downloader = Downloader(FAL, 1000, resolve=network.resolve)
    with pytest.raises(DownloadFailed):
        downloader.fetch("https://fal.media/1", tmp_path / "1")
    # when the second is fetched, then it is not asked for
    with pytest.raises(DownloadRefused, match=r"fal\.media: its address 169\.254\.169\.254 is not a public one"):
        downloader.fetch("https://fal.media/2", tmp_path / "2")
    assert network.connected == [(PUBLIC, 443)]


INSIDE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 -- refused, not listened on
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.9",
    "198.18.0.1",
    "203.0.113.7",
    "192.88.99.1",
    "224.0.0.1",
    "224.0.1.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    f"::ffff:{PUBLIC}",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "ff0e::1",
    "100::1",
    "2001:db8::1",
    "2001::4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2002:a9fe:a9fe::1",  # 6to4 of 169.254.169.254
    "2002:6812:6c0::1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
]
OUTSIDE = [PUBLIC, "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::6812:6c0", f"64:ff9b::{PUBLIC}"]


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused(network: Network, tmp_path: Path, address: str) -> None:
    # also beside a public address, and even where this machine may be asked
    for answer in ([address], [PUBLIC, address], [address, PUBLIC]):
        for from_loopback in (False, True):
            network.answers = [answer]
            with pytest.raises(DownloadRefused, match="is not a public one"):
                fetch("https://fal.media/", network, tmp_path, from_loopback=from_loopback)
    assert network.connected == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_an_odd_way_to_write_an_address_helps_no_more_on_the_list(tmp_path: Path, host: str) -> None:
    # given the system's own resolver, which reads all of these as 127.0.0.1
    with pytest.raises(DownloadRefused, match=r"is not a public one"):
        Downloader([host], 1000).fetch(f"https://{host}/", tmp_path / "file")


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are_asked_one_after_another(network: Network, tmp_path: Path, address: str) -> None:
    network.answers = [[address, PUBLIC]]
    with pytest.raises(DownloadFailed):
        fetch("https://fal.media/", network, tmp_path)
    assert network.connected == [(address, 443), (PUBLIC, 443)]


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.sampled_from(INSIDE).map(ip_address)))
def test_nothing_is_public_that_the_standard_library_knows_to_be_special(address: IPv4Address | IPv6Address) -> None:
    special = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved and not str(address).startswith("64:ff9b::"),
        address.is_unspecified,
    )
    assert not (is_public(address) and any(special))


@given(st.text(st.sampled_from("fal.media@:/\\#?%[]0127xevil -\t"), max_size=30))
def test_whatever_a_url_looks_like_it_leads_to_a_host_of_the_list(text: str) -> None:
    try:
        location = AllowedHosts(FAL).require(f"https://{text}")
    except DownloadRefused:
        return
    host = location.raw_host.decode()
    assert host == "fal.media" or host.endswith(".fal.media")
    assert (location.scheme, location.port or 443, location.userinfo) == ("https", 443, b"")


@pytest.mark.parametrize("resolved", [OSError("no such name"), UnicodeError("label too long"), None])
def test_a_name_without_an_address_may_have_one_later(tmp_path: Path, resolved: Exception | None) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if resolved:
            raise resolved
        return []

    with pytest.raises(DownloadFailed, match=r"fal\.media: ConnectError"):
        Downloader(FAL, 1000, resolve=resolve).fetch("https://fal.media/", tmp_path / "file")


@pytest.mark.parametrize("url", ["https://127.0.0.1:8443/", "https://localhost:8443/", "https://[::1]:8443/"])
def test_this_machine_is_asked_only_if_it_is_on_the_list_and_that_is_said(
    network: Network, tmp_path: Path, url: str
) -> None:
    hosts = ("127.0.0.1:8443", "localhost:8443", "[::1]:8443")
    for allowed, from_loopback in ((FAL, True), (hosts, False), (("127.0.0.1", "localhost"), True)):
        network.answers = [["127.0.0.1"]]
        with pytest.raises(DownloadRefused):
            fetch(url, network, tmp_path, allowed, from_loopback=from_loopback)
    assert network.connected == []
    network.answers = [["127.0.0.1"]]
    with pytest.raises(DownloadFailed):
        fetch(url, network, tmp_path, hosts, from_loopback=True)
    assert network.connected == [("127.0.0.1", 8443)]


@pytest.mark.parametrize("entry", ["", "*", "*.fal.media", "https://fal.media", "fal.media/x", "FAL.media", "a:b", "."])
def test_what_is_no_host_is_refused_where_it_is_configured(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host of results"):
        Downloader([entry], 1000)
