"""Closes a run: its state, status.json, bill.json and one event."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.closing import closing_desk
from shared.runtime.settings import StoreSettings
from shared.workflow.record_outcome import RunEnd, record_outcome

logger = Logger()
desk = closing_desk(StoreSettings.from_environment())


@logger.inject_lambda_context(correlation_id_path="run")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Close one run and say how it ended."""
    closed = record_outcome(RunEnd.model_validate(event), desk)
    logger.info("closed", state=closed.state, error=closed.error, reason=closed.message)
    return closed.model_dump(mode="json")
