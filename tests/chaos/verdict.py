"""What a round came to, by the simulators' own invoices: what we say we bought counts for nothing here."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local.simulator.records import InvoiceLine
from shared.addresses import Address
from shared.keys import FileRef
from shared.ledger.records import Job
from shared.ledger.states import JobState
from shared.providers.callbacks import CallbackName
from tests.chaos.stage import ChaosStage


@dataclass
class Verdict:
    """What was wrong after a round, each in words; and how often a person's or the stack's risk came true."""

    bought_twice: list[str] = field(default_factory=list)
    possible_duplicates: int = 0
    lost: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.bought_twice or self.lost or self.hung)


def judge(stage: ChaosStage, *, undecidable: bool) -> Verdict:
    """Compare the providers' invoices, together, with what is stored, and look for whatever still waits.

    Parameters
    ----------
    undecidable
        Whether answer, callback and listing of a request were dropped, so that nobody could tell who had it.
    """
    verdict = Verdict()
    lines = _usable_lines(stage)
    jobs = stage.ledger.jobs(lines)
    for address, billed in lines.items():
        _judge_asset(address, billed, jobs.get(address), verdict, undecidable=undecidable, stage=stage)
    verdict.hung += _hung(stage, lambda job: undecidable or job.address not in lines)
    return verdict


def _judge_asset(
    address: Address,
    billed: Sequence[InvoiceLine],
    job: Job | None,
    verdict: Verdict,
    *,
    undecidable: bool,
    stage: ChaosStage,
) -> None:
    twice = len(billed) - 1
    risked = job.possible_duplicates if job and undecidable else 0
    if twice > risked:
        verdict.bought_twice.append(f"{address} {len(billed)} times: {job and _described(job)}")
    verdict.possible_duplicates += min(twice, risked)
    held = job is not None and job.state is JobState.HELD and undecidable
    if not held and (
        job is None or job.state is not JobState.STORED or not stage.has(FileRef.of_asset(job.kind, address).key)
    ):
        verdict.lost.append(f"{address}: {job and _described(job)}")


def _usable_lines(stage: ChaosStage) -> Mapping[Address, list[InvoiceLine]]:
    """Return what all providers billed, by address, without what they billed for nothing that anybody could use."""
    lines: defaultdict[Address, list[InvoiceLine]] = defaultdict(list)
    for simulator in stage.simulators.values():
        outputs = {request.request_id: request.output for request in simulator.control.requests()}
        for line in simulator.control.invoice().lines:
            if _is_usable(outputs[line.request_id]):
                lines[CallbackName.from_query(urlsplit(str(line.webhook_url)).query).address].append(line)
    return lines


def _is_usable(output: Any) -> bool:
    return isinstance(output, dict) and not any(output.get("has_nsfw_concepts") or ())


def _hung(stage: ChaosStage, may_be_held: Callable[[Job], bool]) -> list[str]:
    """Return what still waits: a job may be held for a person where fal has none, but nothing could prove that."""
    running = [f"execution {name}" for name, state in stage.execution_states().items() if state == "RUNNING"]
    runs = [f"run {run.name} is {run.state}" for run in stage.ledger.open_runs()]
    every_job, every_waiter = stage.jobs_and_waiters()
    jobs = [
        f"job {_described(job)}"
        for job in every_job
        if job.is_open and not (job.state is JobState.HELD and may_be_held(job))
    ]
    waiters = [f"a waiter of {waiter.address} in {waiter.run}" for waiter in every_waiter]
    return running + runs + jobs + waiters


def _described(job: Job) -> str:
    failure = f" ({job.failure.error}: {job.failure.message})" if job.failure else ""
    doubt = f", doubt: {job.doubt}" if job.doubt else ""
    where = f"at {job.provider}, attempt {job.attempt}, run {job.run}"
    return f"{job.kind} {job.address[:8]} {job.state}{failure} {where}{doubt}"
