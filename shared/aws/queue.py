"""Queues in SQS."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs import SQSClient

    from shared.keys import AssetKind


class SqsQueue:
    """`shared.ports.Queue` in SQS.

    Parameters
    ----------
    client
        A boto3 SQS client.
    url
        The queue's URL.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, body: str, delay: int = 0) -> None:
        """Send a message, to be delivered after `delay` seconds (at most 900)."""
        self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay)


class SqsRequests:
    """`shared.ports.Requests` in SQS.

    Parameters
    ----------
    client
        A boto3 SQS client.
    urls
        The queues' URLs by what is asked for.
    """

    def __init__(self, client: "SQSClient", urls: "Mapping[AssetKind, str]") -> None:
        self._queues = {kind: SqsQueue(client, url) for kind, url in urls.items()}

    def send(self, kind: "AssetKind", body: str, delay: int = 0) -> None:
        """Ask for an asset (again), after `delay` seconds (at most 900)."""
        self._queues[kind].send(body, delay)
