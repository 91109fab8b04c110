"""Handle the messages of a queue one by one, so that one that fails does not bring the others back."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

logger = Logger()

_BASE_DELAY = 2.0
_MAX_DELAY = 300.0


def retry_delay(receives: int, uniform: Callable[[float, float], float] = random.uniform) -> int:
    """Return after how many seconds a message comes again: full jitter under a doubling bound.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    bound = min(_MAX_DELAY, _BASE_DELAY * 2 ** min(receives, 16))
    return max(1, round(uniform(0.0, bound)))


class _BackingOff(BatchProcessor):
    """Brings a failed message back after a growing delay, and not after the queue's whole visibility timeout."""

    def __init__(self, sqs: "SQSClient", queue_url: str) -> None:
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._sqs = sqs
        self._queue_url = queue_url

    def failure_handler(self, record: Any, exception: Any) -> Any:  # noqa: ANN401 - the base class's signature
        """Put the message back with a delay, and report it as failed."""
        logger.warning("a message comes again", exc_info=exception)
        receives = int(record.attributes.approximate_receive_count)
        self._sqs.change_message_visibility(
            QueueUrl=self._queue_url,
            ReceiptHandle=record.receipt_handle,
            VisibilityTimeout=retry_delay(receives),
        )
        return super().failure_handler(record, exception)


def handle_messages(
    event: dict[str, Any],
    context: "LambdaContext",
    handle: Callable[[str], object],
    *,
    sqs: "SQSClient",
    queue_url: str,
) -> dict[str, Any]:
    """Handle each message's body; report those that raised, and only those, as failed.

    Parameters
    ----------
    sqs, queue_url
        The queue that they came from: a failed message goes back into it, to come again after a growing delay.
    """

    def handle_record(record: SQSRecord) -> None:
        logger.info("handled", outcome=handle(record.body))

    # By itself it raises when every message failed: then a request that is put off would count as a function's error.
    processor = _BackingOff(sqs, queue_url)
    answer = process_partial_response(event=event, record_handler=handle_record, processor=processor, context=context)
    return dict(answer)
