"""Jobs, waiters, budgets, outages and handed-over files in the table; see `shared.ledger.dynamodb` for its keys."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shared.ledger.budgets import EXACT, Budget, BudgetKind, CapReached, Limits, Usage, cap_reached, caps
from shared.ledger.dynamo_table import DynamoTable, Item, Key, record_of
from shared.ledger.records import Handover, Job, Outage, Seconds, Waiter, Watch
from shared.ledger.rules import budgets_of, claimed_job, gives_back, may_claim, reserves
from shared.ledger.states import ACCEPT, SETTLED, Transition
from shared.providers.names import ProviderName

if TYPE_CHECKING:
    from shared.addresses import Address
    from shared.ports import Claim


class DynamoJobs(DynamoTable):
    """The part of `shared.ports.Ledger` that is about what is bought."""

    def job(self, address: "Address") -> Job | None:
        """Return the job of an address, or None when the ledger has never seen it."""
        item = self._get(_job(address))
        return Job.model_validate(item) if item else None

    def jobs(self, addresses: "Iterable[Address]") -> "dict[Address, Job]":
        """Return the jobs of those addresses that the ledger has seen."""
        wanted = [_job(address) for address in dict.fromkeys(addresses)]
        found = (Job.model_validate(item) for item in self._batch_get(wanted))
        return {job.address: job for job in found}

    def claim(self, claim: "Claim", now: Seconds) -> Job | CapReached | None:
        """Claim a job that is free, and reserve its cost; see `shared.ports.Ledger.claim`."""
        before = self.job(claim.address)
        if before and not may_claim(before, claim, now):
            return None
        job = claimed_job(before, claim, now)
        limits = {BudgetKind.EPISODE: claim.episode_limits, BudgetKind.DAY: claim.day_limits}
        changes = reserves(before, job)
        reached = self._cap_reached(changes, limits, only_impossible=True)
        if reached:
            return reached
        put = self._put_action(_job(claim.address), job)
        put["Put"] |= self._unchanged(before)
        budgets = [self._use(budget, amount, limits[budget.kind]) for budget, amount in changes.items()]
        failed = self._transact([put, *budgets, self._watch(claim.address)])
        if not failed:
            return job
        return None if 0 in failed else self._cap_reached(changes, limits)

    def step(
        self, job: Job, transition: Transition, now: Seconds, changes: Mapping[str, object] | None = None
    ) -> Job | None:
        """Make a transition on this attempt of a job; return the job after it, or None when its state forbids it."""
        after = _stepped(job, transition, now, changes)
        actions = [self._step_action(job, transition, now, changes)]
        if gives_back(transition, after.failure):
            actions += [self._use(budget, -job.usage) for budget in budgets_of(job)]
        if transition is ACCEPT and after.request_id:
            # By its secret or by the provider's own answer: whoever else may have adopted the request was wrong.
            actions.append(self._put_action(_request(after.request_id), address=job.address, attempt=job.attempt))
        return None if self._transact(actions) else after

    def adopt(self, job: Job, request_id: str, now: Seconds) -> Job | None:
        """Accept a request that was found at the provider for a job; None also when another job has it already."""
        changes = {"request_id": request_id}
        claim_request = self._put_action(_request(request_id), address=job.address, attempt=job.attempt)
        claim_request["Put"] |= {
            "ConditionExpression": "attribute_not_exists(pk) OR (address = :address AND attempt = :attempt)",
            "ExpressionAttributeValues": self._values(address=job.address, attempt=job.attempt),
        }
        if self._transact([self._step_action(job, ACCEPT, now, changes), claim_request]):
            return None
        return _stepped(job, ACCEPT, now, changes)

    def _step_action(
        self, job: Job, transition: Transition, now: Seconds, changes: Mapping[str, object] | None
    ) -> Item:
        sources = {f"source{n}": state for n, state in enumerate(sorted(transition.sources))}
        condition = f"attempt = :attempt AND #state IN ({', '.join(':' + name for name in sources)})"
        fields = _fields(transition, now, changes)
        return self._update_action(_job(job.address), fields, condition, attempt=job.attempt, **sources)

    # Budgets

    def spent(self, budget: Budget) -> Usage:
        """Return what has been reserved of a budget."""
        item = self._get(_budget(budget))
        return Usage.model_validate(item) if item else Usage()

    def _use(self, budget: Budget, amount: Usage, limits: Limits | None = None) -> Item:
        """Return the action that reserves an amount if the limits allow it."""
        rooms = {
            name: round(limit - getattr(amount, name), EXACT)
            for name, limit in (caps(limits) if limits else ())
            if getattr(amount, name) > 0
        }
        update: Item = {
            "TableName": self._table,
            "Key": self._item(_budget(budget)),
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in Usage.model_fields),
            "ExpressionAttributeValues": self._values(
                **amount.model_dump(), **{f"room_{name}": room for name, room in rooms.items()}
            ),
        }
        if rooms:
            update["ConditionExpression"] = " AND ".join(
                f"(attribute_not_exists({name}) OR {name} <= :room_{name})" for name in rooms
            )
        return {"Update": update}

    def _cap_reached(
        self, changes: Mapping[Budget, Usage], limits: Mapping[BudgetKind, Limits], *, only_impossible: bool = False
    ) -> CapReached | None:
        """Return the cap that a claim would overrun: even of an unused budget, or of what is used now."""
        for budget, amount in changes.items():
            used = Usage() if only_impossible else self.spent(budget)
            reached = cap_reached(budget, limits[budget.kind], used, amount)
            if reached:
                return cap_reached(budget, limits[budget.kind], self.spent(budget), amount) or reached
        return None

    # Who waits, and what is looked after

    def watched(self) -> list[Watch]:
        """Return the addresses that reconcile looks after: every open job's, and all for which somebody waits."""
        return [Watch(address=mark["sk"], stamp=mark["stamp"]) for mark in self._query("WATCH")]

    def unwatch(self, watch: Watch) -> None:
        """Look after an address no more, unless somebody has had cause to since `watch` was read."""
        action = self._delete_action(_mark(watch.address))
        action["Delete"] |= {
            "ConditionExpression": "stamp = :stamp",
            "ExpressionAttributeValues": self._values(stamp=watch.stamp),
        }
        self._transact([action])

    def _watch(self, address: "Address") -> Item:
        return self._put_action(_mark(address), stamp=uuid.uuid4().hex)

    def add_waiter(self, waiter: Waiter) -> None:
        """Remember a task token that waits for an asset; the same token twice is one waiter."""
        # In one transaction: a waiter that nobody looks after could wait for ever, and a mark that came first could be
        # taken away before its waiter is there.
        self._transact([self._put_action(_waiter(waiter), waiter), self._watch(waiter.address)])

    def waiters(self, address: "Address") -> list[Waiter]:
        """Return the tokens that wait for an asset."""
        items = self._query(_asset(address), "WAITER#")
        return [Waiter.model_validate(record_of(item)) for item in items]

    def remove_waiter(self, waiter: Waiter) -> None:
        """Forget a token that was answered."""
        self._delete(_waiter(waiter))

    # Outages

    def outages(self, whats: Iterable[str]) -> dict[str, Outage]:
        """Return the outages that are noted of endpoints, or of the account."""
        found = (Outage.model_validate(item) for item in self._batch_get([_outage(what) for what in whats]))
        return {outage.what: outage for outage in found}

    def note_outage(
        self, what: str, reason: str, now: Seconds, *, until: Seconds = 0.0, definite: bool = False
    ) -> Outage:
        """Count one more sign of an outage, and send nothing there before `until`."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=self._item(_outage(what)),
            UpdateExpression="SET what = :what, reason = :reason, #until = :until, definite = :definite, "
            "since = if_not_exists(since, :now) ADD strikes :one",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues=self._values(
                what=what, reason=reason, until=until, definite=definite, now=now, one=1
            ),
            ReturnValues="ALL_NEW",
        )
        return Outage.model_validate(record_of(self._plain(answer["Attributes"])))

    def end_outage(self, what: str) -> None:
        """Forget an outage: something was accepted."""
        self._delete(_outage(what))

    # Files handed over

    def handover(self, address: "Address", provider: ProviderName) -> Handover | None:
        """Return where a file was handed over to a provider, if it was."""
        item = self._get(_handover(address, provider))
        return Handover.model_validate(item) if item else None

    def note_handover(self, address: "Address", provider: ProviderName, handover: Handover) -> None:
        """Remember where a file was handed over."""
        self._put(_handover(address, provider), handover)

    def forget_handover(self, address: "Address", provider: ProviderName) -> None:
        """Forget a place from which a provider could not fetch a file."""
        self._delete(_handover(address, provider))


def _fields(transition: Transition, now: Seconds, changes: Mapping[str, object] | None) -> dict[str, object]:
    fields: dict[str, object] = {"state": transition.target, **(changes or {})}
    if transition.target in SETTLED:
        fields["settled_at"] = now
    return fields


def _stepped(job: Job, transition: Transition, now: Seconds, changes: Mapping[str, object] | None) -> Job:
    return Job.model_validate({**job.model_dump(), **_fields(transition, now, changes)})


def _asset(address: "Address") -> str:
    return f"ASSET#{address}"


def _job(address: "Address") -> Key:
    return _asset(address), "JOB"


def _handover(address: "Address", provider: ProviderName) -> Key:
    return _asset(address), f"HANDOVER#{provider}"


def _waiter(waiter: Waiter) -> Key:
    return _asset(waiter.address), f"WAITER#{hashlib.sha256(waiter.token.encode()).hexdigest()}"


def _mark(address: "Address") -> Key:
    return "WATCH", address


def _request(request_id: str) -> Key:
    return f"REQUEST#{request_id}", "JOB"


def _budget(budget: Budget) -> Key:
    return f"BUDGET#{budget.kind}", budget.name


def _outage(what: str) -> Key:
    return "OUTAGES", what
