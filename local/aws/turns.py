"""Turns: of each function no more run at once than a small machine has use for.

MiniStack, like AWS, starts a worker for every concurrent invocation. Dozens that encode video on two cores keep each
other, and everybody else, waiting, and each of them has to be started first.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = max(4, 2 * (os.cpu_count() or 1))
"""How many invocations of one function run at once; further ones wait for their turn."""


def install() -> None:
    """Make MiniStack, in this process, run only so many invocations of a function at once."""
    from ministack.services import lambda_svc

    limited = in_turn(lambda_svc.acquire_worker, lambda_svc.release_worker, AT_ONCE)
    lambda_svc.acquire_worker, lambda_svc.release_worker = limited


def in_turn(
    acquire: Callable[..., tuple[Any, str]], release: Callable[[Any], None], at_once: int
) -> tuple[Callable[..., tuple[Any, str]], Callable[[Any], None]]:
    """Return MiniStack's functions that lease a worker and give it back, with a limit for each function.

    Who wants one waits. No function here invokes another one and waits for its answer; else it could wait for ever.

    Parameters
    ----------
    acquire
        Takes a function's name, and more; gives a worker, or None with the reason.
    release
        Takes a worker.
    """
    turns: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(at_once))

    def acquire_in_turn(function: str, *rest: object, **named: object) -> tuple[Any, str]:
        turns[function].acquire()
        worker = None
        try:
            worker, reason = acquire(function, *rest, **named)
            return worker, reason
        finally:
            if worker is None:
                turns[function].release()

    def release_in_turn(worker: Any) -> None:  # noqa: ANN401 - MiniStack's own
        release(worker)
        if worker is not None:
            turns[worker.func_name].release()

    return acquire_in_turn, release_in_turn
