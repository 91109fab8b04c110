"""The ledger in one DynamoDB table.

Keys (base table only; every read is strongly consistent):

=========================  ==========================  ======================================
pk                         sk                          item
=========================  ==========================  ======================================
``ASSET#<address>``        ``JOB``                     a job
``ASSET#<address>``        ``WAITER#<hash of token>``  a waiter
``ASSET#<address>``        ``HANDOVER``                where the file was handed over
``OPEN-JOBS#<digit>``      ``<address>``               a mark: this job is open (16 partitions)
``OPEN-RUNS``              ``<run's name>``            a mark: this run has not ended
``EPISODE#<id>``           ``RUN#<digest>``            the latest run at this state of inputs
``EPISODE#<id>``           ``NEWEST``                  which run was claimed last
``RUN#<run's name>``       ``PART#<index>``            how a part was made
=========================  ==========================  ======================================
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from shared.frozen import Frozen
from shared.ledger.records import (
    ENDED_RUNS,
    Handover,
    Job,
    PartOutcome,
    Run,
    RunState,
    Seconds,
    Waiter,
)
from shared.ledger.rules import claimed_job, claimed_run, may_claim, may_take_up
from shared.ledger.states import OPEN, SETTLED, Transition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from shared.addresses import Address
    from shared.ports import Claim

Item = dict[str, Any]

_BATCH_GET_LIMIT = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_CONFLICT_TRIES = 8
_KEYS = ("pk", "sk")


class LedgerBusy(Exception):
    """Other writers were in the way for too long; trying again later is safe."""


class DynamoLedger:
    """`shared.ports.Ledger` in DynamoDB.

    Parameters
    ----------
    client
        A boto3 DynamoDB client.
    table
        The table's name.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._to_item = TypeSerializer()
        self._from_item = TypeDeserializer()

    # Jobs

    def job(self, address: "Address") -> Job | None:
        """Return the job of an address, or None when the ledger has never seen it."""
        item = self._get(_asset(address), "JOB")
        return Job.model_validate(item) if item else None

    def jobs(self, addresses: "Iterable[Address]") -> "dict[Address, Job]":
        """Return the jobs of those addresses that the ledger has seen."""
        wanted = [(_asset(address), "JOB") for address in dict.fromkeys(addresses)]
        found = (Job.model_validate(item) for item in self._batch_get(wanted))
        return {job.address: job for job in found}

    def claim(self, claim: "Claim", now: Seconds) -> Job | None:
        """Claim a job that is free; return it as claimed, or None when somebody else has it or it is settled."""
        before = self.job(claim.address)
        if before and not may_claim(before, claim, now):
            return None
        job = claimed_job(before, claim, now)
        put = {
            "TableName": self._table,
            "Item": self._item(_asset(claim.address), "JOB", job),
            **self._unchanged(before),
        }
        mark = {"TableName": self._table, "Item": self._item(*_open_job(claim.address))}
        return job if self._transact([{"Put": put}, {"Put": mark}]) else None

    def step(
        self, job: Job, transition: Transition, now: Seconds, changes: Mapping[str, object] | None = None
    ) -> Job | None:
        """Make a transition on this attempt of a job; return the job after it, or None when its state forbids it."""
        fields: dict[str, object] = {"state": transition.target, **(changes or {})}
        if transition.target in SETTLED:
            fields["settled_at"] = now
        sources = {f"source{n}": state for n, state in enumerate(sorted(transition.sources))}
        update = {
            "TableName": self._table,
            "Key": self._item(_asset(job.address), "JOB"),
            "ConditionExpression": f"attempt = :attempt AND #state IN ({', '.join(':' + name for name in sources)})",
            **self._assignments(fields, attempt=job.attempt, **sources),
        }
        mark = {"TableName": self._table, "Key": self._item(*_open_job(job.address))}
        actions: list[Item] = [{"Update": update}]
        if transition.target not in OPEN:
            actions.append({"Delete": mark})
        if not self._transact(actions):
            return None
        return Job.model_validate({**job.model_dump(), **fields})

    def open_jobs(self) -> list[Job]:
        """Return every job that is neither free nor settled."""
        marks = (mark for digit in "0123456789abcdef" for mark in self._query(f"OPEN-JOBS#{digit}"))
        found = self.jobs(mark["sk"] for mark in marks)
        return sorted((job for job in found.values() if job.is_open), key=lambda job: job.claimed_at)

    # Waiters

    def add_waiter(self, waiter: Waiter) -> None:
        """Remember a task token that waits for an asset; the same token twice is one waiter."""
        self._put(*_waiter(waiter), waiter)

    def waiters(self, address: "Address") -> list[Waiter]:
        """Return the tokens that wait for an asset."""
        return [Waiter.model_validate(_record(item)) for item in self._query(_asset(address), "WAITER#")]

    def remove_waiter(self, waiter: Waiter) -> None:
        """Forget a token that was answered."""
        self._client.delete_item(TableName=self._table, Key=self._item(*_waiter(waiter)))

    # Runs

    def claim_run(self, episode_id: str, digest: str, now: Seconds, *, name: Callable[[int], str], again: bool) -> Run:
        """Claim a state of an episode's inputs for a run; see `shared.ports.Ledger.claim_run`."""
        before = self.run(episode_id, digest)
        if before and not may_take_up(before, newest=self._is_newest(before), again=again):
            return before
        run = claimed_run(before, episode_id, digest, now, name)
        episode = _episode(episode_id)
        records = [
            {"Item": self._item(episode, f"RUN#{digest}", run), **self._unchanged(before)},
            {"Item": self._item(episode, "NEWEST", digest=digest)},
            {"Item": self._item("OPEN-RUNS", run.name, episode_id=episode_id, digest=digest)},
        ]
        actions: list[Item] = [{"Put": {"TableName": self._table, **record}} for record in records]
        if before and before.name != run.name:
            actions.append({"Delete": {"TableName": self._table, "Key": self._item("OPEN-RUNS", before.name)}})
        won = self._transact(actions)
        return run if won else self.claim_run(episode_id, digest, now, name=name, again=again)

    def run(self, episode_id: str, digest: str) -> Run | None:
        """Return the latest run at this state of the inputs."""
        item = self._get(_episode(episode_id), f"RUN#{digest}")
        return Run.model_validate(item) if item else None

    def newest_run(self, episode_id: str) -> Run | None:
        """Return the run that was claimed last, at whatever state of the inputs."""
        newest = self._get(_episode(episode_id), "NEWEST")
        return self.run(episode_id, newest["digest"]) if newest else None

    def _is_newest(self, run: Run) -> bool:
        newest = self._get(_episode(run.episode_id), "NEWEST")
        return newest is not None and newest["digest"] == run.digest

    def update_run(self, run: Run, state: RunState, changes: Mapping[str, object] | None = None) -> Run | None:
        """Bring this attempt of a run from a state that has not ended to `state`; None when it had ended already."""
        fields = {"state": state, **(changes or {})}
        update = {
            "TableName": self._table,
            "Key": self._item(_episode(run.episode_id), f"RUN#{run.digest}"),
            "ConditionExpression": "#name = :name AND #state IN (:starting, :running)",
            **self._assignments(fields, name=run.name, starting=RunState.STARTING, running=RunState.RUNNING),
        }
        actions: list[Item] = [{"Update": update}]
        if state in ENDED_RUNS:
            actions.append({"Delete": {"TableName": self._table, "Key": self._item("OPEN-RUNS", run.name)}})
        return Run.model_validate({**run.model_dump(), **fields}) if self._transact(actions) else None

    def open_runs(self) -> list[Run]:
        """Return every run that has not ended."""
        found = (self.run(mark["episode_id"], mark["digest"]) for mark in self._query("OPEN-RUNS"))
        return [run for run in found if run and run.state not in ENDED_RUNS]

    def note_part(self, run_name: str, outcome: PartOutcome) -> None:
        """Remember how a part was made in a run."""
        self._put(f"RUN#{run_name}", f"PART#{outcome.part:05d}", outcome)

    def parts(self, run_name: str) -> dict[int, PartOutcome]:
        """Return the parts that a run has made so far, by their index."""
        found = (PartOutcome.model_validate(_record(item)) for item in self._query(f"RUN#{run_name}", "PART#"))
        return {outcome.part: outcome for outcome in found}

    # Files handed over

    def handover(self, address: "Address") -> Handover | None:
        """Return where a file was handed over, if it was."""
        item = self._get(_asset(address), "HANDOVER")
        return Handover.model_validate(item) if item else None

    def note_handover(self, address: "Address", handover: Handover) -> None:
        """Remember where a file was handed over."""
        self._put(_asset(address), "HANDOVER", handover)

    def forget_handover(self, address: "Address") -> None:
        """Forget a place from which a provider could not fetch a file."""
        self._client.delete_item(TableName=self._table, Key=self._item(_asset(address), "HANDOVER"))

    # DynamoDB

    def _get(self, pk: str, sk: str) -> Item | None:
        answer = self._client.get_item(TableName=self._table, Key=self._item(pk, sk), ConsistentRead=True)
        return _record(self._plain(answer["Item"])) if "Item" in answer else None

    def _put(self, pk: str, sk: str, record: Frozen) -> None:
        self._client.put_item(TableName=self._table, Item=self._item(pk, sk, record))

    def _query(self, pk: str, sk_prefix: str = "") -> Iterator[Item]:
        condition, values = "pk = :pk", {"pk": pk}
        if sk_prefix:
            condition, values = f"{condition} AND begins_with(sk, :prefix)", {"pk": pk, "prefix": sk_prefix}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=self._values(**values),
        )
        return (self._plain(item) for page in pages for item in page["Items"])

    def _batch_get(self, keys: Sequence[tuple[str, str]]) -> Iterator[Item]:
        for start in range(0, len(keys), _BATCH_GET_LIMIT):
            wanted: list[Item] = [self._item(*key) for key in keys[start : start + _BATCH_GET_LIMIT]]
            while wanted:
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": wanted, "ConsistentRead": True}}
                )
                yield from (_record(self._plain(item)) for item in answer["Responses"].get(self._table, []))
                wanted = list(answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"])

    def _transact(self, actions: Sequence[Item]) -> bool:
        """Write all or nothing; tell whether the conditions held."""
        for _ in range(_CONFLICT_TRIES):
            try:
                self._client.transact_write_items(TransactItems=cast("Sequence[TransactWriteItemTypeDef]", actions))
            except self._client.exceptions.TransactionCanceledException as refused:
                codes = {reason.get("Code") for reason in refused.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in codes:
                    return False
                if "TransactionConflict" not in codes:
                    raise
            else:
                return True
        raise LedgerBusy(f"another writer held the same items {_CONFLICT_TRIES} times in a row")

    def _unchanged(self, before: Job | Run | None) -> Item:
        """Return the condition that nobody has written the item since `before` was read from it."""
        if before is None:
            return {"ConditionExpression": "attribute_not_exists(pk)"}
        return {
            "ConditionExpression": "attempt = :attempt AND #state = :state",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": self._values(attempt=before.attempt, state=before.state),
        }

    def _assignments(self, fields: Mapping[str, object], /, **conditions: object) -> Item:
        """Return an update's expression that sets `fields`, with names and values for its condition as well."""
        names = {"#state": "state"} | ({"#name": "name"} if "name" in conditions else {})
        names |= {f"#set_{field}": field for field in fields}
        return {
            "UpdateExpression": "SET " + ", ".join(f"#set_{field} = :set_{field}" for field in fields),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": self._values(
                **conditions, **{f"set_{field}": value for field, value in fields.items()}
            ),
        }

    def _values(self, **values: object) -> Item:
        return {f":{name}": self._to_item.serialize(_dynamo(value)) for name, value in values.items()}

    def _item(self, pk: str, sk: str, record: Frozen | None = None, /, **attributes: object) -> Item:
        fields = record.model_dump(mode="json", exclude_none=True) if record else attributes
        return {name: self._to_item.serialize(_dynamo(value)) for name, value in {"pk": pk, "sk": sk, **fields}.items()}

    def _plain(self, item: Mapping[str, Any]) -> Item:
        return {name: self._from_item.deserialize(value) for name, value in item.items()}


def _record(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _KEYS}


def _dynamo(value: object) -> object:
    """Return a value as DynamoDB takes it: records as maps, numbers as decimals."""
    if isinstance(value, Frozen):
        value = value.model_dump(mode="json", exclude_none=True)
    return json.loads(json.dumps(value), parse_float=Decimal)


def _asset(address: "Address") -> str:
    return f"ASSET#{address}"


def _episode(episode_id: str) -> str:
    return f"EPISODE#{episode_id}"


def _open_job(address: "Address") -> tuple[str, str]:
    return f"OPEN-JOBS#{address[0]}", address


def _waiter(waiter: Waiter) -> tuple[str, str]:
    return _asset(waiter.address), f"WAITER#{hashlib.sha256(waiter.token.encode()).hexdigest()}"
