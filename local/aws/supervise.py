"""The engine's supervisor: keeps its tables, and ends all that was started when the launcher ends, however it ends.

The launcher holds this process's standard input open. A line on it says what to keep (JSON: the endpoint, and tables by
the names of their files); its end means stop.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from local.aws.keep import Keeper

END_OF_LOG = 2000  # bytes of a log that are worth showing

_POLL = 0.2  # seconds between looks at the engine


class Supervisor:
    """Runs one engine.

    Parameters
    ----------
    folder
        The temporary folder of this run; removed at the end.
    log
        Where the engine's output goes.
    tables
        The folder of the kept tables.
    group_file
        Where the workers' fork server writes its process group.
    """

    def __init__(self, folder: Path, log: Path, tables: Path, group_file: Path) -> None:
        self._folder = folder
        self._log = log
        self._tables = tables
        self._group_file = group_file
        self._keeper: Keeper | None = None
        with log.open("ab") as output:
            self._engine = subprocess.Popen(
                [sys.executable, "-m", "local.aws.serve"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def run(self) -> None:
        """Supervise until the launcher or the engine ends, and leave nothing behind."""
        try:
            self._watch()
        finally:
            self._stop()

    def _watch(self) -> None:
        # Unbuffered, so that no line waits in a buffer that the selector does not see.
        with selectors.DefaultSelector() as selector, open(0, "rb", buffering=0, closefd=False) as launcher:
            selector.register(launcher, selectors.EVENT_READ)
            while self._engine.poll() is None:
                if selector.select(_POLL):
                    line = launcher.readline()
                    if not line:
                        return
                    self._keep_tables(json.loads(line))
                self._copy(final=False)

        # The launcher may ask why; the log itself may be in the folder that is removed now.
        print(self._log.read_bytes()[-END_OF_LOG:].decode(errors="replace"), flush=True)

    def _keep_tables(self, order: dict[str, str | dict[str, str]]) -> None:
        from local.aws.clients import Clients  # boto3 takes a while to import: not before the engine runs
        from local.aws.keep import Keeper

        endpoint, tables = order["endpoint"], order["tables"]
        if isinstance(endpoint, str) and isinstance(tables, dict):
            self._keeper = Keeper(Clients(endpoint).dynamodb, tables, self._tables)

    def _copy(self, *, final: bool) -> None:
        if self._keeper is None:
            return
        try:
            self._keeper.keep() if final else self._keeper.keep_when_due()
        except Exception as error:  # noqa: BLE001  (the next copy may succeed; a run must not end for this one)
            print(f"The ledger was not copied: {error}", file=sys.stderr, flush=True)

    def _stop(self) -> None:
        """Freeze the functions, copy the tables a last time, and end everything."""
        self._signal_workers(signal.SIGSTOP)
        if self._engine.poll() is None:
            self._copy(final=True)
        self._signal_workers(signal.SIGKILL)
        # Asked politely, it would wait for the time-outs of executions that wait for a task token.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._engine.pid, signal.SIGKILL)
        self._engine.wait()
        while self._folder.exists():  # a worker that is just dying may still hold a file in it
            shutil.rmtree(self._folder, ignore_errors=True)

    def _signal_workers(self, number: signal.Signals) -> None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.killpg(int(self._group_file.read_text()), number)


def _exit(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Supervise an engine that is configured by environment variables."""
    from local.aws.workers import GROUP_FILE_VARIABLE

    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("folder", "log", "tables"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _exit)
    group_file = Path(os.environ[GROUP_FILE_VARIABLE])
    Supervisor(arguments.folder, arguments.log, arguments.tables, group_file).run()


if __name__ == "__main__":
    main()
