"""Fetching the files that inputs point at, and refusing those that a model cannot read."""

import base64
import binascii
from urllib.parse import unquote_to_bytes, urlsplit

import httpx

from local.simulator.errors import model_error
from local.simulator.files import Files
from local.simulator.media import MediaWorkers, Size, audio_seconds, image_size
from local.simulator.settings import LiveSettings

Location = tuple[str | int, ...]
"""The path of an input below the body."""

_AUDIO_FORMATS = ["mp3", "ogg", "wav", "m4a", "aac"]
_FETCH_SECONDS = 30
# As fal's own download helper (``fal/toolkit/utils/ssrf.py``).
_MAX_REDIRECTS = 5


class InputFiles:
    """Reads inputs from the simulator's own files, from data URIs and from allowed origins; nothing else.

    Providers fetch any public address. A simulator stays on this machine, and refuses the rest with the error for an
    address that cannot be reached.
    """

    def __init__(self, files: Files, workers: MediaWorkers, settings: LiveSettings) -> None:
        self._files = files
        self._workers = workers
        self._settings = settings
        # The hook is called for every redirect, too.
        self._client = httpx.AsyncClient(
            timeout=_FETCH_SECONDS,
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            trust_env=False,
            event_hooks={"request": [self._refuse_other_origins]},
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def image(self, url: str, location: Location, *, max_bytes: int | None = None) -> tuple[bytes, Size]:
        """Return an image file and its size in pixels.

        Raises
        ------
        RequestFailed
            If it cannot be fetched (``file_download_error``), is larger than ``max_bytes`` (``file_too_large``) or
            cannot be decoded (``image_load_error``).
        """
        data = await self._fetch(url, location)
        if max_bytes is not None and len(data) > max_bytes:
            raise file_too_large(location, url, max_bytes)
        try:
            return data, await self._workers.run(image_size, data)
        except ValueError as error:
            raise model_error("image_load_error", location, message=str(error), value=url) from error

    async def audio(
        self, url: str, location: Location, *, min_seconds: float = 0, max_seconds: float | None = None
    ) -> tuple[bytes, float]:
        """Return an audio file and how long it plays, in seconds.

        Raises
        ------
        RequestFailed
            If it cannot be fetched, decoded (``unsupported_audio_format``) or is too short or too long.
        """
        data = await self._fetch(url, location)
        try:
            seconds = await self._workers.run(audio_seconds, data)
        except ValueError as error:
            raise model_error(
                "unsupported_audio_format",
                location,
                message=str(error),
                value=url,
                context={"supported_formats": [*_AUDIO_FORMATS]},
            ) from error
        if seconds < min_seconds:
            context = {"min_duration": min_seconds, "provided_duration": seconds}
            raise model_error("audio_duration_too_short", location, value=url, context={**context})
        if max_seconds is not None and seconds > max_seconds:
            context = {"max_duration": max_seconds, "provided_duration": seconds}
            raise model_error("audio_duration_too_long", location, value=url, context={**context})
        return data, seconds

    async def _fetch(self, url: str, location: Location) -> bytes:
        if url.startswith("data:"):
            data = _decode_data_uri(url)
        elif (path := self._files.path_of(url)) is not None:
            record = self._files.find(path)
            data = None if record is None else await self._files.read(record)
        else:
            data = await self._download(url)
        if data is None:
            raise model_error("file_download_error", location, value=url)
        return data

    async def _download(self, url: str) -> bytes | None:
        try:
            response = await self._client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            return None
        return response.content if response.is_success else None

    async def _refuse_other_origins(self, request: httpx.Request) -> None:
        if not self.allows(str(request.url)):
            raise httpx.UnsupportedProtocol("not an allowed origin", request=request)

    def allows(self, url: str) -> bool:
        """Tell whether an address is of an origin that inputs may be fetched from."""
        asked = urlsplit(url)
        for origin in self._settings.now.input_origins:
            allowed = urlsplit(origin)
            same_host = (asked.scheme, asked.hostname) == (allowed.scheme, allowed.hostname)
            if same_host and allowed.port in {None, asked.port}:
                return True
        return False


def file_too_large(location: Location, value: str | None, max_bytes: int) -> Exception:
    """Return the error for a file, or for several together, above a limit."""
    return model_error("file_too_large", location, value=value, context={"max_size": max_bytes})


def _decode_data_uri(uri: str) -> bytes | None:
    """Return the content of a data URI (RFC 2397), or None if it is not one."""
    header, comma, content = uri.partition(",")
    if not comma:
        return None
    data = unquote_to_bytes(content)
    if not header.endswith(";base64"):
        return data
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return None
