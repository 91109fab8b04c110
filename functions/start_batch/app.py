"""Goes over batches: starts what is missing of them, up to their limits, and says how they stand."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.settings import BatchSettings
from shared.runtime.starting import batch_desk
from shared.workflow.start_batch import go_over_open_batches, start_batches

logger = Logger()
desk = batch_desk(BatchSettings.from_environment())


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Go over the open batches; when the schedule or a person calls, ask for all that is unfinished first.

    Messages say that a manifest came or that an episode has ended. However many there are, one pass answers them; if
    it fails, all of them come again.
    """
    if "Records" in event:
        logger.info("batches gone over", batches=go_over_open_batches(desk), messages=len(event["Records"]))
        return {"batchItemFailures": []}
    passed = go_over_open_batches(desk) if event.get("asked") is False else start_batches(desk)
    logger.info("batches gone over", batches=passed)
    return passed
