"""Brings results home: matches the job, fetches and checks the file, stores it, wakes who waits."""

import random
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.queue import SqsRequests
from shared.aws.step_functions import SfnTaskTokens
from shared.metrics import FOREIGN_CALLBACKS
from shared.runtime.batches import handle_messages
from shared.runtime.clients import bucket_of, client, clock, ledger_of
from shared.runtime.providers import downloaders_of, providers_of
from shared.runtime.reporting import Reporter
from shared.runtime.settings import CollectSettings
from shared.workflow.check_result import MAX_RESULT_BYTES, check_result
from shared.workflow.collect_asset import Collected, CollectingDesk, InboxMessage, collect_asset

logger = Logger()
reporter = Reporter()
settings = CollectSettings.from_environment()
desk = CollectingDesk(
    ledger=ledger_of(settings),
    tokens=SfnTaskTokens(client("stepfunctions")),
    bucket=bucket_of(settings),
    providers=providers_of(settings),
    requests=SqsRequests(client("sqs"), settings.request_queue_urls),
    downloaders=downloaders_of(settings, MAX_RESULT_BYTES),
    check_file=check_result,
    clock=clock,
    jitter=random.uniform,
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Collect each callback's result."""
    return handle_messages(event, context, collect, sqs=client("sqs"), queue_url=settings.inbox_queue_url)


def collect(body: str) -> Collected:
    """Collect the result that one message announces."""
    message = InboxMessage.model_validate_json(body)
    logger.append_keys(address=message.address)
    collected = collect_asset(message, desk)
    if collected is Collected.FOREIGN:
        logger.warning("a callback that a provider signed carries the name or the secret of no job of ours")
        reporter.report({FOREIGN_CALLBACKS: 1})
    return collected
