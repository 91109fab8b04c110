"""The event bus, in EventBridge."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_events import EventBridgeClient

SOURCE = "showrunner"


class EventBridgeEvents:
    """`shared.ports.Events` on the account's default bus.

    Parameters
    ----------
    client
        A boto3 EventBridge client.
    """

    def __init__(self, client: "EventBridgeClient") -> None:
        self._client = client

    def publish(self, detail_type: str, detail: "Mapping[str, object]") -> None:
        """Put one event on the bus."""
        # As UTF-8, of which a bus takes 256 KB: escaped, the names in a long storyboard may take three times as much.
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
        text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
        answer = self._client.put_events(Entries=[{"Source": SOURCE, "DetailType": detail_type, "Detail": text}])
        if answer["FailedEntryCount"]:
            raise EventRefused(answer["Entries"][0].get("ErrorMessage", "the event bus refused an event"))


class EventRefused(Exception):
    """The event bus did not take an event."""
