"""moto's tables, fit for long episodes: a transaction copies the items that it updates, and not its whole table.

moto 5.2.5 keeps a deep copy of each table that a transaction names, for the case that it is cancelled
(``moto.dynamodb.models.DynamoDBBackend.transact_write_items``). What an episode's transactions take together then grows
with the square of its parts. moto's authors have made such copies faster
(https://github.com/getmoto/moto/pull/9670), but not fewer.
"""

import copy
from collections import defaultdict
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table


def copy_only_what_changes(patch: pytest.MonkeyPatch) -> None:
    """Let a copy of a table share its items with it, and an update replace an item by an updated copy.

    That suffices for a cancelled transaction to leave all as it was: whatever else writes replaces whole items.
    """
    update_item = DynamoDBBackend.update_item

    def copy_of_table(table: Table, _: dict[int, object]) -> Table:
        shared = copy.copy(table)
        rows = ((key, row if isinstance(row, Item) else {**row}) for key, row in table.items.items())
        shared.items = defaultdict(dict, rows)
        return shared

    def update_copy_of_item(
        backend: DynamoDBBackend,
        table_name: str,
        key: dict[str, dict[str, Any]],
        *args: Any,  # noqa: ANN401 - moto's own
        **named: Any,  # noqa: ANN401
    ) -> Item:
        item = backend.get_item(table_name, key)
        if item:
            items: dict[object, Any] = backend.get_table(table_name).items
            if item.range_key:
                items[item.hash_key][item.range_key] = copy.deepcopy(item)
            else:
                items[item.hash_key] = copy.deepcopy(item)
        return update_item(backend, table_name, key, *args, **named)

    patch.setattr(Table, "__deepcopy__", copy_of_table, raising=False)
    patch.setattr(DynamoDBBackend, "update_item", update_copy_of_item)
