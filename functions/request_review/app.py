"""Lays a run's pictures out for a person to look at before clips are paid for; notes that they were approved."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.event_bus import EventBridgeEvents
from shared.aws.step_functions import SfnTaskTokens
from shared.runtime.batches import handle_messages
from shared.runtime.clients import bucket_of, client, clock, ledger_of, plan_loader
from shared.runtime.settings import ReviewSettings
from shared.workflow.request_review import Approved, Asked, ReviewDesk, ReviewRequest, go_on, request_review
from shared.workflow.status import StatusBoard

logger = Logger()
settings = ReviewSettings.from_environment()
bucket, ledger = bucket_of(settings), ledger_of(settings)
desk = ReviewDesk(
    ledger=ledger,
    bucket=bucket,
    tokens=SfnTaskTokens(client("stepfunctions")),
    events=EventBridgeEvents(client("events")),
    status=StatusBoard(bucket, ledger, clock),
    load_plan=plan_loader(settings),
    bucket_name=settings.bucket,
    stack_name=settings.stack_name,
    clock=clock,
)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Ask for the reviews that messages of the plot ask for; or, called by the plot itself, note an approval."""
    if "Records" in event:
        return handle_messages(event, context, ask, sqs=client("sqs"), queue_url=settings.review_queue_url)
    go_on(Approved.model_validate(event), desk)
    return {}


def ask(body: str) -> Asked:
    """Ask for the review that one message asks for."""
    request = ReviewRequest.model_validate_json(body)
    logger.append_keys(run=request.run)
    return request_review(request, desk)
