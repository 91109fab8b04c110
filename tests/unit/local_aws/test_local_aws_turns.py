import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from local.aws.turns import in_turn

AT_ONCE = 3


@dataclass(frozen=True)
class Worker:
    func_name: str


class Leases:
    """Stands for MiniStack, which gives everybody a worker at once."""

    def __init__(self) -> None:
        self.leased: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self._lock = threading.Lock()

    def acquire(self, function: str) -> tuple[Worker | None, str]:
        if function == "throttled":
            return None, "func_cap"
        with self._lock:
            self.leased[function] = self.leased.get(function, 0) + 1
            self.most[function] = max(self.most.get(function, 0), self.leased[function])
        return Worker(function), "spawn"

    def release(self, worker: Worker) -> None:
        with self._lock:
            self.leased[worker.func_name] -= 1


@pytest.fixture
def leases() -> Leases:
    return Leases()


def test_of_each_function_only_so_many_run_at_once_and_all_get_their_turn(leases: Leases) -> None:
    # Given invocations of two functions, each of which lasts until as many run as ever may
    acquire, release = in_turn(leases.acquire, leases.release, AT_ONCE)
    full = {name: threading.Barrier(AT_ONCE) for name in ("one", "other")}

    def invoke(name: str) -> None:
        worker, _ = acquire(name)
        full[name].wait(timeout=20)
        release(worker)

    # When many come at the same time
    with ThreadPoolExecutor(8 * AT_ONCE) as pool:
        list(pool.map(invoke, ["one", "other"] * 4 * AT_ONCE))

    # Then all were served, never more at once than may be.
    assert leases.most == {"one": AT_ONCE, "other": AT_ONCE}
    assert leases.leased == {"one": 0, "other": 0}


def test_who_gets_no_worker_takes_no_turn(leases: Leases) -> None:
    acquire, _ = in_turn(leases.acquire, leases.release, AT_ONCE)
    answers = [acquire("throttled") for _ in range(2 * AT_ONCE)]
    assert answers == [(None, "func_cap")] * 2 * AT_ONCE
