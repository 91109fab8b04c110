"""Function workers by fork: a change to MiniStack, in the process that runs it.

MiniStack starts a new Python for every concurrent invocation. Starting 40 of them, each importing boto3, pydantic and
fal_client anew, is what makes a first episode slow on a small machine. Here the workers are forked from one server
process that has imported those packages already: a first call takes about half the time, and less memory. What runs in
a worker is MiniStack's own script, unchanged. multiprocessing's fork server does the work.

The server and its workers are a process group of their own: whoever ends the engine can freeze all functions at once
while the engine still answers.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
from multiprocessing import forkserver
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection

GROUP_FILE_VARIABLE = "SHOWRUNNER_WORKERS_GROUP_FILE"

INTERPRETER_VARIABLE = "SHOWRUNNER_WORKERS_INTERPRETER"
"""Names an interpreter that each worker is started with anew, in place of the fork: slower, but it finds nothing except
what function and layers hold, and what the interpreter itself brings."""


class ForkedProcess:
    """A worker, with those parts of `subprocess.Popen` that MiniStack uses.

    Parameters
    ----------
    command
        An interpreter (ignored: the worker is a fork of this one's fork server) and the script to run.
    cwd, env
        As for `subprocess.Popen`.
    """

    def __init__(self, command: Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        requests, stdin = context.Pipe(duplex=False)
        stdout, answers = context.Pipe(duplex=False)
        stderr, messages = context.Pipe(duplex=False)
        # A daemon, so that the engine does not wait for its workers when it ends.
        self._process = context.Process(
            target=_run_worker, args=(command[1], cwd, dict(env), requests, answers, messages), daemon=True
        )
        self._process.start()
        for theirs in (requests, answers, messages):
            theirs.close()
        self.pid = self._process.pid
        self.stdin: IO[str] = os.fdopen(_take_descriptor(stdin), "w", buffering=1, encoding="utf-8")
        self.stdout: IO[str] = os.fdopen(_take_descriptor(stdout), "r", encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(_take_descriptor(stderr), "r", encoding="utf-8", errors="replace")

    @property
    def returncode(self) -> int | None:
        """How the worker ended; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return how the worker ended; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the worker's end.

        Raises
        ------
        subprocess.TimeoutExpired
            It did not end in `timeout` seconds.
        """
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0.0)
        return code

    def terminate(self) -> None:
        """Ask the worker to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the worker."""
        self._process.kill()


class _SubprocessModule:
    """What `ministack.core.lambda_runtime` sees as the module `subprocess`."""

    PIPE = subprocess.PIPE
    STDOUT = subprocess.STDOUT
    DEVNULL = subprocess.DEVNULL
    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def Popen(  # noqa: N802  (subprocess's own name)
        command: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        **options: Any,  # noqa: ANN401  (whatever `subprocess.Popen` takes)
    ) -> ForkedProcess | subprocess.Popen[Any]:
        """Start a worker; the other arguments ask for what a fork has anyway: pipes, text, line by line."""
        if interpreter := os.environ.get(INTERPRETER_VARIABLE):
            return subprocess.Popen([interpreter, *command[1:]], cwd=cwd, env=env, **options)
        return ForkedProcess(command, cwd, env)


def install() -> None:
    """Make MiniStack, in this process, fork its function workers, or start them with the interpreter that is named."""
    from ministack.core import lambda_runtime

    lambda_runtime.subprocess = _SubprocessModule
    if INTERPRETER_VARIABLE in os.environ:
        return
    multiprocessing.set_forkserver_preload(["local.aws.preload"])
    forkserver.ensure_running()  # now, so that it is ready when the first worker is wanted


def _take_descriptor(connection: Connection) -> int:
    """Take the file descriptor out of a connection, which would close it when it is collected."""
    descriptor = os.dup(connection.fileno())
    connection.close()
    return descriptor


def _run_worker(
    script: str,
    cwd: str,
    env: dict[str, str],
    requests: Connection,
    answers: Connection,
    messages: Connection,
) -> None:
    """Run MiniStack's worker script, in the forked process, as a new interpreter would."""
    for connection, standard in ((requests, 0), (answers, 1), (messages, 2)):
        os.dup2(connection.fileno(), standard)
        connection.close()
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    repository = str(Path(__file__).parents[2])
    sys.path = [str(Path(script).parent), *(entry for entry in sys.path if entry not in {"", repository})]
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
