"""All that the functions write during a test, as CloudWatch Logs would hold it at the most talkative level."""

import contextlib
import io
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

from tests.integration.plot.functions import Handler
from tests.integration.plot.stage import Stage

# Who writes in a test's process, and is not there in a function's.
_OF_THE_STAGE = ("moto", "werkzeug", "responses", "docker", "asyncio", "concurrent", "faker", "hypothesis")


class Log:
    """What was written, and the events that the functions got, which hold the task tokens."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.events: list[object] = []
        self.invoked: set[str] = set()

    def recorded(self, name: str, function: Handler) -> Handler:
        """Return a function as it is, but for what it is called with and raises being kept."""

        def invoked(event: dict[str, Any], context: Any) -> Any:
            self.events.append(event)
            self.invoked.add(name)
            try:
                return function(event, context)
            except Exception as error:
                # Lambda logs what a handler raises; here with all that it was raised from.
                self.stream.write("".join(traceback.format_exception(error)))
                raise

        return invoked

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def task_tokens(self) -> set[str]:
        """The tokens of all tasks that the functions were asked to answer."""
        return {str(token) for event in self.events for token in _values_of("token", event)}


def _values_of(field: str, node: object) -> Iterator[object]:
    match node:
        case dict():
            for name, value in node.items():
                if name == field:
                    yield value
                yield from _values_of(field, value)
        case list():
            for entry in node:
                yield from _values_of(field, entry)
        case str() if node.startswith("{"):
            yield from _values_of(field, json.loads(node))


@contextlib.contextmanager
def captured_log(stage: Stage) -> Iterator[Log]:
    """Collect everything at DEBUG: the functions' own loggers, all libraries', standard output and standard error.

    Lambda gives the root logger a handler and, where logs are JSON, the level INFO unless another one is configured, so
    that what libraries log ends up beside what the functions do.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    log = Log()
    handler = logging.StreamHandler(log.stream)
    handler.addFilter(lambda record: not record.name.startswith(_OF_THE_STAGE))
    root, level = logging.getLogger(), logging.getLogger().level
    redirected = [(logger, logger.level) for logger in _loggers_with_handlers()]
    with contextlib.ExitStack() as stack:
        for own in (logging_handler for logger, _ in redirected for logging_handler in _streams_of(logger)):
            # Not `setStream`, which flushes the stream before: another test's standard output, that is closed.
            stack.callback(setattr, own, "stream", own.stream)
            own.stream = log.stream
        stack.enter_context(contextlib.redirect_stdout(log.stream))
        stack.enter_context(contextlib.redirect_stderr(log.stream))
        for logger, own_level in redirected:
            stack.callback(logger.setLevel, own_level)
            logger.setLevel(logging.DEBUG)
        stack.callback(root.setLevel, level)
        stack.callback(root.removeHandler, handler)
        root.setLevel(logging.DEBUG)
        root.addHandler(handler)
        for name in stage.values.of_type("AWS::Serverless::Function"):
            function = stage.functions.handler(name)
            stage.functions.put(name, log.recorded(name, function))
            stack.callback(stage.functions.put, name, function)
        yield log


def _loggers_with_handlers() -> list[logging.Logger]:
    known = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    return [logger for logger in known if _streams_of(logger) and not logger.name.startswith(_OF_THE_STAGE)]


def _streams_of(logger: logging.Logger) -> list[logging.StreamHandler[Any]]:
    return [handler for handler in logger.handlers if type(handler) is logging.StreamHandler]
