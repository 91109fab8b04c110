"""boto3 clients for an engine on this machine: they can reach nothing else."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

REGION = "us-east-1"
ACCOUNT = "000000000000"
KEY_ID = SECRET_KEY = "test"  # noqa: S105  (any will do)

# An engine on the same machine answers in milliseconds; a synchronous invocation lasts as long as its function.
_CONFIG = Config(connect_timeout=2, read_timeout=120, retries={"total_max_attempts": 2, "mode": "standard"})


def session() -> boto3.Session:
    """Make a boto3 session with dummy credentials that reads none of the user's AWS profiles and settings."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(
        aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET_KEY, region_name=REGION, botocore_session=core
    )


class Clients:
    """The clients of one engine, each made when it is first used.

    Parameters
    ----------
    endpoint
        The engine's address, for example ``http://127.0.0.1:4566``.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = session()

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """CloudFormation."""
        return self._session.client("cloudformation", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB."""
        return self._session.client("dynamodb", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def events(self) -> EventBridgeClient:
        """EventBridge."""
        return self._session.client("events", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def functions(self) -> LambdaClient:
        """Lambda (whose own name is a keyword of Python)."""
        return self._session.client("lambda", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def logs(self) -> Any:  # noqa: ANN401  (its stubs are not installed)
        """CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        return self._session.client("s3", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def secrets(self) -> SecretsManagerClient:
        """Secrets Manager."""
        return self._session.client("secretsmanager", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def sqs(self) -> SQSClient:
        """SQS."""
        return self._session.client("sqs", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def stepfunctions(self) -> SFNClient:
        """Step Functions."""
        return self._session.client("stepfunctions", endpoint_url=self.endpoint, config=_CONFIG)
