"""Looks after every open job and run; answers what lies in the dead-letter queues."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.dead_letters import SqsDeadLetters
from shared.aws.queue import SqsQueue
from shared.aws.step_functions import SfnExecutions, SfnTaskTokens
from shared.runtime.clients import client, clock, ledger_of
from shared.runtime.closing import closing_desk
from shared.runtime.fal import fal_of
from shared.runtime.settings import ReconcileSettings
from shared.workflow.reconcile import ReconcileDesk, reconcile

logger = Logger()
metrics = Metrics()
settings = ReconcileSettings.from_environment()
desk = ReconcileDesk(
    ledger=ledger_of(settings),
    tokens=SfnTaskTokens(client("stepfunctions")),
    provider=fal_of(settings),
    inbox=SqsQueue(client("sqs"), settings.inbox_queue_url),
    executions=SfnExecutions(client("stepfunctions"), settings.state_machine_arn),
    dead_letters=SqsDeadLetters(client("sqs"), settings.dead_request_queue_urls),
    closing=closing_desk(settings),
    clock=clock,
)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Do one cycle."""
    seen = reconcile(desk)
    metrics.add_metric("OldestOpenJobSeconds", MetricUnit.Seconds, seen.oldest_open)
    metrics.add_metric("OpenJobs", MetricUnit.Count, seen.jobs.total())
    logger.info(
        "reconciled",
        jobs=dict(seen.jobs),
        runs_restarted=seen.runs_restarted,
        runs_closed=seen.runs_closed,
        dead_letters=seen.dead_letters,
    )
    return {"open_jobs": seen.jobs.total(), "runs_closed": seen.runs_closed}
