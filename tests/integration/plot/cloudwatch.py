"""CloudWatch, as far as the template's alarms go: metrics that functions write into their logs, and alarms on metrics.

moto keeps metrics and alarms and evaluates none; the local engine does not read metrics out of logs.
Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
and https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html.
"""

import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"Sum": sum, "Maximum": max, "Minimum": min}


class AlarmState(StrEnum):
    """What an alarm says."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True)
class Series:
    """What names a metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass
class CloudWatch:
    """Metrics over a clock of the test's own."""

    now: float = 0.0
    _data: dict[Series, list[tuple[float, float]]] = field(default_factory=dict)

    def put(self, namespace: str, name: str, value: float, **dimensions: str) -> None:
        """Put one value of now."""
        series = Series(namespace, name, frozenset(dimensions.items()))
        self._data.setdefault(series, []).append((self.now, value))

    def read_log(self, text: str) -> None:
        """Put every value that functions have written into their logs in the embedded metric format."""
        for document in _documents(text):
            for directive in document["_aws"]["CloudWatchMetrics"]:
                for names in directive["Dimensions"]:
                    dimensions = {name: document[name] for name in names}
                    for metric in directive["Metrics"]:
                        values = document[metric["Name"]]
                        for value in values if isinstance(values, list) else [values]:
                            self.put(directive["Namespace"], metric["Name"], value, **dimensions)

    def state(self, alarm: Mapping[str, Any]) -> AlarmState:
        """Return the state of an alarm at the end of the period that is now."""
        series = Series(
            alarm["Namespace"],
            alarm["MetricName"],
            frozenset((entry["Name"], entry["Value"]) for entry in alarm["Dimensions"]),
        )
        period, count = float(alarm["Period"]), int(alarm["EvaluationPeriods"])
        last = self.now // period
        breaching: list[bool | None] = []
        for number in range(count):
            begin = (last - number) * period
            values = [value for at, value in self._data.get(series, []) if begin <= at < begin + period]
            breaching.append(_is_breaching(alarm, values))
        if breaching.count(True) >= int(alarm.get("DatapointsToAlarm", count)):
            return AlarmState.ALARM
        return AlarmState.INSUFFICIENT_DATA if None in breaching else AlarmState.OK


def _is_breaching(alarm: Mapping[str, Any], values: Sequence[float]) -> bool | None:
    if not values:
        return {"breaching": True, "notBreaching": False}.get(alarm["TreatMissingData"])
    measured = _STATISTICS[alarm["Statistic"]](values)
    return _COMPARISONS[alarm["ComparisonOperator"]](measured, float(alarm["Threshold"]))


def _documents(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            document = json.loads(line)
            if "_aws" in document:
                yield document
