"""Looks after every open job and run; answers what lies in the dead-letter queues."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.reconciling import reconcile_desk
from shared.runtime.settings import ReconcileSettings
from shared.workflow.reconcile import CycleTroubled, Reconciled, reconcile

logger = Logger()
metrics = Metrics()
desk = reconcile_desk(ReconcileSettings.from_environment())


@metrics.log_metrics
@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Do one cycle."""
    try:
        seen = reconcile(desk)
    except CycleTroubled as trouble:
        count(trouble.cycle)  # the alarms must not go blind just when something is wrong
        raise
    count(seen)
    return {"watched": seen.watched.total(), "held": seen.held, "runs_closed": seen.runs["closed"]}


def count(seen: Reconciled) -> None:
    """Report what a cycle saw, for the alarms and the log."""
    metrics.add_metric("OldestOpenJobSeconds", MetricUnit.Seconds, seen.oldest_open)
    metrics.add_metric("HeldJobs", MetricUnit.Count, seen.held)
    metrics.add_metric("AccountRefused", MetricUnit.Count, int(seen.paused))
    logger.info("reconciled", watched=dict(seen.watched), runs=dict(seen.runs), dead_letters=seen.dead_letters)
