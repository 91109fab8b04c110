"""Starting and stopping the simulated Replicate as a process of its own."""

import ssl

import httpx
from typing_extensions import override

from local.simulator.process import SimulatorProcess


class SimulatedReplicate(SimulatorProcess):
    """The simulated Replicate as a context manager."""

    package = "local.replicate"
    provider = "Replicate"

    def signing_secret(self) -> str:
        """Return what its callbacks are signed with now, as its API tells it."""
        context = ssl.create_default_context(cafile=self.facts.ca_file)
        headers = {"Authorization": f"Bearer {self.facts.key}"}
        address = f"{self.url}/v1/webhooks/default/secret"
        answer = httpx.get(address, headers=headers, verify=context, trust_env=False)
        secret: str = answer.raise_for_status().json()["key"]
        return secret

    @override
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
