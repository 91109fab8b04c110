"""One DynamoDB table with the keys ``pk`` and ``sk``: strongly consistent reads, conditional writes, transactions."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from shared.frozen import Frozen
from shared.ledger.records import Job, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Item = dict[str, Any]
Key = tuple[str, str]

_BATCH_GET_LIMIT = 100  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_CONFLICT_TRIES = 10
_CONFLICT_WAIT = 0.02
_MAX_CONFLICT_WAIT = 1.0
_KEYS = ("pk", "sk")


class LedgerBusy(Exception):
    """Other writers were in the way for too long; trying again later is safe."""


class DynamoTable:
    """A table of records.

    Parameters
    ----------
    client
        A boto3 DynamoDB client.
    table
        The table's name.
    wait
        Waits for some seconds.
    """

    def __init__(self, client: "DynamoDBClient", table: str, wait: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._wait = wait
        self._to_item = TypeSerializer()
        self._from_item = TypeDeserializer()

    def _get(self, key: Key) -> Item | None:
        answer = self._client.get_item(TableName=self._table, Key=self._item(key), ConsistentRead=True)
        return record_of(self._plain(answer["Item"])) if "Item" in answer else None

    def _batch_get(self, keys: Sequence[Key]) -> Iterator[Item]:
        for start in range(0, len(keys), _BATCH_GET_LIMIT):
            wanted: list[Item] = [self._item(key) for key in keys[start : start + _BATCH_GET_LIMIT]]
            while wanted:
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": wanted, "ConsistentRead": True}}
                )
                yield from (record_of(self._plain(item)) for item in answer["Responses"].get(self._table, []))
                wanted = list(answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"])

    def _query(self, pk: str, sk_prefix: str = "") -> Iterator[Item]:
        """Return the items of a partition, with their keys."""
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

    def _put(self, key: Key, record: Frozen) -> None:
        self._client.put_item(TableName=self._table, Item=self._item(key, record))

    def _delete(self, key: Key) -> None:
        self._client.delete_item(TableName=self._table, Key=self._item(key))

    def _transact(self, actions: Sequence[Item]) -> frozenset[int]:
        """Write all or nothing; return which of the actions' conditions did not hold: none when all was written."""
        for attempt in range(_CONFLICT_TRIES):
            try:
                self._client.transact_write_items(TransactItems=cast("Sequence[TransactWriteItemTypeDef]", actions))
            except self._client.exceptions.TransactionCanceledException as refused:
                codes = [reason.get("Code") for reason in refused.response.get("CancellationReasons", [])]
                failed = frozenset(n for n, code in enumerate(codes) if code == "ConditionalCheckFailed")
                if failed:
                    return failed
                if "TransactionConflict" not in codes:
                    raise
            else:
                return frozenset()
            # Full jitter; not for cryptography.
            self._wait(random.uniform(0, min(_MAX_CONFLICT_WAIT, _CONFLICT_WAIT * 2**attempt)))  # noqa: S311
        raise LedgerBusy(f"another writer held the same items {_CONFLICT_TRIES} times in a row")

    def _put_action(self, key: Key, record: Frozen | None = None, /, **attributes: object) -> Item:
        return {"Put": {"TableName": self._table, "Item": self._item(key, record, **attributes)}}

    def _delete_action(self, key: Key) -> Item:
        return {"Delete": {"TableName": self._table, "Key": self._item(key)}}

    def _update_action(self, key: Key, fields: Mapping[str, object], condition: str, /, **values: object) -> Item:
        """Return what sets `fields` of an item if a condition, written with ``#name`` and ``:name``, holds."""
        names = {f"#{name}": name for name in ("state", "name") if f"#{name}" in condition}
        return {
            "Update": {
                "TableName": self._table,
                "Key": self._item(key),
                "UpdateExpression": "SET " + ", ".join(f"#set_{field} = :set_{field}" for field in fields),
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names | {f"#set_{field}": field for field in fields},
                "ExpressionAttributeValues": self._values(
                    **values, **{f"set_{field}": value for field, value in fields.items()}
                ),
            }
        }

    def _unchanged(self, before: Job | Run | None) -> Item:
        """Return the condition that nobody has written the item since `before` was read from it."""
        if before is None:
            return {"ConditionExpression": "attribute_not_exists(pk)"}
        return {
            "ConditionExpression": "attempt = :attempt AND #state = :state",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": self._values(attempt=before.attempt, state=before.state),
        }

    def _values(self, **values: object) -> Item:
        return {f":{name}": self._to_item.serialize(_dynamo(value)) for name, value in values.items()}

    def _item(self, key: Key, record: Frozen | None = None, /, **attributes: object) -> Item:
        fields = record.model_dump(mode="json", exclude_none=True) if record else attributes
        everything = dict(zip(_KEYS, key, strict=True)) | fields
        return {name: self._to_item.serialize(_dynamo(value)) for name, value in everything.items()}

    def _plain(self, item: Mapping[str, Any]) -> Item:
        return {name: self._from_item.deserialize(value) for name, value in item.items()}


def record_of(item: Item) -> Item:
    """Return an item without its keys."""
    return {name: value for name, value in item.items() if name not in _KEYS}


def _dynamo(value: object) -> object:
    """Return a value as DynamoDB takes it: records as maps, numbers as decimals."""
    if isinstance(value, Frozen):
        value = value.model_dump(mode="json", exclude_none=True)
    return json.loads(json.dumps(value), parse_float=Decimal)
