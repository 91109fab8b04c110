"""A transaction on moto costs the same however many items its table has, and a cancelled one still leaves no trace."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.dynamo_type import Item

from benchmarks.moto_tables import copy_only_what_changes

KEYS = {True: ("pk", "sk"), False: ("pk",)}


@pytest.fixture(params=[True, False], ids=["with a sort key", "without"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator["Rows"]:
    copy_only_what_changes(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Rows(KEYS[request.param])


class Rows:
    """A table, and short ways to write transactions on it."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        client: Any = boto3.client("dynamodb", region_name="eu-central-1")
        self._client = client
        client.create_table(
            TableName="rows",
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )

    def key(self, name: str) -> dict[str, dict[str, str]]:
        return {key: {"S": name} for key in self._keys}

    def put(self, name: str, count: int) -> dict[str, Any]:
        return {"Put": {"TableName": "rows", "Item": {**self.key(name), "count": {"N": str(count)}}}}

    def set(self, name: str, count: int, *, if_was: int | None = None) -> dict[str, Any]:
        values = {":count": {"N": str(count)}}
        condition = {}
        if if_was is not None:
            values[":was"] = {"N": str(if_was)}
            condition = {"ConditionExpression": "#count = :was"}
        return {
            "Update": {
                "TableName": "rows",
                "Key": self.key(name),
                "UpdateExpression": "SET #count = :count",
                "ExpressionAttributeNames": {"#count": "count"},
                "ExpressionAttributeValues": values,
                **condition,
            }
        }

    def delete(self, name: str) -> dict[str, Any]:
        return {"Delete": {"TableName": "rows", "Key": self.key(name)}}

    def transact(self, *actions: dict[str, Any]) -> None:
        self._client.transact_write_items(TransactItems=list(actions))

    def is_cancelled(self, *actions: dict[str, Any]) -> bool:
        try:
            self.transact(*actions)
        except self._client.exceptions.TransactionCanceledException:
            return True
        return False

    @property
    def counts(self) -> dict[str, int]:
        items = self._client.scan(TableName="rows")["Items"]
        return {item["pk"]["S"]: int(item["count"]["N"]) for item in items}


def test_a_transaction_does_all_that_it_says(table: Rows) -> None:
    table.transact(table.put("a", 1), table.put("b", 2), table.put("c", 3))
    table.transact(table.set("a", 10, if_was=1), table.delete("b"), table.put("c", 30), table.put("d", 4))
    assert table.counts == {"a": 10, "c": 30, "d": 4}


def test_a_cancelled_transaction_leaves_no_trace(table: Rows) -> None:
    # given items that a transaction updates, replaces, deletes and adds before it comes to one that it may not write
    table.transact(*(table.put(name, 1) for name in "abcz"))
    actions = [table.set("a", 2), table.put("b", 2), table.delete("c"), table.put("d", 2), table.set("e", 2)]
    # when it is cancelled for that one, then all are as they were
    assert table.is_cancelled(*actions, table.set("z", 2, if_was=7))
    assert table.counts == dict.fromkeys("abcz", 1)


def test_a_transaction_copies_no_items_that_it_does_not_write(table: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    # given every copy of an item noted
    copied = 0
    copy_item = Item.__deepcopy__

    def noted(item: Item, memo: dict[int, Any]) -> Item:
        nonlocal copied
        copied += 1
        return copy_item(item, memo)

    monkeypatch.setattr(Item, "__deepcopy__", noted)

    def copies_of_an_update() -> int:
        before = copied
        table.transact(table.set("0", 5))
        return copied - before

    table.transact(table.put("0", 0))
    in_a_small_table = copies_of_an_update()
    # when the table has grown, then an update of the same item copies no more of them
    for begin in range(1, 400, 50):
        table.transact(*(table.put(str(number), number) for number in range(begin, begin + 50)))
    assert copies_of_an_update() == in_a_small_table
