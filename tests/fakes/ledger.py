"""The ledger in memory, of the same contract as `shared.ledger.dynamodb.DynamoLedger`."""

import threading
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import count

from shared.addresses import Address
from shared.ledger.budgets import Budget, BudgetKind, CapReached, Usage, cap_reached
from shared.ledger.records import (
    ENDED_RUNS,
    Failure,
    Handover,
    Job,
    Outage,
    PartOutcome,
    Run,
    RunState,
    Seconds,
    Waiter,
    Watch,
)
from shared.ledger.rules import budgets_of, claimed_job, claimed_run, gives_back, may_claim, may_take_up, reserves
from shared.ledger.states import ACCEPT, SETTLED, Transition
from shared.ports import Claim
from shared.providers.names import ProviderName


class MemoryLedger:
    """`shared.ports.Ledger`; one lock stands for DynamoDB's transactions."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._jobs: dict[Address, Job] = {}
        self._waiters: dict[Address, dict[str, Waiter]] = {}
        self._watches: dict[Address, Watch] = {}
        self._stamps = count(1)
        self._requests: dict[str, tuple[Address, int]] = {}
        self._spent: dict[Budget, Usage] = {}
        self._outages: dict[str, Outage] = {}
        self._runs: dict[tuple[str, str], Run] = {}
        self._newest: dict[str, str] = {}
        self._parts: dict[str, dict[int, PartOutcome]] = {}
        self._given_up: dict[str, dict[Address, Failure]] = {}
        self._handovers: dict[tuple[Address, ProviderName], Handover] = {}

    def job(self, address: Address) -> Job | None:
        return self._jobs.get(address)

    def jobs(self, addresses: Iterable[Address]) -> dict[Address, Job]:
        return {address: self._jobs[address] for address in addresses if address in self._jobs}

    def claim(self, claim: Claim, now: Seconds) -> Job | CapReached | None:
        with self._lock:
            before = self._jobs.get(claim.address)
            if before and not may_claim(before, claim, now):
                return None
            job = claimed_job(before, claim, now)
            limits = {BudgetKind.EPISODE: claim.episode_limits, BudgetKind.DAY: claim.day_limits}
            changes = reserves(before, job)
            for budget, amount in changes.items():
                if reached := cap_reached(budget, limits[budget.kind], self.spent(budget), amount):
                    return reached
            self._use(changes)
            self._jobs[claim.address] = job
            self._watch(claim.address)
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
            after = Job.model_validate({**job.model_dump(), **fields})
            if gives_back(transition, after.failure):
                self._use(dict.fromkeys(budgets_of(job), -job.usage))
            if transition is ACCEPT and after.request_id:
                self._requests[after.request_id] = job.address, job.attempt
            return after

    def adopt(self, job: Job, request_id: str, now: Seconds) -> Job | None:
        with self._lock:
            mine = job.address, job.attempt
            if self._requests.get(request_id, mine) != mine:
                return None
            return self.step(job, ACCEPT, now, {"request_id": request_id})

    def spent(self, budget: Budget) -> Usage:
        return self._spent.get(budget, Usage())

    def _use(self, changes: Mapping[Budget, Usage]) -> None:
        for budget, amount in changes.items():
            self._spent[budget] = self.spent(budget) + amount

    def watched(self) -> list[Watch]:
        return sorted(self._watches.values(), key=lambda watch: watch.address)

    def unwatch(self, watch: Watch) -> None:
        with self._lock:
            if self._watches.get(watch.address) == watch:
                del self._watches[watch.address]

    def _watch(self, address: Address) -> None:
        self._watches[address] = Watch(address=address, stamp=str(next(self._stamps)))

    def add_waiter(self, waiter: Waiter) -> None:
        with self._lock:
            self._waiters.setdefault(waiter.address, {})[waiter.token] = waiter
            self._watch(waiter.address)

    def waiters(self, address: Address) -> list[Waiter]:
        return list(self._waiters.get(address, {}).values())

    def remove_waiter(self, waiter: Waiter) -> None:
        self._waiters.get(waiter.address, {}).pop(waiter.token, None)

    def outages(self, whats: Iterable[str]) -> dict[str, Outage]:
        return {what: self._outages[what] for what in whats if what in self._outages}

    def note_outage(
        self, what: str, reason: str, now: Seconds, *, until: Seconds = 0.0, definite: bool = False
    ) -> Outage:
        with self._lock:
            before = self._outages.get(what, Outage(what=what, strikes=0, reason=reason, since=now))
            changes = {"strikes": before.strikes + 1, "reason": reason, "until": until, "definite": definite}
            self._outages[what] = before.model_copy(update=changes)
            return self._outages[what]

    def end_outage(self, what: str) -> None:
        self._outages.pop(what, None)

    def claim_run(
        self,
        episode_id: str,
        digest: str,
        now: Seconds,
        *,
        name: Callable[[int], str],
        again: AbstractSet[RunState],
        rebuy: bool = False,
    ) -> Run:
        with self._lock:
            before = self._runs.get((episode_id, digest))
            if before and not may_take_up(before, newest=self._newest.get(episode_id) == digest, again=again):
                return before
            run = claimed_run(before, episode_id, digest, now, name, rebuy=rebuy)
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

    def note_given_up(self, run_name: str, address: Address, failure: Failure) -> None:
        self._given_up.setdefault(run_name, {})[address] = failure

    def given_up(self, run_name: str) -> dict[Address, Failure]:
        return dict(self._given_up.get(run_name, {}))

    def handover(self, address: Address, provider: ProviderName) -> Handover | None:
        return self._handovers.get((address, provider))

    def note_handover(self, address: Address, provider: ProviderName, handover: Handover) -> None:
        self._handovers[address, provider] = handover

    def forget_handover(self, address: Address, provider: ProviderName) -> None:
        self._handovers.pop((address, provider), None)
