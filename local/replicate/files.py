"""Replicate's files: those that callers upload, and outputs."""

from typing_extensions import override

from local.simulator.files import Files


class ReplicateFiles(Files):
    """Files that models also read by their address in the API, as an upload's ``urls.get`` is."""

    @override
    def path_of(self, url: str) -> str | None:
        """Return the path of one of the simulator's own addresses, or None for any other address."""
        prefix = f"{self._base_url}/v1/files/"
        return url.removeprefix(prefix) if url.startswith(prefix) else super().path_of(url)
