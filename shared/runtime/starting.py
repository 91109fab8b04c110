"""The desks of `start_batch` and `start_episode`."""

from shared.aws.event_bus import EventBridgeEvents
from shared.aws.queue import SqsQueue
from shared.aws.step_functions import SfnExecutions
from shared.configuration import configuration_of
from shared.runtime.clients import bucket_of, client, clock, ledger_of
from shared.runtime.settings import BatchSettings, UploadSettings
from shared.workflow.start_batch import BatchDesk
from shared.workflow.start_episode import UploadDesk
from shared.workflow.status import StatusBoard


def batch_desk(settings: BatchSettings) -> BatchDesk:
    """Return the desk of `start_batch`."""
    return BatchDesk(
        bucket=bucket_of(settings),
        ledger=ledger_of(settings),
        executions=SfnExecutions(client("stepfunctions"), settings.state_machine_arn),
        clock=clock,
        quiet_period=settings.quiet_period_seconds,
        configuration=configuration_of(settings.endpoints),
        bucket_name=settings.bucket,
        events=EventBridgeEvents(client("events")),
        patience=settings.missing_files_seconds,
        concurrency=settings.batch_concurrency,
    )


def upload_desk(settings: UploadSettings) -> UploadDesk:
    """Return the desk of `start_episode`."""
    bucket, ledger = bucket_of(settings), ledger_of(settings)
    return UploadDesk(
        bucket=bucket,
        ledger=ledger,
        executions=SfnExecutions(client("stepfunctions"), settings.state_machine_arn),
        clock=clock,
        quiet_period=settings.quiet_period_seconds,
        configuration=configuration_of(settings.endpoints),
        queue=SqsQueue(client("sqs"), settings.start_queue_url),
        status=StatusBoard(bucket, ledger, clock),
        patience=settings.missing_files_seconds,
    )
