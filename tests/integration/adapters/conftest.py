"""Each port twice: the fake, and the real adapter on a simulated AWS."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.aws.bucket import S3Bucket
from shared.ledger.dynamodb import DynamoLedger
from shared.ports import Bucket, Ledger
from tests.fakes.bucket import MemoryBucket
from tests.fakes.ledger import MemoryLedger

REGION = "eu-central-1"
TABLE = "ledger"
BUCKET = "showrunner"


@pytest.fixture(scope="session")
def made_clients() -> dict[str, Any]:
    """Keep the clients of all tests: each takes long to make, and works on whichever AWS is simulated."""
    return {}


@pytest.fixture
def aws(made_clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Give clients of one simulated AWS, which is empty; its credentials are made up."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)

    def client(service: str) -> Any:
        if service not in made_clients:
            made_clients[service] = boto3.client(  # type: ignore[call-overload]
                service, region_name=REGION, aws_access_key_id="made-up", aws_secret_access_key="made-up"
            )
        return made_clients[service]

    with mock_aws():
        yield client


@pytest.fixture
def table(aws: Callable[[str], Any]) -> str:
    dynamodb = aws("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return TABLE


class Atomic:
    """A DynamoDB client whose calls are atomic, as DynamoDB's are and moto's are not between threads."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def atomic(**request: Any) -> Any:
            with self._lock:
                return operation(**request)

        return atomic if name in self._client.meta.method_to_api_mapping else operation


@pytest.fixture(params=["fake", "dynamodb"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "fake":
        return MemoryLedger()
    client: Any = Atomic(request.getfixturevalue("aws")("dynamodb"))
    return DynamoLedger(client, request.getfixturevalue("table"))


@pytest.fixture(params=["fake", "s3"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    if request.param == "fake":
        return MemoryBucket()
    s3 = request.getfixturevalue("aws")("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return S3Bucket(s3, BUCKET)
