"""What `record_outcome` and `reconcile` share."""

from shared.aws.event_bus import EventBridgeEvents
from shared.runtime.clients import bucket_of, client, clock, ledger_of
from shared.runtime.reporting import CountedEvents, Reporter
from shared.runtime.settings import StoreSettings
from shared.workflow.record_outcome import ClosingDesk
from shared.workflow.status import StatusBoard


def closing_desk(settings: StoreSettings) -> ClosingDesk:
    """Return the desk that these settings describe."""
    bucket, ledger = bucket_of(settings), ledger_of(settings)
    return ClosingDesk(
        ledger=ledger,
        bucket=bucket,
        events=CountedEvents(EventBridgeEvents(client("events")), Reporter()),
        status=StatusBoard(bucket, ledger, clock),
        bucket_name=settings.bucket,
        clock=clock,
    )
