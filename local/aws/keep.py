"""What outlives the engine: the objects of its buckets and the items of its tables.

Objects: MiniStack writes each to disk before it answers (``S3_PERSIST``) and serves it again, with its ETag and time,
at the next deployment (see `local.aws.buckets`). Nothing that was answered is lost, whatever process is killed.

Tables: a `Keeper` copies the items to a file twice a second if they changed, and when the engine is stopped, with
all functions frozen so that nothing can be bought after the copy. It runs in the engine's supervisor, not in the
launcher: an end of the run, an exception, Ctrl-C and a killed launcher (even by SIGKILL) lose nothing. Only if the
supervisor or the engine itself is killed, or the machine stops, are the last changes lost: those of about one second,
or of ten times the duration of a copy if that is longer.
"""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import shutil
import time
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mypy_boto3_dynamodb import DynamoDBClient

ARTEFACTS = "showrunner-artefacts"

_BATCH = 25  # of BatchWriteItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_PAUSE_BETWEEN_COPIES = 0.5  # seconds
_SHARE_OF_TIME = 0.1  # that copying may take at most

Item = dict[str, Any]  # attribute name to a value in DynamoDB's own notation, such as {"S": "text"}


class Keeper:
    """Copies the items of tables to files, each time they changed.

    Parameters
    ----------
    dynamodb
        A client for the engine.
    tables
        File name (without suffix) to table name.
    folder
        Where the files are.
    """

    def __init__(self, dynamodb: DynamoDBClient, tables: Mapping[str, str], folder: Path) -> None:
        self._dynamodb = dynamodb
        self._tables = tables
        self._folder = folder
        self._kept: dict[str, str] = {}
        self._next_copy = 0.0

    def keep(self) -> None:
        """Copy every table whose items changed, each in one atomic replacement of its file."""
        began = time.monotonic()
        for name, table in self._tables.items():
            content = encode_items(_scan(self._dynamodb, table))
            if content != self._kept.get(name):
                replace_file(self._folder / f"{name}.json", content)
                self._kept[name] = content
        ended = time.monotonic()
        self._next_copy = ended + max(_PAUSE_BETWEEN_COPIES, (ended - began) / _SHARE_OF_TIME)

    def keep_when_due(self) -> None:
        """Copy, unless the last copy was a moment ago."""
        if time.monotonic() >= self._next_copy:
            self.keep()

    def restore(self) -> None:
        """Put the kept items back into the tables."""
        for name, table in self._tables.items():
            file = self._folder / f"{name}.json"
            if file.exists():
                _write(self._dynamodb, table, decode_items(file.read_text(encoding="utf-8")))


def _scan(dynamodb: DynamoDBClient, table: str) -> list[Item]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def _write(dynamodb: DynamoDBClient, table: str, items: Iterable[Item]) -> None:
    remaining = iter(items)
    while batch := list(itertools.islice(remaining, _BATCH)):
        requests: Mapping[str, Any] = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while requests:
            requests = dynamodb.batch_write_item(RequestItems=requests)["UnprocessedItems"]


def encode_items(items: Iterable[Item]) -> str:
    """Write items as JSON, one to a line, in an order that depends on their content alone."""
    lines = sorted(json.dumps(item, sort_keys=True, ensure_ascii=False, default=_encode_bytes) for item in items)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def decode_items(content: str) -> list[Item]:
    """Read what `encode_items` wrote."""
    items: list[Item] = json.loads(content, object_hook=_decode_bytes)
    return items


def _encode_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _decode_bytes(node: dict[str, Any]) -> dict[str, Any]:
    # An attribute may itself be called B or BS, but then it holds a typed value: a mapping, not text.
    match node:
        case {"B": str(text)}:
            return {"B": base64.b64decode(text)}
        case {"BS": [*texts]} if all(isinstance(text, str) for text in texts):
            return {"BS": [base64.b64decode(text) for text in texts]}
    return node


def replace_file(file: Path, content: str) -> None:
    """Replace a file's content so that a crash at any time leaves the old or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def tidy_objects(folder: Path) -> None:
    """Make MiniStack's object folder consistent, before it is read by a new engine.

    MiniStack writes an object's content and then its description (``.meta.json``: ETag, size, time, type), each
    atomically. An engine killed between the two leaves a description of the previous content, which is dropped here:
    MiniStack computes it anew. Files that were half written, and the artefacts of earlier deployments, go as well.
    """
    for artefacts in folder.glob(f"*/{ARTEFACTS}"):
        shutil.rmtree(artefacts)
    for path in list(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix == ".tmp" and not path.with_name(f"{path.name}.meta.json").exists():
            path.unlink()
        elif not path.name.endswith(".meta.json"):
            description = path.with_name(f"{path.name}.meta.json")
            if description.exists() and description.stat().st_mtime_ns < path.stat().st_mtime_ns:
                description.unlink()


class FolderInUse(RuntimeError):
    """Another engine uses a state folder."""


def lock(folder: Path, patience: float = 15.0) -> IO[bytes]:
    """Take a state folder for one engine.

    The lock lasts until every process that inherited the returned file has closed it.

    Parameters
    ----------
    folder
        The state folder; it is made if need be.
    patience
        Seconds to wait for an engine that is just ending.

    Raises
    ------
    FolderInUse
        Another engine uses the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("wb")
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                file.close()
                raise FolderInUse(f"Another local run uses {folder}: stop it, or choose another folder.") from None
            time.sleep(0.05)
        else:
            return file
