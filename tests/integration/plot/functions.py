"""The real handlers, each loaded under a name of its own and with its own environment."""

import importlib.util
import json
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Context:
    """What handlers read of Lambda's context object."""

    function_name: str
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:any"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def load_handler(folder: Path, environment: Mapping[str, str]) -> Handler:
    """Import a function's ``app.py`` anew, as a cold start does."""
    spec = importlib.util.spec_from_file_location(f"function_{folder.name}", folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch.dict("os.environ", environment):
        spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


class Functions:
    """Every function of the template, one instance of each, which like one of Lambda's does one thing at a time."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._busy: dict[str, threading.Lock] = {}

    def put(self, name: str, handler: Handler) -> None:
        """Set, or replace, what a function does."""
        self._handlers[name] = handler
        self._busy[name] = threading.Lock()

    def handler(self, name: str) -> Handler:
        return self._handlers[name]

    def invoke(self, name: str, event: object) -> tuple[str, bool]:
        """Return a function's answer as JSON, and whether it raised, which gives Lambda's description of the exception.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
        """
        with self._busy[name]:
            try:
                return json.dumps(self._handlers[name](json.loads(json.dumps(event)), Context(name))), False
            except Exception as error:  # noqa: BLE001 - Lambda takes whatever a handler raises
                described = {
                    "errorMessage": str(error),
                    "errorType": type(error).__name__,
                    "stackTrace": traceback.format_tb(error.__traceback__),
                }
                return json.dumps(described), True
