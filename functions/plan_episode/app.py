"""Reads an episode's inputs, computes every address, quotes what is missing."""

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.step_functions import is_running
from shared.runtime.clients import bucket_of, client, clock, ledger_of
from shared.runtime.pricing import live_prices_of
from shared.runtime.settings import PlanSettings
from shared.workflow.plan_episode import PlanningDesk, PlanRequest, plan_episode
from shared.workflow.quoting import Prices
from shared.workflow.status import StatusBoard

logger = Logger()
settings = PlanSettings.from_environment()
bucket, ledger = bucket_of(settings), ledger_of(settings)
desk = PlanningDesk(
    bucket=bucket,
    ledger=ledger,
    status=StatusBoard(bucket, ledger, clock),
    endpoints=settings.endpoints,
    router=settings.router,
    prices=Prices(live_prices_of(settings), settings.price_overrides),
    is_running=partial(is_running, client("stepfunctions")),
    clock=clock,
    encoder_preset=settings.encoder_preset,
)


@logger.inject_lambda_context(correlation_id_path="run")
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Plan the run of this execution."""
    answer = plan_episode(PlanRequest.model_validate(event), desk)
    logger.info("planned", outcome=answer.outcome, reason=answer.message, shots=len(answer.shots))
    return answer.model_dump(mode="json")
