"""Starting and stopping the simulated Replicate as a process of its own."""

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from local.fal.process import SimulatorProcess, options


class SimulatedReplicate(SimulatorProcess):
    """The simulated Replicate as a context manager; parameters as `local.fal.process.options`."""

    def __init__(
        self,
        state_dir: Path,
        *,
        port: int = 0,
        webhook_routes: Mapping[str, str] | None = None,
        input_origins: Sequence[str] = (),
        key: str | None = None,
        studio: str | None = None,
        certificates: Path | None = None,
    ) -> None:
        chosen = options(
            port=port,
            webhook_routes=webhook_routes,
            input_origins=input_origins,
            key=key,
            studio=studio,
            certificates=certificates,
        )
        super().__init__("local.replicate", "Replicate", state_dir, chosen)

    @property
    def url(self) -> str:
        """The base address, to which paths such as ``/v1/predictions`` are added."""
        return f"https://{self.facts.host}"

    def signing_secret(self) -> str:
        """Return what its callbacks are signed with now, as its API tells it."""
        context = ssl.create_default_context(cafile=self.facts.ca_file)
        headers = {"Authorization": f"Bearer {self.facts.key}"}
        address = f"{self.url}/v1/webhooks/default/secret"
        answer = httpx.get(address, headers=headers, verify=context, trust_env=False)
        secret: str = answer.raise_for_status().json()["key"]
        return secret

    def environment(self) -> dict[str, str]:
        """Return the environment by which a process that calls Replicate calls the simulator instead.

        ``REPLICATE_BASE_URL`` is for the official client.
        """
        return {
            "REPLICATE_API_TOKEN": self.facts.key,
            "REPLICATE_API_URL": self.url,
            "REPLICATE_BASE_URL": self.url,
            "REPLICATE_WEBHOOK_SECRET": self.signing_secret(),
            "REPLICATE_DOWNLOAD_HOSTS": self.facts.host,
            "SSL_CERT_FILE": self.facts.ca_file,
        }
