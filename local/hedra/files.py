"""Hedra's files: uploads and outputs, each by an address that is signed, and good for a while."""

import hmac
import time
import uuid
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from typing_extensions import override

from local.simulator.files import Files
from local.simulator.records import FileRecord
from local.simulator.settings import LiveSettings
from local.simulator.store import Store

_ASSETS = uuid.UUID("6f1f2a53-3c4e-4b0e-9a63-2d5f0c6a7b18")
ASSET_SCHEME = "asset:"


class HedraFiles(Files):
    """Files by presigned addresses, which are accepted verbatim only."""

    def __init__(self, folder: Path, store: Store, settings: LiveSettings, base_url: str, key: str) -> None:
        super().__init__(folder, store, settings, base_url)
        self._key = key.encode()

    @override
    def url(self, path: str) -> str:
        """Return a new presigned address of a path."""
        expires = str(time.time() + self._settings.now.upload_url_seconds)
        return f"{super().url(path)}?{urlencode({'Expires': expires, 'Signature': self._signature(path, expires)})}"

    @override
    def path_of(self, url: str) -> str | None:
        """Return the path of one of the simulator's own addresses, or of an asset; None for any other address."""
        if url.startswith(ASSET_SCHEME):
            asset = self.asset(url.removeprefix(ASSET_SCHEME))
            return None if asset is None else asset.path
        address, _, query = url.partition("?")
        path = super().path_of(address)
        return path if path is not None and self._is_signed(path, query) else None

    @override
    def admits(self, path: str, query: str) -> bool:
        """Tell whether a download's address is signed, and still good."""
        return self._is_signed(path, query) and float(parse_qs(query)["Expires"][0]) > time.time()

    def asset(self, asset_id: str) -> FileRecord | None:
        """Return an output that is still kept by its asset id; None if there is none."""
        for record in self._store.files():
            if record.endpoint_id is not None and asset_id_of(record.path) == asset_id:
                return self.find(record.path)
        return None

    def _is_signed(self, path: str, query: str) -> bool:
        fields = parse_qs(query)
        if fields.keys() != {"Expires", "Signature"}:
            return False
        return hmac.compare_digest(
            fields["Signature"][0].encode(), self._signature(path, fields["Expires"][0]).encode()
        )

    def _signature(self, path: str, expires: str) -> str:
        return hmac.digest(self._key, f"{path}\n{expires}".encode(), "sha256").hex()


def asset_id_of(path: str) -> str:
    """Return the asset id of an output's path."""
    return f"asset_{uuid.uuid5(_ASSETS, path)}"
