"""The real webhook handler on moto's SQS and S3, and fal's published keys on a server of this machine."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from shared.runtime import clients
from shared.workflow.collect_asset import InboxMessage
from tests.integration.plot.functions import Context, Handler, load_handler
from tests.integration.webhook.published_keys import KeySite
from tests.unit.webhook.fal_callbacks import KEY, ROOT, US, event_of

REGION = "eu-central-1"
BUCKET = "showrunner-webhook"


@dataclass
class Deployed:
    """A deployed webhook: its queue, its bucket, and the site of fal's keys."""

    s3: Any
    sqs: Any
    queue_url: str
    site: KeySite
    environment: Mapping[str, str]

    def cold(self, **environment: str) -> Handler:
        """Start the function cold."""
        return load_handler(ROOT / "functions/hedra_webhook", {**self.environment, **environment})

    def call_back(self, handler: Handler, headers: dict[str, str], body: bytes, **how: Any) -> int:
        event = json.loads(json.dumps(event_of(headers, body, **how)))
        return int(handler(event, Context("HedraWebhook"))["statusCode"])

    def inbox(self) -> list[InboxMessage]:
        """Take every message out of the inbox."""
        taken = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in taken:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [InboxMessage.model_validate_json(message["Body"]) for message in taken]

    def keys(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [entry["Key"] for entry in listed]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    clients.client.cache_clear()
    with mock_aws(), KeySite() as site:
        site.publish(KEY)
        client: Callable[[str], Any] = lambda service: boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # noqa: E731 - the name is a variable
        s3, sqs = client("s3"), client("sqs")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        url = sqs.create_queue(QueueName="inbox-webhook", Attributes={"MaximumMessageSize": "262144"})["QueueUrl"]
        environment = {"INBOX_QUEUE_URL": url, "BUCKET": BUCKET, "FAL_USER_ID": US, "FAL_REST_URL": site.url}
        yield Deployed(s3, sqs, url, site, environment)
    clients.client.cache_clear()
