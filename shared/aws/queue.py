"""One queue, in SQS."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
