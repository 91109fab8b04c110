"""Joins a run's house clips into the episode and puts it beside the script."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.clients import bucket_of, ledger_of, plan_loader
from shared.runtime.settings import StoreSettings
from shared.workflow.assemble_episode import AssembleRequest, assemble_episode
from shared.workflow.cutting_room import CuttingRoom

logger = Logger()
settings = StoreSettings.from_environment()
room = CuttingRoom(bucket=bucket_of(settings), ledger=ledger_of(settings), load_plan=plan_loader(settings))


@logger.inject_lambda_context(correlation_id_path="run")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Assemble one run's episode."""
    outcome = assemble_episode(AssembleRequest.model_validate(event), room)
    logger.info("assembled", outcome=outcome)
    return {"outcome": outcome}
