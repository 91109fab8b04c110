"""What is taken from a host, over real TLS on this machine: lengths, times, encodings and certificates."""

import gzip
import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpcore
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.downloads import Downloaded, Downloader, DownloadFailed, DownloadRefused
from shared.downloads.pinned import PinnedTransport, TimeLimit
from tests.unit.downloads.file_host import Answer, FileHost, dripped, file_host, said

MAX_BYTES = 100_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("host")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[FileHost]:
    with file_host(folder) as host:
        yield host


@pytest.fixture
def host(running: FileHost, folder: Path, monkeypatch: pytest.MonkeyPatch) -> FileHost:
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    running.requests.clear()
    running.server_names.clear()
    return running


def downloader_from(host: FileHost, *, max_seconds: float = 20.0, silence_seconds: float = 20.0) -> Downloader:
    return Downloader(
        [f"localhost:{host.port}"],
        MAX_BYTES,
        max_seconds=max_seconds,
        silence_seconds=silence_seconds,
        from_loopback=True,
        resolve=lambda _host, _port: ["127.0.0.1"],
    )


def fetch(host: FileHost, path: Path, **seconds: float) -> Downloaded:
    return downloader_from(host, **seconds).fetch(host.url, path / "file")


def test_a_file_comes_with_its_length_and_its_hash(host: FileHost, tmp_path: Path) -> None:
    # given a host that is asked at an address, under a name
    body = bytes(range(256)) * 300
    host.answer = said(body)
    # when
    downloaded = fetch(host, tmp_path)
    # then
    assert (tmp_path / "file").read_bytes() == body
    assert downloaded == Downloaded(len(body), hashlib.sha256(body).hexdigest())
    # and TLS and the request carry the name, and ask for the bytes as they are
    assert host.server_names == ["localhost"]
    (request,) = host.requests
    head = request.lower().split(b"\r\n")
    assert head[0] == b"get /files/clip.mp4 http/1.1"
    assert {b"host: localhost:%d" % host.port, b"accept-encoding: identity"} <= set(head)


def test_a_body_in_chunks_or_up_to_the_end_of_the_connection_is_taken(host: FileHost, tmp_path: Path) -> None:
    for answer in (
        said(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", headers={"Transfer-Encoding": "chunked"}),
        said(b"abcdefg", headers={}),
    ):
        host.answer = answer
        assert fetch(host, tmp_path).size == 7
        assert (tmp_path / "file").read_bytes() == b"abcdefg"


def test_nothing_is_kept_from_one_file_to_the_next(host: FileHost, tmp_path: Path) -> None:
    host.answer = said(b"x", headers={"Content-Length": 1, "Set-Cookie": "a=b; Path=/"})
    downloader = downloader_from(host)
    downloader.fetch(host.url, tmp_path / "1")
    downloader.fetch(host.url, tmp_path / "2")
    assert len(host.server_names) == 2  # a connection for each
    assert b"cookie" not in host.requests[1].lower()


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 T", "308 P"])
@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "https://localhost/", "//evil.test/", "/files/other"]
)
def test_redirects_are_not_followed(host: FileHost, tmp_path: Path, status: str, target: str) -> None:
    host.answer = said(b"", status, {"Location": target, "Content-Length": 0})
    with pytest.raises(DownloadRefused, match=rf"status {status[:3]}: redirects are not followed"):
        fetch(host, tmp_path)
    assert len(host.requests) == 1


GZIP_BOMB = gzip.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (said(b"x" * (MAX_BYTES + 1)), "larger than 100000 bytes"),
        (said(b"", headers={"Content-Length": 10**15}), "larger than 100000 bytes"),
        (dripped(b"HTTP/1.1 200 OK\r\n\r\n", bytes(50_000)), "larger than 100000 bytes"),
        (
            dripped(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"c350\r\n" + bytes(50_000) + b"\r\n"),
            "larger than 100000 bytes",
        ),
        (said(GZIP_BOMB, headers={"Content-Encoding": "gzip", "Content-Length": len(GZIP_BOMB)}), r"compressed \(gzip"),
        (said(b"x", headers={"Content-Encoding": "br"}), r"compressed \(br"),
        (said(b"x", headers={"Content-Encoding": "identity, deflate"}), "compressed"),
    ],
)
def test_what_is_too_large_or_compressed_is_refused(
    host: FileHost, tmp_path: Path, answer: Answer, reason: str
) -> None:
    host.answer = answer
    with pytest.raises(DownloadRefused, match=reason):
        fetch(host, tmp_path)
    written = tmp_path / "file"
    assert not written.exists() or written.stat().st_size <= MAX_BYTES


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (said(b"half", headers={"Content-Length": 8}), "RemoteProtocolError"),
        (said(b"ff\r\nhalf", headers={"Transfer-Encoding": "chunked"}), "RemoteProtocolError"),
        (said(b"", headers={"Content-Length": "9" * 5000}), "RemoteProtocolError|larger than"),
        (said(b"x", headers={"Content-Length": -1}), "RemoteProtocolError"),
        (said(b"x", headers={"Content-Length": "1", "content-length": "2"}), "RemoteProtocolError"),
        (said(b"x", headers={"A": "b" * 200_000}), "RemoteProtocolError"),
        (said(b"", "404 Not Found"), "status 404"),
        (said(b"", "206 Partial Content"), "status 206"),
        (said(b"", "503 Service Unavailable"), "status 503"),
        (lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "RemoteProtocolError"),
        (lambda connection: connection.close(), "RemoteProtocolError|ReadError"),
    ],
)
def test_what_is_no_whole_answer_has_to_come_again(host: FileHost, tmp_path: Path, answer: Answer, reason: str) -> None:
    host.answer = answer
    with pytest.raises(DownloadFailed, match=reason):
        fetch(host, tmp_path)


def test_a_chunked_body_of_another_length_than_declared_has_to_come_again(host: FileHost, tmp_path: Path) -> None:
    body = b"3\r\nabc\r\n0\r\n\r\n"
    host.answer = said(body, headers={"Transfer-Encoding": "chunked", "Content-Length": 7})
    with pytest.raises(DownloadFailed, match=r"sent 3 bytes of 7|RemoteProtocolError"):
        fetch(host, tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        dripped(b"", b"H"),
        dripped(b"HTTP/1.1 200 OK\r\nX-Header: ", b"x"),
        dripped(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
        dripped(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripped(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "headers", "body", "chunks", "continue"],
)
def test_a_host_that_drips_is_given_up_although_it_is_never_silent(
    host: FileHost, tmp_path: Path, answer: Answer
) -> None:
    # given a host that is never silent for long
    host.answer = answer
    # when, then the time for the whole counts
    with pytest.raises(DownloadFailed, match=r"localhost did not send the file within 0\.3 s"):
        fetch(host, tmp_path, max_seconds=0.3)


def test_a_silent_host_is_given_up(host: FileHost, tmp_path: Path) -> None:
    host.answer = lambda connection: connection.recv(1)
    with pytest.raises(DownloadFailed, match="localhost: ReadTimeout"):
        fetch(host, tmp_path, silence_seconds=0.1)


def test_a_host_that_never_answers_the_handshake_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = FileHost(listener.getsockname()[1], said(b""))
        start = time.monotonic()
        with pytest.raises(DownloadFailed, match=r"within 0\.2 s"):
            fetch(silent, tmp_path, max_seconds=0.2)
    assert time.monotonic() - start < 10


def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address(host: FileHost, folder: Path) -> None:
    # given a host whose certificate is for 127.0.0.1 and localhost, at the address that fal's name resolves to
    host.answer = said(b"x")
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    transport = PinnedTransport(tls, lambda *_: True, TimeLimit.of(20), lambda *_: ["127.0.0.1"])
    # when it is asked under that name, then it is not believed, and never hears the request
    with httpx.Client(transport=transport) as client, pytest.raises(httpcore.ConnectError, match="CERTIFICATE_VERIFY"):
        client.get(f"https://v3.fal.media:{host.port}/x")
    assert host.requests == []


def test_an_unknown_authority_is_not_believed(host: FileHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(DownloadFailed, match="ConnectError"):
        fetch(host, tmp_path)
    assert host.requests == []


HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS = st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: HEAD + tail))


def test_any_bytes_end_in_a_file_or_a_named_outcome(host: FileHost, tmp_path: Path) -> None:
    downloader = downloader_from(host)

    @settings(max_examples=500, deadline=None)
    @given(ANSWERS)
    def any_bytes(answer: bytes) -> None:
        host.answer = lambda connection: connection.sendall(answer)
        with suppress(DownloadFailed, DownloadRefused):
            downloaded = downloader.fetch(host.url, tmp_path / "file")
            assert (tmp_path / "file").stat().st_size == downloaded.size

    any_bytes()
