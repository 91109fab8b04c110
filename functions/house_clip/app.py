"""Brings a clip into the house format, or makes a still of its composite."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.clients import bucket_of, ledger_of, plan_loader
from shared.runtime.settings import StoreSettings
from shared.workflow.cutting_room import CuttingRoom
from shared.workflow.make_house_clip import HouseClipRequest, make_part

logger = Logger()
settings = StoreSettings.from_environment()
room = CuttingRoom(bucket=bucket_of(settings), ledger=ledger_of(settings), load_plan=plan_loader(settings))


@logger.inject_lambda_context(correlation_id_path="run")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Make one part's house clip."""
    answer = make_part(HouseClipRequest.model_validate(event), room)
    logger.info("house clip", part=event["part"], outcome=answer.outcome, reason=answer.message)
    return answer.model_dump(mode="json")
