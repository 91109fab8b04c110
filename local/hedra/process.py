"""Starting and stopping the simulated Hedra as a process of its own."""

from typing_extensions import override

from local.simulator.process import SimulatorProcess


class SimulatedHedra(SimulatorProcess):
    """The simulated Hedra as a context manager."""

    package = "local.hedra"
    provider = "Hedra"

    @property
    @override
    def url(self) -> str:
        """The base address of version 3, to which paths such as ``/jobs`` are added."""
        return f"{super().url}/v3"

    @override
    def environment(self) -> dict[str, str]:
        """Return the environment by which a process that calls Hedra calls the simulator instead."""
        return {
            "HEDRA_API_KEY": self.facts.key,
            "HEDRA_API_URL": self.url,
            "HEDRA_DOWNLOAD_HOSTS": self.facts.host,
            "SSL_CERT_FILE": self.facts.ca_file,
        }
