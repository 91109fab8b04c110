"""The ledger in memory, of the same contract as `shared.ledger.dynamodb.DynamoLedger`."""

import threading
from collections.abc import Callable, Iterable, Mapping

from shared.addresses import Address
from shared.ledger.records import ENDED_RUNS, Handover, Job, PartOutcome, Run, RunState, Seconds, Waiter
from shared.ledger.rules import claimed_job, claimed_run, may_claim, may_take_up
from shared.ledger.states import SETTLED, Transition
from shared.ports import Claim


class MemoryLedger:
    """`shared.ports.Ledger`; one lock stands for DynamoDB's transactions."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._jobs: dict[Address, Job] = {}
        self._waiters: dict[Address, dict[str, Waiter]] = {}
        self._runs: dict[tuple[str, str], Run] = {}
        self._newest: dict[str, str] = {}
        self._parts: dict[str, dict[int, PartOutcome]] = {}
        self._handovers: dict[Address, Handover] = {}

    def job(self, address: Address) -> Job | None:
        return self._jobs.get(address)

    def jobs(self, addresses: Iterable[Address]) -> dict[Address, Job]:
        return {address: self._jobs[address] for address in addresses if address in self._jobs}

    def claim(self, claim: Claim, now: Seconds) -> Job | None:
        with self._lock:
            before = self._jobs.get(claim.address)
            if before and not may_claim(before, claim, now):
                return None
            job = claimed_job(before, claim, now)
            self._jobs[claim.address] = job
            return job

    def step(
        self, job: Job, transition: Transition, now: Seconds, changes: Mapping[str, object] | None = None
    ) -> Job | None:
        with self._lock:
            present = self._jobs.get(job.address)
            if present is None or present.attempt != job.attempt or present.state not in transition.sources:
                return None
            settled_at = {"settled_at": now} if transition.target in SETTLED else {}
            fields = {"state": transition.target, **(changes or {}), **settled_at}
            self._jobs[job.address] = Job.model_validate({**present.model_dump(), **fields})
            return Job.model_validate({**job.model_dump(), **fields})

    def open_jobs(self) -> list[Job]:
        return sorted((job for job in self._jobs.values() if job.is_open), key=lambda job: job.claimed_at)

    def add_waiter(self, waiter: Waiter) -> None:
        self._waiters.setdefault(waiter.address, {})[waiter.token] = waiter

    def waiters(self, address: Address) -> list[Waiter]:
        return list(self._waiters.get(address, {}).values())

    def remove_waiter(self, waiter: Waiter) -> None:
        self._waiters.get(waiter.address, {}).pop(waiter.token, None)

    def claim_run(self, episode_id: str, digest: str, now: Seconds, *, name: Callable[[int], str], again: bool) -> Run:
        with self._lock:
            before = self._runs.get((episode_id, digest))
            if before and not may_take_up(before, newest=self._newest.get(episode_id) == digest, again=again):
                return before
            run = claimed_run(before, episode_id, digest, now, name)
            self._runs[episode_id, digest] = run
            self._newest[episode_id] = digest
            return run

    def run(self, episode_id: str, digest: str) -> Run | None:
        return self._runs.get((episode_id, digest))

    def newest_run(self, episode_id: str) -> Run | None:
        return self._runs.get((episode_id, self._newest.get(episode_id, "")))

    def update_run(self, run: Run, state: RunState, changes: Mapping[str, object] | None = None) -> Run | None:
        with self._lock:
            present = self._runs.get((run.episode_id, run.digest))
            if present is None or present.name != run.name or present.state in ENDED_RUNS:
                return None
            fields = {"state": state, **(changes or {})}
            self._runs[run.episode_id, run.digest] = Run.model_validate({**present.model_dump(), **fields})
            return Run.model_validate({**run.model_dump(), **fields})

    def open_runs(self) -> list[Run]:
        return [run for run in self._runs.values() if run.state not in ENDED_RUNS]

    def note_part(self, run_name: str, outcome: PartOutcome) -> None:
        self._parts.setdefault(run_name, {})[outcome.part] = outcome

    def parts(self, run_name: str) -> dict[int, PartOutcome]:
        return dict(self._parts.get(run_name, {}))

    def handover(self, address: Address) -> Handover | None:
        return self._handovers.get(address)

    def note_handover(self, address: Address, handover: Handover) -> None:
        self._handovers[address] = handover

    def forget_handover(self, address: Address) -> None:
        self._handovers.pop(address, None)
