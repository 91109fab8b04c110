"""The engine: MiniStack on a free port of 127.0.0.1, started, deployed to, and stopped without a trace."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import urlsplit

from local.aws.buckets import FOLDER_VARIABLE
from local.aws.clients import ACCOUNT, KEY_ID, REGION, SECRET_KEY, Clients
from local.aws.keep import Keeper, lock, tidy_objects
from local.aws.stack import Stack, deploy
from local.aws.supervise import END_OF_LOG
from local.aws.workers import GROUP_FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_REPOSITORY = Path(__file__).parents[2]
_ATTEMPTS = 5  # another program may take the port between its choice and its use
_START_LIMIT = 60.0  # seconds
_STOP_LIMIT = 15.0  # seconds

# Settings of the user's own for AWS, MiniStack or LocalStack, which must not reach this engine and its functions.
_FOREIGN = re.compile(r"(AWS|MINISTACK|LOCALSTACK|LAMBDA|S3|SFN)_|(AUTH|EDGE_PORT|PERSIST_STATE|SERVICES|USE_SSL)$")


class EngineError(RuntimeError):
    """The engine did not start; the message holds the end of its log."""


class _EngineEndedError(EngineError):
    """The engine ended at once: most likely somebody took its port."""


class LocalAws:
    """AWS on this machine.

    Use it as a context manager, or call `start` and `stop`. When this process ends, however it ends, the engine ends
    too and its temporary files are removed.

    Parameters
    ----------
    state
        A folder that keeps buckets and tables from one run to the next; without it they last as long as the engine.
    environment
        Variables for the functions, in addition to those of the template.
    """

    def __init__(self, state: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._environment = dict(environment or {})
        self._kept = state
        self._tables: dict[str, str] = {}  # file name to table name
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self._state = Path()
        self.endpoint = ""
        self.clients = Clients("")

    def __enter__(self) -> Self:
        """Start the engine."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the engine."""
        self.stop()

    @property
    def log(self) -> Path:
        """The engine's log."""
        return self._state / "engine.log"

    def start(self) -> None:
        """Start the engine and wait until it answers.

        Raises
        ------
        EngineError
            It ended, or did not answer in time.
        RuntimeError
            Another engine uses the state folder.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            port = _free_port()
            try:
                self._launch(port)
                self._wait_until_ready(port)
            except _EngineEndedError:
                self.stop()
                if attempt == _ATTEMPTS:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return

    def deploy(self, template: Path, parameters: Mapping[str, object] | None = None, name: str = "showrunner") -> Stack:
        """Deploy a SAM template as it is, and put kept items back into its tables.

        Raises
        ------
        DeploymentError
            CloudFormation refused the template or could not make a resource.
        """
        texts = {key: str(value) for key, value in (parameters or {}).items()}
        stack = deploy(self.clients, template, texts, name)
        tables = {f"{name}-{logical_id}": table for logical_id, table in stack.tables.items()}
        Keeper(self.clients.dynamodb, tables, self._state / "tables").restore()
        self._tables |= tables
        if self._supervisor is not None and self._supervisor.stdin is not None:
            order = {"endpoint": self.endpoint, "tables": self._tables}
            self._supervisor.stdin.write(json.dumps(order).encode() + b"\n")
            self._supervisor.stdin.flush()
        return stack

    def locate(self, url: str) -> tuple[str, str]:
        """Find where a URL that AWS would serve is served here.

        Parameters
        ----------
        url
            For example a function's, ``https://<id>.lambda-url.us-east-1.on.aws/path``.

        Returns
        -------
        tuple[str, str]
            The URL to call on this machine, and the value for its ``Host`` header.
        """
        parts = urlsplit(url)
        return parts._replace(scheme="http", netloc=urlsplit(self.endpoint).netloc).geturl(), parts.netloc

    def stop(self) -> None:
        """Stop the engine and all that it started; what is kept is kept."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        try:
            supervisor.communicate(timeout=_STOP_LIMIT)  # closes its standard input, which is the sign to stop
        except subprocess.TimeoutExpired:
            os.killpg(supervisor.pid, signal.SIGKILL)
            supervisor.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _launch(self, port: int) -> None:
        """Start the supervisor, which starts the engine."""
        held: IO[bytes] | None = lock(self._kept) if self._kept is not None else None
        self._folder = Path(tempfile.mkdtemp(prefix="showrunner-aws-"))
        self._state = self._kept.resolve() if self._kept is not None else self._folder / "state"
        (self._state / "objects").mkdir(parents=True, exist_ok=True)
        (self._folder / "tmp").mkdir()
        tidy_objects(self._state / "objects")
        self.log.write_bytes(b"")
        arguments = ("--folder", self._folder, "--log", self.log, "--tables", self._state / "tables")
        self._supervisor = subprocess.Popen(
            [sys.executable, "-m", "local.aws.supervise", *map(str, arguments)],
            cwd=_REPOSITORY,
            env=self._engine_environment(port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=[held.fileno()] if held is not None else [],
        )
        if held is not None:
            held.close()  # the supervisor holds it now, and will as long as it lives

    def _engine_environment(self, port: int) -> dict[str, str]:
        """Make the environment of the engine, which is the functions' too."""
        inherited = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
        exempt = ",".join(filter(None, [inherited.get("NO_PROXY", ""), "127.0.0.1", "localhost"]))
        return {
            **inherited,
            "NO_PROXY": exempt,
            "no_proxy": exempt,
            # A function that finds no credentials must not find the user's own.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "INFO",
            "MINISTACK_WORKER_THREADS": "512",  # who waits for a function's turn keeps nobody else from work
            "TMPDIR": str(self._folder / "tmp"),
            "STATE_DIR": str(self._folder / "engine"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._folder / "no-objects-yet"),
            FOLDER_VARIABLE: str(self._state / "objects"),
            "OPENBLAS_NUM_THREADS": "1",  # a pool of threads in every worker is slower, not faster
            GROUP_FILE_VARIABLE: str(self._folder / "workers-group"),
            **self._environment,
        }

    def _wait_until_ready(self, port: int) -> None:
        """Wait until the engine listens; its own log says so, since on that port anybody might answer."""
        supervisor, deadline = self._supervisor, time.monotonic() + _START_LIMIT
        sign = f"Running on http://127.0.0.1:{port}".encode()
        while supervisor is not None and sign not in _content(self.log):
            if supervisor.poll() is not None:
                end = supervisor.stdout.read().decode(errors="replace") if supervisor.stdout is not None else ""
                raise _EngineEndedError(f"The local engine ended at once (port {port}). The end of its log:\n{end}")
            if time.monotonic() > deadline:
                end = _content(self.log)[-END_OF_LOG:].decode(errors="replace")
                raise EngineError(f"The local engine did not start in {_START_LIMIT:.0f} s. The end of its log:\n{end}")
            time.sleep(0.02)
        self.endpoint = f"http://127.0.0.1:{port}"
        self.clients = Clients(self.endpoint)


def _content(file: Path) -> bytes:
    """Read a file; nothing, if it is not there any more."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
