"""The template's alarms over a stage: what AWS would measure is measured by the test, the rest is in the logs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.integration.plot.cloudwatch import AlarmState, CloudWatch
from tests.integration.plot.deployment import client
from tests.integration.plot.stage import Stage

_OUTCOMES = {"FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut", "SUCCEEDED": "ExecutionsSucceeded"}


@dataclass
class Watchtower:
    """A stage and the metrics that come of it, over hours that the test lets pass.

    Parameters
    ----------
    written
        Returns what the functions have written since it was last asked.
    """

    stage: Stage
    written: Callable[[], str]
    cloud: CloudWatch = field(default_factory=lambda: CloudWatch(now=36_000.0))

    def alarms(self) -> dict[str, dict[str, Any]]:
        values = self.stage.values
        return {name: values.resolve(alarm) for name, alarm in values.of_type("AWS::CloudWatch::Alarm").items()}

    def state(self, alarm: str) -> AlarmState:
        return self.cloud.state(self.alarms()[alarm])

    def states(self) -> dict[str, AlarmState]:
        return {name: self.cloud.state(alarm) for name, alarm in self.alarms().items()}

    def pass_by(self, seconds: float) -> None:
        self.cloud.now += seconds

    def reconcile(self) -> None:
        """Let the schedule come once."""
        self._invoked("Reconcile", {})

    def go_over_batches(self) -> None:
        """Let the clock cause a pass over the open batches."""
        self._invoked("StartBatch", {"asked": False})

    def look(self) -> None:
        """Measure what SQS and Step Functions measure, and read the functions' logs."""
        for queue in self.stage.values.of_type("AWS::SQS::Queue"):
            count = self.stage.waiting_messages(queue)
            self.cloud.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", count, QueueName=queue)
        for status in self.stage.execution_states().values():
            if status in _OUTCOMES:
                arn = self.stage.values.arn("Plot")
                self.cloud.put("AWS/States", _OUTCOMES[status], 1, StateMachineArn=arn)
        self.cloud.read_log(self.written())

    def call_back(self, headers: Mapping[str, str], body: bytes = b"{}") -> int:
        """Call the function URL, whose answers Lambda counts.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
        """
        status = self.stage.call_back(headers, "", body)
        for name, first in (("Url4xxCount", HTTPStatus.BAD_REQUEST), ("Url5xxCount", HTTPStatus.INTERNAL_SERVER_ERROR)):
            counted = int(first <= status < first + 100)
            self.cloud.put("AWS/Lambda", name, counted, FunctionName="HedraWebhook")
        raised = int(status == HTTPStatus.BAD_GATEWAY)
        self.cloud.put("AWS/Lambda", "Errors", raised, FunctionName="HedraWebhook")
        return status

    def bury(self, dead_letters: str, message: object) -> None:
        """Put a message among dead letters."""
        url = self.stage.values.ref(dead_letters)
        client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(message))

    def _invoked(self, function: str, event: object) -> None:
        _, raised = self.stage.functions.invoke(function, event)
        self.cloud.put("AWS/Lambda", "Invocations", 1, FunctionName=function)
        self.cloud.put("AWS/Lambda", "Errors", int(raised), FunctionName=function)
