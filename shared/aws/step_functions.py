"""Task tokens and executions, in Step Functions."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions import SFNClient

    from shared.ledger.records import Failure

# AWS and the local engines differ in which of these a token gets that was answered, timed out or never existed.
_GONE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
_MAX_CAUSE = 32_768
"""Characters. Sources: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html"""


class SfnTaskTokens:
    """`shared.ports.TaskTokens` in Step Functions.

    Parameters
    ----------
    client
        A boto3 Step Functions client.
    """

    def __init__(self, client: "SFNClient") -> None:
        self._client = client

    def succeed(self, token: str, output: "Mapping[str, object]") -> None:
        """Let the waiting state go on."""
        try:
            self._client.send_task_success(taskToken=token, output=json.dumps(output))
        except ClientError as error:
            _pass_if_gone(error)

    def fail(self, token: str, failure: "Failure") -> None:
        """Let the waiting state fail with this error."""
        try:
            self._client.send_task_failure(taskToken=token, error=failure.error, cause=failure.message[:_MAX_CAUSE])
        except ClientError as error:
            _pass_if_gone(error)


class SfnExecutions:
    """`shared.ports.Executions` in Step Functions.

    Parameters
    ----------
    client
        A boto3 Step Functions client.
    state_machine_arn
        The plot.
    """

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def start(self, name: str, payload: "Mapping[str, object]") -> str:
        """Start an execution, or find the one of this name; return its ARN."""
        try:
            answer = self._client.start_execution(
                stateMachineArn=self._state_machine_arn, name=name, input=json.dumps(payload)
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            # A name is used for one state of the inputs and one attempt, so the one that exists is the one wanted.
            return f"{self._state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        return answer["executionArn"]

    def is_running(self, execution_arn: str) -> bool:
        """Tell whether an execution is still under way."""
        return is_running(self._client, execution_arn)

    def stop(self, execution_arn: str, failure: "Failure") -> None:
        """End an execution with this error; one that has ended, or never was, is left as it is."""
        if self.is_running(execution_arn):
            self._client.stop_execution(
                executionArn=execution_arn, error=failure.error, cause=failure.message[:_MAX_CAUSE]
            )


def is_running(client: "SFNClient", execution_arn: str) -> bool:
    """Tell whether an execution, of whatever state machine, is still under way."""
    try:
        return client.describe_execution(executionArn=execution_arn)["status"] == "RUNNING"
    except client.exceptions.ExecutionDoesNotExist:
        return False


def _pass_if_gone(error: ClientError) -> None:
    if error.response.get("Error", {}).get("Code") not in _GONE:
        raise error
