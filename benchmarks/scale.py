"""Whether many episodes at once buy every asset once, and how fast the functions take callbacks in."""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.local_engine import LocalEngine, local_engine
from benchmarks.long_episode import episode_files, long_script
from benchmarks.moto_tables import copy_only_what_changes
from benchmarks.results import machine, table, write_section
from local.simulator.control import SimulatorControl
from shared.addresses import Address
from shared.aws.bucket import S3Bucket
from shared.keys import plan_key
from shared.ledger.records import Run, RunState
from shared.plan.models import Plan
from shared.providers.callbacks import CallbackName
from tests.chaos.stage import ChaosStage
from tests.chaos.theatre import Theatre
from tests.chaos.troupe import Troupe
from tests.integration.plot.deployment import client
from tests.integration.plot.functions import Handler

_LINES = 2
_SHARED_BY = 4
"""So many episodes at once have the same script, and ask for the same assets."""

_PATIENCE_SECONDS = 1200.0
_SLOTS = 40
_LOCAL_WORKERS = 2
_TIMED = ("HedraWebhook", "CollectAsset")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of episodes that were made at once.

    Parameters
    ----------
    wanted
        All assets that the episodes' plans name.
    bought
        How often fal was paid for each.
    """

    episodes: int
    seconds: float
    wanted: frozenset[Address]
    bought: Counter[Address]

    def __post_init__(self) -> None:
        if self.bought != Counter(self.wanted):
            raise ValueError(
                f"bought twice: {sorted(address for address, count in self.bought.items() if count > 1)}; "
                f"wanted and not bought: {sorted(self.wanted - self.bought.keys())}"
            )


@dataclass
class CpuTimes:
    """How much of a core invocations took, in seconds, by function."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def watch(self, troupe: Troupe) -> None:
        """Measure each invocation of the functions from now on."""
        for name in _TIMED:
            troupe.put(name, self._timed(name, troupe))

    def _timed(self, name: str, troupe: Troupe) -> Handler:
        handler, times = troupe.handler(name), self.seconds.setdefault(name, [])

        def timed(event: dict[str, Any], context: object) -> object:
            began = time.thread_time()
            try:
                return handler(event, context)
            finally:
                times.append(time.thread_time() - began)

        return timed


def main() -> None:
    """Measure, print the results and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-process", type=int, default=100, help="episodes at once on the ledger and functions")
    parser.add_argument("--whole", type=int, default=10, help="episodes at once on the whole template")
    options = parser.parse_args()
    where = machine()
    cpu = CpuTimes()
    with pytest.MonkeyPatch.context() as patch:
        copy_only_what_changes(patch)
        with Theatre() as theatre:
            in_process = make_in_process(theatre, options.in_process, cpu)
    with local_engine(_SLOTS, _LOCAL_WORKERS) as engine:
        whole = make_on_template(engine, options.whole)
    text = "\n\n".join(["## Many episodes at once", where, bought_once(in_process, whole), throughput(cpu)])
    print(text)
    write_section("benchmarks/scale.py", text)


def make_in_process(theatre: Theatre, episodes: int, cpu: CpuTimes) -> Outcome:
    """Make episodes at once with the real functions, the ledger and the state machine, in this process."""
    stage = theatre.set_up(rebuy=False, seed=episodes)
    cpu.watch(stage.troupe)
    began = time.perf_counter()
    names = [f"episode-{number}" for number in range(episodes)]
    for number, name in enumerate(names):
        stage.upload(name, episode_files(long_script(_LINES, _script_of(number))))
    stage.play_until(lambda: stage.all_ended(episodes), patience=_PATIENCE_SECONDS)
    seconds = time.perf_counter() - began
    runs = [_done(name, stage.ledger.newest_run(name)) for name in names]
    return Outcome(episodes, seconds, _wanted(runs, _bucket(stage)), _bought(stage.fal.control))


def make_on_template(engine: LocalEngine, episodes: int) -> Outcome:
    """Make episodes at once on the local engine, where the whole template is deployed."""
    before = _bought(engine.studio.fal.control)
    names = [f"episode-{number}" for number in range(episodes)]
    began = time.perf_counter()
    for number, name in enumerate(names):
        engine.upload(_LINES, name, _script_of(number))
    runs = engine.wait(names)
    seconds = time.perf_counter() - began
    bought = _bought(engine.studio.fal.control) - before
    return Outcome(episodes, seconds, _wanted(runs, engine.target.bucket), bought)


def bought_once(in_process: Outcome, whole: Outcome) -> str:
    """Return a table of what was bought."""
    header = ["episodes at once", "where", "assets asked for", "distinct", "bought", "seconds"]
    rows = [
        [
            str(outcome.episodes),
            where,
            str(outcome.episodes * len(outcome.wanted) // _scripts(outcome.episodes)),
            str(len(outcome.wanted)),
            str(outcome.bought.total()),
            f"{outcome.seconds:.0f}",
        ]
        for outcome, where in (
            (in_process, "functions, ledger and state machine in one process"),
            (whole, f"the whole template on the local engine, {_LOCAL_WORKERS} messages of a queue at once"),
        )
    ]
    return (
        f"### Bought once\n\nEpisodes of {_LINES} lines; {_SHARED_BY} of them at a time have the same script.\n\n"
        + table(header, rows)
    )


def throughput(cpu: CpuTimes) -> str:
    """Return a table of how fast functions take callbacks in."""
    rows = [
        [name, str(len(times)), f"{1000 * _mean(times):.1f} ms", f"{1 / _mean(times):.0f}"]
        for name, times in cpu.seconds.items()
    ]
    return (
        "### Taking callbacks in\n\nTime on a core, with the stand-ins for S3, SQS, DynamoDB and Step Functions, which "
        "run in the same process: on AWS it is less.\n\n"
        + table(["function", "invocations", "each", "a second on one core"], rows)
    )


def _script_of(number: int) -> str:
    return f"script {number // _SHARED_BY}"


def _scripts(episodes: int) -> int:
    return len({_script_of(number) for number in range(episodes)})


def _done(name: str, run: Run | None) -> Run:
    """Return an episode's run; raises `RuntimeError` if it has not made the episode."""
    if run is None or run.state is not RunState.DONE:
        raise RuntimeError(f"{name} was not made: {run and run.failure}")
    return run


def _wanted(runs: Sequence[Run], bucket: S3Bucket) -> frozenset[Address]:
    plans = (Plan.model_validate_json(bucket.get(plan_key(run.episode_id, run.name))) for run in runs)
    return frozenset(address for plan in plans for address in plan.assets)


def _bucket(stage: ChaosStage) -> S3Bucket:
    return S3Bucket(client("s3"), stage.bucket)


def _bought(fal: SimulatorControl) -> Counter[Address]:
    """Return how often each asset is on fal's invoice, by what its callback's URL names."""
    urls = [line.webhook_url for line in fal.invoice().lines if line.webhook_url]
    return Counter(CallbackName.from_query(urlsplit(url).query).address for url in urls)


def _mean(times: Sequence[float]) -> float:
    return sum(times) / len(times)


if __name__ == "__main__":
    main()
