"""The real handlers, any number of instances of each at once, every invocation watched."""

import json
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.outgoing import Outgoing
from tests.chaos.virtual_time import VirtualClock
from tests.integration.plot.functions import Context, Functions


class Troupe(Functions):
    """Runs handlers as Lambda does: several instances at once, and a process that dies answers nothing.

    Time leaps only while nothing runs: no function may run for longer than its timeout.
    """

    def __init__(self, outgoing: Outgoing, clock: VirtualClock) -> None:
        super().__init__()
        self._outgoing = outgoing
        self._clock = clock
        self._gate = threading.Condition()
        self._running = 0
        self._leaping = False

    def invoke(self, name: str, event: object) -> tuple[str, bool]:
        with self._on_stage(), self._outgoing.invocation(name) as invocation:
            try:
                answer = json.dumps(self.handler(name)(json.loads(json.dumps(event)), Context(name)))
            except Exception as error:  # noqa: BLE001 - Lambda takes whatever a handler raises
                if not invocation.dead:
                    described = {
                        "errorMessage": str(error),
                        "errorType": type(error).__name__,
                        "stackTrace": traceback.format_tb(error.__traceback__),
                    }
                    return json.dumps(described), True
            if invocation.dead:
                return json.dumps({"errorMessage": "exited", "errorType": "Runtime.ExitError"}), True
            return answer, False

    @property
    def idle(self) -> bool:
        """Whether no handler runs."""
        return self._running == 0

    def leap(self, seconds: float) -> None:
        """Let time leap forward when no handler runs."""
        with self._gate:
            self._leaping = True
            self._gate.wait_for(lambda: self._running == 0)
            self._clock.leap(seconds)
            self._leaping = False
            self._gate.notify_all()

    @contextmanager
    def _on_stage(self) -> Iterator[None]:
        with self._gate:
            self._gate.wait_for(lambda: not self._leaping)
            self._running += 1
        try:
            yield
        finally:
            with self._gate:
                self._running -= 1
                self._gate.notify_all()
