"""Starting and stopping the simulated fal.ai as a process of its own."""

from typing_extensions import override

from local.simulator.process import SimulatorProcess


class SimulatedFal(SimulatorProcess):
    """The simulated fal.ai as a context manager."""

    package = "local.fal"
    provider = "fal"

    @override
    def environment(self) -> dict[str, str]:
        """Return the environment by which a process that calls fal calls the simulator instead."""
        return {
            "FAL_KEY": self.facts.key,
            "FAL_RUN_HOST": self.facts.host,
            "FAL_QUEUE_RUN_HOST": self.facts.host,
            "FAL_REST_URL": self.url,
            "FAL_CDN_URL": self.url,
            "FAL_API_URL": self.url,
            "FAL_DOWNLOAD_HOSTS": self.facts.host,
            "FAL_DOWNLOAD_FROM_LOOPBACK": "true",
            "SSL_CERT_FILE": self.facts.ca_file,
        }
