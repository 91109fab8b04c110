"""Starting and stopping a simulator as a process of its own."""

import os
import selectors
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import local
from local.simulator.control import SimulatorControl
from shared.frozen import Frozen

_START_SECONDS = 60
_STOP_SECONDS = 10


class Facts(Frozen):
    """What a simulator says of itself once it listens."""

    host: str
    """Host and port."""
    ca_file: str
    control_url: str
    user_id: str
    key: str


class SimulatorProcess(ABC):
    """A simulated provider as a context manager: started on the way in, stopped on the way out.

    Parameters
    ----------
    state_dir
        Where it keeps everything; also its log, ``simulator.log``.
    port
        0 for the one of the last time, or a free one.
    webhook_routes
        Base addresses by the end of a webhook URL's host.
    input_origins
        Where inputs may be fetched from beside the simulator itself.
    key
        The account's key; None for the last one, or a new one.
    studio
        The module that draws and films; None for the usual one.
    certificates
        The state directory of another simulator, to be served under the same authority: a process trusts one file.
    """

    package: ClassVar[str]
    """What ``python -m`` runs."""
    provider: ClassVar[str]
    """The provider's name."""

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
        self._state_dir = state_dir
        self._command = [sys.executable, "-m", self.package, "--state-dir", str(state_dir), "--until-input-ends"]
        self._command += ["--port", str(port)]
        for suffix, base in (webhook_routes or {}).items():
            self._command += ["--webhook-route", f"{suffix}={base}"]
        for origin in input_origins:
            self._command += ["--input-origin", origin]
        for name, value in (("--key", key), ("--studio", studio), ("--certificates", certificates)):
            if value is not None:
                self._command += [name, str(value)]
        self._process: subprocess.Popen[bytes] | None = None
        self._facts: Facts | None = None
        self._control: SimulatorControl | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it listens.

        Raises
        ------
        RuntimeError
            If it ends, or says nothing for a minute.
        """
        self._state_dir.mkdir(parents=True, exist_ok=True)
        root = str(Path(local.__path__[0]).resolve().parent)
        search_path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        with (self._state_dir / "simulator.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": search_path},
                process_group=0,  # Ctrl-C is for whoever started it, who then stops it
            )
        line = _first_line(self._process)
        if not line.endswith(b"\n"):
            self.stop()
            raise RuntimeError(f"the simulated {self.provider} did not start: see {self._state_dir / 'simulator.log'}")
        self._facts = Facts.model_validate_json(line)
        self._control = SimulatorControl(self._facts.control_url, self._facts.ca_file)

    def stop(self) -> None:
        """Stop the process, if it runs."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    @property
    def facts(self) -> Facts:
        """What the simulator said of itself when it last started."""
        if self._facts is None:
            raise RuntimeError(f"the simulated {self.provider} has not been started")
        return self._facts

    @property
    def url(self) -> str:
        """The base address of the provider's API."""
        return f"https://{self.facts.host}"

    @property
    def control(self) -> SimulatorControl:
        """The client of its own API."""
        if self._control is None:
            raise RuntimeError(f"the simulated {self.provider} is not running")
        return self._control

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the environment by which a process that calls the provider calls the simulator instead."""


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """Return the first line of a process's output, or what there is of it when the process ends or time is up."""
    output = process.stdout
    if output is None:
        raise RuntimeError("the process was started without a pipe")
    line = b""
    give_up = time.monotonic() + _START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(give_up - time.monotonic()):
            received = os.read(output.fileno(), 65536)
            if not received:
                break
            line += received
    return line
