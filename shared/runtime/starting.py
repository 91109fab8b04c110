"""What `start_episode` and `start_batch` share."""

from shared.aws.queue import SqsQueue
from shared.aws.step_functions import SfnExecutions
from shared.configuration import configuration_of
from shared.runtime.clients import bucket_of, client, clock, ledger_of
from shared.runtime.settings import StartSettings
from shared.workflow.start_episode import StartDesk
from shared.workflow.status import StatusBoard


def start_desk(settings: StartSettings) -> StartDesk:
    """Return the desk that these settings describe."""
    bucket, ledger = bucket_of(settings), ledger_of(settings)
    return StartDesk(
        bucket=bucket,
        ledger=ledger,
        executions=SfnExecutions(client("stepfunctions"), settings.state_machine_arn),
        queue=SqsQueue(client("sqs"), settings.start_queue_url),
        status=StatusBoard(bucket, ledger, clock),
        clock=clock,
        quiet_period=settings.quiet_period_seconds,
        patience=settings.missing_files_seconds,
        configuration=configuration_of(settings.endpoints),
    )
