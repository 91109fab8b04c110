"""Dead-letter queues, in SQS."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_A_BATCH = 10
_BATCHES = 20
"""At most this many batches a queue and cycle, so that a cycle ends."""


class SqsDeadLetters:
    """`shared.workflow.reconcile.DeadLetters` in SQS.

    Parameters
    ----------
    client
        A boto3 SQS client.
    urls
        The dead-letter queues.
    """

    def __init__(self, client: "SQSClient", urls: Sequence[str]) -> None:
        self._client = client
        self._urls = urls

    def take(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return messages, each with a way to delete it."""
        return [letter for url in self._urls for letter in self._letters_of(url)]

    def _letters_of(self, url: str) -> Iterator[tuple[str, Callable[[], object]]]:
        for _ in range(_BATCHES):
            answer = self._client.receive_message(QueueUrl=url, MaxNumberOfMessages=_A_BATCH, VisibilityTimeout=300)
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                delete = partial(self._client.delete_message, QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                yield message["Body"], delete
