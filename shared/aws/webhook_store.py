"""The webhook's few objects, in S3."""

import functools
from typing import TYPE_CHECKING

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from shared.webhooks.store import StoreUnavailable

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_s3 import S3Client

logger = Logger()


class S3WebhookStore:
    """`shared.webhooks.store.WebhookStore` in S3.

    The client is made when it is first needed, which is seldom: it takes as long to make as all else that the webhook
    imports.

    Parameters
    ----------
    bucket
        The bucket's name.
    config
        How long AWS is waited for.
    """

    def __init__(self, bucket: str, config: "Config") -> None:
        self._bucket = bucket
        self._config = config

    @functools.cached_property
    def _client(self) -> "S3Client":
        return boto3.client("s3", config=self._config)

    def get(self, key: str) -> bytes | None:
        """Return an object's bytes; None when it is missing or cannot be read."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            # Of a missing object S3 says that it is forbidden: this function may not list the bucket.
            logger.info("no such object, or not to be read", key=key, reason=str(error))
            return None

    def put(self, key: str, data: bytes) -> None:
        """Store an object whole; raises `StoreUnavailable`."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"{key} could not be stored: {error}") from error
