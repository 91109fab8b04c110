"""What moto 5.2.5 needs corrected to run the plot."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.awslambda.models import LambdaFunction
from moto.core.responses import EmptyResult
from moto.sqs.models import Queue
from moto.stepfunctions.responses import StepFunctionResponse


def correct_moto(invoke: Callable[[str, object], tuple[str, bool]], patch: pytest.MonkeyPatch) -> None:
    """Let moto run functions in this process, keep every message, and tell the cause of a failed task.

    Parameters
    ----------
    invoke
        Runs a function of this name with an event; gives its answer as JSON, and whether it raised.
    """

    def call_handler(function: LambdaFunction, event: object = None) -> tuple[str, bool, str]:
        answer, raised = invoke(function.function_name, event)
        return answer, raised, ""

    delete_message = Queue.delete_message

    def delete_locked(queue: Queue, receipt_handle: str) -> None:
        with queue._messages_lock:
            delete_message(queue, receipt_handle)

    def send_task_failure(response: StepFunctionResponse) -> EmptyResult:
        token, error, cause = (response._get_param(name) for name in ("taskToken", "error", "cause"))
        interpreter: Any = response.stepfunction_backend  # moto names another class, which executes nothing
        interpreter.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    # moto runs functions in Docker; here they are run in process.
    patch.setattr(LambdaFunction, "_invoke_lambda", call_handler)
    # moto makes a queue's list of messages anew when one is deleted, without the lock that sending takes: a message
    # that a state sends meanwhile would be lost.
    patch.setattr(Queue, "delete_message", delete_locked)
    # moto forgets the cause of a failed task; the plot then finds null where AWS has text.
    patch.setattr(StepFunctionResponse, "send_task_failure", send_task_failure)
