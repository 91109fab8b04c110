"""What this machine keeps between two runs, read without starting anything.

The local engine writes each object to disk at once, and the ledger's items twice a second (`local.aws.keep`). So this
shows a run that another terminal makes, too.
"""

import fcntl
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any, cast

from local.aws.clients import ACCOUNT
from local.aws.keep import ARTEFACTS, Item, decode_items
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints
from shared.ledger.dynamodb import DynamoLedger
from shared.ports import ObjectMissing, StoredObject

_TABLE = "kept"
_DESCRIPTIONS = ".meta.json"


class KeptBucket:
    """The objects of the engine's bucket: the reading half of `shared.ports.Bucket`.

    Parameters
    ----------
    folder
        Where they lie, by their keys; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """Return the file of an object; raises `ObjectMissing`."""
        path = self._folder / key
        if not path.is_file():
            raise ObjectMissing(f"this machine keeps no object {key}")
        return path

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises `ObjectMissing`."""
        return self.path(key).read_bytes()

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        return (self._folder / key).is_file()

    def size(self, key: str) -> int:
        """Return an object's size in bytes; raises `ObjectMissing`."""
        return self.path(key).stat().st_size

    def list(self, prefix: str, at_most: int | None = None) -> Sequence[StoredObject]:
        """Return all objects whose keys begin with `prefix`, or the first `at_most` of them, by key."""
        files = {
            path.relative_to(self._folder).as_posix(): path
            for path in (self._folder / prefix.rpartition("/")[0]).rglob("*")
            if path.is_file() and not path.name.endswith((_DESCRIPTIONS, ".tmp"))
        }
        return [_stored(key, files[key]) for key in sorted(files) if key.startswith(prefix)][:at_most]

    def download(self, key: str, target: Path) -> None:
        """Write an object to a file; raises `ObjectMissing`."""
        shutil.copyfile(self.path(key), target)


def _stored(key: str, path: Path) -> StoredObject:
    with path.open("rb") as file:
        digest = md5(usedforsecurity=False)
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return StoredObject(key, digest.hexdigest(), path.stat().st_size, path.stat().st_mtime)


class KeptTable:
    """The reads that `DynamoLedger` makes of its table, answered from the items that the engine keeps.

    Parameters
    ----------
    file
        What `local.aws.keep.Keeper` writes; read anew for each call, and empty while there is none.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def get_item(self, *, Key: Item, **_: object) -> dict[str, Any]:  # noqa: N803 -- boto3's names
        """Return one item, as DynamoDB does."""
        found = self._items().get(_key_of(Key))
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 -- boto3's names
        """Return those of some items that there are."""
        items = self._items()
        found = [items[key] for wanted in RequestItems[_TABLE]["Keys"] if (key := _key_of(wanted)) in items]
        return {"Responses": {_TABLE: found}, "UnprocessedKeys": {}}

    def get_paginator(self, _operation: str) -> "KeptTable":
        """Return what pages through a query."""
        return self

    def paginate(self, *, ExpressionAttributeValues: Mapping[str, Any], **_: object) -> list[dict[str, Any]]:  # noqa: N803 -- boto3's names
        """Return the items of a partition whose sort keys begin with a prefix, in their order."""
        texts = {name: value["S"] for name, value in ExpressionAttributeValues.items()}
        prefix = texts.get(":prefix", "")
        chosen = sorted(key for key in self._items() if key[0] == texts[":pk"] and key[1].startswith(prefix))
        return [{"Items": [self._items()[key] for key in chosen]}]

    def _items(self) -> dict[tuple[str, str], Item]:
        if not self._file.is_file():
            return {}
        return {_key_of(item): item for item in decode_items(self._file.read_text(encoding="utf-8"))}


def _key_of(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


@dataclass(frozen=True, slots=True)
class KeptExecutions:
    """Whether anything runs here: while an engine does, it holds the folder's lock."""

    lock: Path

    def is_running(self, execution_arn: str) -> bool:  # noqa: ARG002 -- whatever its name, it runs in that engine
        """Tell whether an execution may still be under way."""
        if not self.lock.is_file():
            return False
        with self.lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """`cli.target.Records` of this machine."""

    bucket: KeptBucket
    ledger: DynamoLedger
    executions: KeptExecutions
    configuration: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    name: str = "this machine"
    poll_interval: float = 0.5
    is_deployed: bool = False


def kept_records(state: Path) -> KeptRecords:
    """Return what is kept in a state folder, which need not exist yet."""
    kept = state / "aws"
    buckets = sorted(path for path in (kept / "objects" / ACCOUNT).glob("*") if path.name != ARTEFACTS)
    tables = sorted((kept / "tables").glob("*.json"))
    table = KeptTable(tables[0] if tables else kept / "tables" / "none.json")
    return KeptRecords(
        bucket=KeptBucket(buckets[0] if buckets else kept / "objects" / "none"),
        ledger=DynamoLedger(cast("Any", table), _TABLE),
        executions=KeptExecutions(kept / "lock"),
        configuration=configuration_of(Endpoints()),  # the engine on this machine is given no others
    )
