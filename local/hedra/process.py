"""Starting and stopping the simulated Hedra as a process of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from local.fal.process import SimulatorProcess, options


class SimulatedHedra(SimulatorProcess):
    """The simulated Hedra as a context manager; parameters as `local.fal.process.options`."""

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
        super().__init__("local.hedra", "Hedra", state_dir, chosen)

    @property
    def url(self) -> str:
        """The base address, to which paths such as ``/jobs`` are added."""
        return f"https://{self.facts.host}/v3"

    def environment(self) -> dict[str, str]:
        """Return the environment by which a process that calls Hedra calls the simulator instead."""
        return {
            "HEDRA_API_KEY": self.facts.key,
            "HEDRA_API_URL": self.url,
            "HEDRA_DOWNLOAD_HOSTS": self.facts.host,
            "SSL_CERT_FILE": self.facts.ca_file,
        }
