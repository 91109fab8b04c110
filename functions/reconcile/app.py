"""Looks after every open job and run; answers what lies in the dead-letter queues."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import metrics
from shared.runtime.reconciling import reconcile_desk
from shared.runtime.reporting import Reporter
from shared.runtime.settings import ReconcileSettings
from shared.workflow.reconcile import CycleTroubled, Reconciled, reconcile

logger = Logger()
reporter = Reporter()
desk = reconcile_desk(ReconcileSettings.from_environment())


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
    reporter.report(
        {
            metrics.OPEN_JOBS: seen.open,
            metrics.OLDEST_OPEN_JOB: seen.oldest_open,
            metrics.HELD_JOBS: seen.held,
            metrics.ACCOUNT_REFUSED: int(seen.account_refused),
            metrics.CALLBACKS_MISSED: seen.callbacks_missed,
            metrics.DAY_USD: seen.today.usd,
            metrics.DAY_IMAGES: seen.today.images,
            metrics.DAY_CLIP_SECONDS: seen.today.clip_seconds,
        }
    )
    logger.info("reconciled", watched=dict(seen.watched), runs=dict(seen.runs), dead_letters=seen.dead_letters)
