"""The engine's process: MiniStack with our three changes, which ends with the process that started it."""

import os
import sys
import threading


def _end_with_parent() -> None:
    """End at once when standard input closes: nobody is left to stop this engine."""
    os.read(0, 1)
    os._exit(1)


def main() -> None:
    """Run MiniStack, configured by environment variables."""
    # Here, and not above: a forked worker imports this module too.
    from ministack.app import main as run_ministack

    from local.aws import buckets, turns, workers

    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    workers.install()
    turns.install()
    buckets.install()
    sys.argv = ["ministack"]
    run_ministack()


if __name__ == "__main__":
    main()
