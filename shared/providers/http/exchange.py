"""One request and its answer: bounded in time and size, sent once, and followed nowhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
from pydantic import JsonValue

from shared.providers.http.json_paths import read_json

_CONNECT_SECONDS = 5.0
_MAX_ANSWER = 4 << 20
"""Bytes; an answer about a job is a few kilobytes, and a page of a list of a hundred of them below a megabyte."""

Part = tuple[str, bytes, str]
"""One file of a form: its name, its bytes, its content type."""

# Nothing of these has left this machine.
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class NotConnected(Exception):
    """There was no connection: the request was certainly not sent. The cause is what was raised."""


class KeyUnusable(NotConnected):
    """What is configured as the key is none: a header made of it would show it in an error. Nothing was sent."""


class AnswerLost(Exception):
    """The request may have arrived, and its answer did not. The cause is what was raised."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Parameters
    ----------
    document
        Its JSON; None where it has none that can be read, or is larger than any that is expected.
    """

    status: int
    document: JsonValue

    @property
    def is_success(self) -> bool:
        """Whether its status is 2xx."""
        return httpx.codes.is_success(self.status)


class Exchange:
    """Requests to one provider, in the name of one account.

    Parameters
    ----------
    key
        Gives the key as it is now, for every request. It is cut out of every answer, so that no message can show it.
    key_header, key_format
        The header that says who asks, and what stands in it; ``{key}`` stands for the key.
    headers
        Sent with every request besides.
    timeout
        Seconds that each silence may last, and about that a whole answer may take.
    transport
        What carries the requests; None: the network.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        key: Callable[[], str],
        key_header: str,
        key_format: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        transport: httpx.BaseTransport | None,
        clock: Callable[[], float],
    ) -> None:
        self._key = key
        self._key_header = key_header
        self._key_format = key_format
        self._timeout = timeout
        self._clock = clock
        self._client = httpx.Client(
            base_url=base_url,
            # A few kilobytes of gzip unpack to gigabytes.
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
            follow_redirects=False,
            # A connection that was cut while its function slept would leave it open whether a request arrived.
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=transport,
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
        parts: Mapping[str, Part] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, once, and return its answer, whatever its status.

        Raises
        ------
        NotConnected, KeyUnusable, AnswerLost
            When there is no answer.
        """
        key = self._key()
        if not key or not all("!" <= character <= "~" for character in key):
            raise KeyUnusable("its key must be one word of ASCII characters")
        signed = {**(headers or {}), self._key_header: self._key_format.replace("{key}", key)}
        ends = self._clock() + self._timeout
        try:
            with self._client.stream(method, path, params=query, json=json, files=parts, headers=signed) as response:
                content = self._content(response, ends)
                return Answer(response.status_code, read_json(content.replace(key.encode(), b"(key)")))
        except _NEVER_SENT as error:
            raise NotConnected(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise AnswerLost(type(error).__name__) from error

    def _content(self, response: httpx.Response, ends: float) -> bytes:
        """Return a body; an empty one in place of one that is larger than any that is expected."""
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _MAX_ANSWER:
                return b""
            if self._clock() > ends:
                raise httpx.ReadTimeout("the answer takes too long")
        return bytes(content)
