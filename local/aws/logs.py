"""What functions wrote: MiniStack keeps their output in CloudWatch Logs, readable once an invocation has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.aws.clients import Clients


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a function's log.

    Attributes
    ----------
    time
        When it was logged.
    function
        The function's name.
    text
        The line.
    """

    time: datetime
    function: str
    text: str


def read_log(clients: Clients, function: str) -> list[LogLine]:
    """Read all that a function wrote to standard output and standard error, oldest first."""
    return LogReader(clients, [function]).read()


class LogReader:
    """Reads functions' logs piece by piece, each line once.

    Parameters
    ----------
    clients
        The engine's clients.
    functions
        The functions' names.
    """

    def __init__(self, clients: Clients, functions: Iterable[str]) -> None:
        self._logs = clients.logs
        self._lambda = clients.functions
        self._functions = tuple(functions)
        # Function and stream to the number of lines that were read; a stream only grows.
        self._read: dict[tuple[str, str], int] = {}

    def read(self) -> list[LogLine]:
        """Read the lines that were not read yet, in the order of time."""
        lines = [line for function in self._functions for line in self._read_function(function)]
        return sorted(lines, key=lambda line: line.time)

    def _read_function(self, function: str) -> list[LogLine]:
        try:
            group = self._group_of(function)
            pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            events = [event for page in pages for event in page["events"]]
        except (
            self._lambda.exceptions.ResourceNotFoundException,  # there is no such function
            self._logs.exceptions.ResourceNotFoundException,  # it has not run yet
        ):
            return []
        streams: dict[str, list[LogLine]] = {}
        for event in events:
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
            streams.setdefault(event["logStreamName"], []).append(LogLine(at, function, event["message"]))
        fresh = []
        for stream, lines in streams.items():
            fresh += lines[self._read.get((function, stream), 0) :]
            self._read[function, stream] = len(lines)
        return fresh

    def _group_of(self, function: str) -> str:
        """Return the log group that the template gives a function, or the one that Lambda gives by itself."""
        configuration = self._lambda.get_function_configuration(FunctionName=function)
        return configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{function}")
