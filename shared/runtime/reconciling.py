"""The desk of `reconcile`."""

from shared.aws.dead_letters import SqsDeadLetters
from shared.aws.queue import SqsQueue, SqsRequests
from shared.aws.step_functions import SfnExecutions, SfnTaskTokens
from shared.runtime.clients import client, clock, ledger_of
from shared.runtime.closing import closing_desk
from shared.runtime.providers import providers_of
from shared.runtime.settings import ReconcileSettings
from shared.workflow.open_jobs import JobDesk, Patience
from shared.workflow.reconcile import ReconcileDesk

_TIME_LIMIT = 150
"""Seconds: what is under way then still has time to end before the function has to."""

_WORKERS = 16


def reconcile_desk(settings: ReconcileSettings) -> ReconcileDesk:
    """Return the desk that these settings describe."""
    requests = SqsRequests(client("sqs"), settings.request_queue_urls)
    return ReconcileDesk(
        jobs=JobDesk(
            ledger=ledger_of(settings),
            tokens=SfnTaskTokens(client("stepfunctions")),
            providers=providers_of(settings),
            requests=requests,
            inbox=SqsQueue(client("sqs"), settings.inbox_queue_url),
            patience=Patience(
                start=settings.start_limit_seconds,
                picture_run=settings.picture_run_seconds,
                clip_run=settings.clip_run_seconds,
                callback=settings.callback_seconds,
            ),
            rebuy=settings.rebuy,
            webhook_url=settings.webhook_url,
        ),
        requests=requests,
        executions=SfnExecutions(client("stepfunctions"), settings.state_machine_arn),
        dead_letters=SqsDeadLetters(client("sqs"), settings.dead_request_queue_urls),
        closing=closing_desk(settings),
        clock=clock,
        time_limit=_TIME_LIMIT,
        workers=_WORKERS,
    )
