"""Episodes on the local engine: the whole template, and the simulated fal with set latencies."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loguru import logger

from benchmarks.long_episode import FAL_MEDIA, PARAMETERS, SECONDS, clip_endpoint, episode_files, long_script
from cli.target import Target, target_of_studio
from local.aws.logs import read_log
from local.simulator.settings import Latency
from local.studio import LocalStudio
from shared.keys import AssetKind, episode_folder
from shared.ledger.records import ENDED_RUNS, Run, RunState
from shared.plan.models import Plan

_RECONCILE = "rate(5 minutes)"
"""As on AWS: every minute, as otherwise on a laptop, it would take part in the longer episodes."""

_WARM_UP_LINES = 6
_POLL_SECONDS = 0.5
_REPORT = re.compile(r"REPORT .*Duration: (\d+) ms.*Memory Size: (\d+) MB")


@dataclass(frozen=True, slots=True)
class Invocations:
    """The invocations of a function: how many, their seconds in all, and its memory in MB."""

    count: int
    seconds: float
    megabytes: int

    @property
    def gigabyte_seconds(self) -> float:
        """What Lambda bills them as."""
        return self.seconds * self.megabytes / 1024


@dataclass(frozen=True, slots=True)
class LocalRun:
    """An episode that was made.

    Parameters
    ----------
    seconds
        From the start of its execution to its end.
    invocations
        By the functions' logical ids; an upload's, and reconcile's, are not among them.
    """

    plan: Plan
    seconds: float
    invocations: Mapping[str, Invocations]

    @property
    def assembly_seconds(self) -> float:
        """How long joining the episode took."""
        return self.invocations["Assemble"].seconds


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """A running stack whose functions are warm."""

    studio: LocalStudio
    target: Target

    def make(self, lines: int, name: str) -> LocalRun:
        """Make an episode of so many lines, of which nothing is there yet."""
        self.upload(lines, name)
        return self.measured(self.wait([name])[0])

    def upload(self, lines: int, name: str, script: str | None = None) -> None:
        """Put an episode's files into the bucket, which starts it.

        Parameters
        ----------
        script
            The name of its script, where several episodes have the same.
        """
        for path, content in episode_files(long_script(lines, script or name)).items():
            self.target.bucket.put(f"{episode_folder(name)}{path}", content, "application/octet-stream")

    def wait(self, names: list[str]) -> list[Run]:
        """Wait until the runs of episodes have ended.

        Raises
        ------
        RuntimeError
            If one of them failed.
        """
        while True:
            runs = [self.target.ledger.newest_run(name) for name in names]
            ended = [run for run in runs if run and run.state in ENDED_RUNS]
            for run in ended:
                if run.state is not RunState.DONE:
                    raise RuntimeError(f"the run {run.name} ended as {run.state}: {run.failure}")
            if len(ended) == len(names):
                return ended
            time.sleep(_POLL_SECONDS)

    def measured(self, run: Run) -> LocalRun:
        """Return what a run took."""
        states = self.studio.clients.stepfunctions
        execution = states.describe_execution(executionArn=str(run.execution_arn))
        while execution["status"] == "RUNNING":  # the run is closed by one of its last states
            time.sleep(_POLL_SECONDS)
            execution = states.describe_execution(executionArn=str(run.execution_arn))
        began, ended = execution["startDate"], execution["stopDate"]
        plan = Plan.model_validate_json(self.target.bucket.get(str(run.plan_key)))
        return LocalRun(plan, (ended - began).total_seconds(), self._invocations(began))

    def take_time(self) -> None:
        """Let fal take as long over everything as it is set to."""
        control = self.studio.fal.control
        control.set_latency(Latency(run_seconds=SECONDS[AssetKind.PORTRAIT]))
        control.set_latency(Latency(run_seconds=SECONDS[AssetKind.CLIP]), clip_endpoint())

    def _invocations(self, since: datetime) -> dict[str, Invocations]:
        seen = {name: self._reports(name, since) for name in _FUNCTIONS}
        return {
            name: Invocations(len(reports), sum(seconds for seconds, _ in reports), reports[0][1])
            for name, reports in seen.items()
            if reports
        }

    def _reports(self, function: str, since: datetime) -> list[tuple[float, int]]:
        """Return seconds and megabytes of each invocation of a function."""
        lines = read_log(self.studio.clients, self.studio.stack.resources[function])
        found = [_REPORT.match(line.text) for line in lines if line.time >= since]
        return [(int(report[1]) / 1000, int(report[2])) for report in found if report]


_FUNCTIONS = (
    "PlanEpisode",
    "GeneratePortrait",
    "GenerateBackground",
    "Composite",
    "HedraSubmit",
    "HedraWebhook",
    "CollectAsset",
    "HouseClip",
    "Assemble",
    "RecordOutcome",
)


@contextmanager
def local_engine(slots: int, workers: int) -> Iterator[LocalEngine]:
    """Start the stack, and make a short episode, so that its functions are warm.

    Parameters
    ----------
    slots
        How many requests fal works on at once.
    workers
        How many messages of a queue are handled at once.
    """
    logger.disable("local")
    parameters: dict[str, Any] = {
        **PARAMETERS,
        "SubmitConcurrency": workers,
        "CollectConcurrency": workers,
        "ReconcileSchedule": _RECONCILE,
    }
    with (
        TemporaryDirectory() as state,
        LocalStudio(Path(state), parameters, fal_media=FAL_MEDIA) as studio,
    ):
        studio.fal.control.set_concurrency(slots)
        engine = LocalEngine(studio, target_of_studio(studio))
        engine.make(_WARM_UP_LINES, "warm-up")
        engine.take_time()
        yield engine
