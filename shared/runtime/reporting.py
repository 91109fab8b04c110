"""Metrics, reported to CloudWatch by what the functions log."""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics

from shared.metrics import EPISODES_DONE, EPISODES_FAILED, NAMESPACE, STEP_DOWNS, Metric
from shared.workflow.events import EpisodeDone, EpisodeFailed
from shared.workflow.run_over import BY_A_PERSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.ports import Events


class Reporter:
    """Reports metrics at once, and not at an invocation's end: what was counted before a function died is counted.

    The stack's name, by which metrics are told apart, comes from the environment (``POWERTOOLS_SERVICE_NAME``).
    """

    def __init__(self) -> None:
        self._metrics = Metrics(namespace=NAMESPACE)

    def report(self, measured: "Mapping[Metric, float]") -> None:
        """Report what was measured."""
        for metric, value in measured.items():
            self._metrics.add_metric(metric.name, metric.unit.value, value)
        self._metrics.flush_metrics()


class CountedEvents:
    """`shared.ports.Events` that counts the ends of episodes.

    Every end is told by one event, whichever function closes the run, so that it is counted where it is told; like the
    event, a count may come twice after a crash.
    """

    def __init__(self, events: "Events", reporter: Reporter) -> None:
        self._events = events
        self._reporter = reporter

    def publish(self, detail_type: str, detail: "Mapping[str, Any]") -> None:
        """Put one event on the bus, and count it."""
        self._events.publish(detail_type, detail)
        if detail_type == EpisodeDone.detail_type:
            self._reporter.report({EPISODES_DONE: 1, STEP_DOWNS: detail["stepped_down"]})
        elif detail_type == EpisodeFailed.detail_type and detail["failure"]["error"] not in BY_A_PERSON:
            self._reporter.report({EPISODES_FAILED: 1})
