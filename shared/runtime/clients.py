"""Adapters over boto3 clients, made when they are first needed and kept."""

import functools
import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from shared.aws.bucket import S3Bucket
from shared.ledger.dynamodb import DynamoLedger
from shared.plan.models import Plan
from shared.runtime.logs import quieten_libraries

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ledger.records import Seconds
    from shared.runtime.settings import StoreSettings

quieten_libraries()

_CONNECTIONS = 32
"""At least as many as requests are made at once: more would each open a connection of their own."""
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=_CONNECTIONS,
)
_PLANS_KEPT = 8

clock: "Callable[[], Seconds]" = time.time
"""The one clock of the functions."""


@functools.cache
def client(service: str) -> Any:  # noqa: ANN401 - each adapter's constructor names the client's type
    """Return the boto3 client of a service."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]


def bucket_of(settings: "StoreSettings") -> S3Bucket:
    """Return the bucket."""
    return S3Bucket(client("s3"), settings.bucket)


def ledger_of(settings: "StoreSettings") -> DynamoLedger:
    """Return the ledger."""
    return DynamoLedger(client("dynamodb"), settings.table)


def plan_loader(settings: "StoreSettings") -> "Callable[[str], Plan]":
    """Return what reads plans; a plan never changes, so that the last few are kept."""
    bucket = bucket_of(settings)

    @functools.lru_cache(maxsize=_PLANS_KEPT)
    def load(key: str) -> Plan:
        return Plan.model_validate_json(bucket.get(key))

    return load
