"""Executions and task tokens: the fakes and Step Functions keep the same contract."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.aws.step_functions import SfnExecutions, SfnTaskTokens
from shared.ledger.records import Failure
from shared.ports import Executions
from tests.fakes.step_functions import MemoryExecutions, MemoryTokens

End = Callable[[str], object]


@pytest.fixture
def state_machine(aws: Callable[[str], Any]) -> Iterator[str]:
    states = aws("stepfunctions")
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}})
    role = "arn:aws:iam::123456789012:role/plot"
    arn = states.create_state_machine(name="plot", definition=definition, roleArn=role)["stateMachineArn"]
    yield arn
    states.delete_state_machine(stateMachineArn=arn)


@pytest.fixture(params=["fake", "stepfunctions"])
def executions(request: pytest.FixtureRequest) -> tuple[Executions, End]:
    if request.param == "fake":
        memory = MemoryExecutions()
        return memory, lambda arn: memory.ended.add(arn.rpartition(":")[2])
    states, arn = request.getfixturevalue("aws")("stepfunctions"), request.getfixturevalue("state_machine")
    return SfnExecutions(states, arn), lambda execution: states.stop_execution(executionArn=execution)


def test_an_execution_is_started_once(executions: tuple[Executions, End]) -> None:
    starter, _ = executions
    # when it is started twice, the second time with another input
    first = starter.start("lighthouse-1", {"episode_id": "lighthouse"})
    second = starter.start("lighthouse-1", {"episode_id": "lighthouse", "digest": "d"})
    # then there is one
    assert first == second
    assert starter.is_running(first)


def test_an_execution_that_was_stopped_runs_no_more(executions: tuple[Executions, End]) -> None:
    starter, end = executions
    arn = starter.start("lighthouse-2", {})
    end(arn)
    assert not starter.is_running(arn)
    # and starting it once more finds it as it is
    assert starter.start("lighthouse-2", {}) == arn
    assert not starter.is_running(arn)


def test_an_execution_that_never_was_does_not_run(executions: tuple[Executions, End]) -> None:
    starter, _ = executions
    arn = starter.start("lighthouse-3", {})
    assert not starter.is_running(arn.replace("lighthouse-3", "lighthouse-4"))


def test_an_execution_that_is_stopped_ends_and_one_that_has_ended_stays_so(executions: tuple[Executions, End]) -> None:
    starter, end = executions
    failure = Failure(error="Cancelled", message="the run was cancelled")
    arn = starter.start("lighthouse-5", {})
    ended = starter.start("lighthouse-6", {})
    end(ended)
    # when it is stopped, again and again, and so is one that has ended and one that never was
    for execution in (arn, arn, ended, arn.replace("lighthouse-5", "lighthouse-7")):
        starter.stop(execution, failure)
    # then none of them runs
    assert not starter.is_running(arn)
    assert not starter.is_running(ended)


class _Answering:
    """A Step Functions client that answers a token's answer with an error."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.requests: list[dict[str, str]] = []

    def _answer(self, **request: str) -> None:
        self.requests.append(request)
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, "SendTask")

    send_task_success = send_task_failure = _answer


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_is_gone_counts_as_answered(code: str) -> None:
    tokens = SfnTaskTokens(_Answering(code))  # type: ignore[arg-type]
    tokens.succeed("token", {"address": "a"})
    tokens.fail("token", Failure(error="AssetFailed", message="it broke"))


def test_other_errors_are_errors() -> None:
    tokens = SfnTaskTokens(_Answering("ThrottlingException"))  # type: ignore[arg-type]
    with pytest.raises(ClientError):
        tokens.succeed("token", {})
    with pytest.raises(ClientError):
        tokens.fail("token", Failure(error="AssetFailed", message="it broke"))


def test_what_a_token_is_answered() -> None:
    client = _Answering("")
    tokens = SfnTaskTokens(client)  # type: ignore[arg-type]
    tokens.succeed("one", {"address": "a"})
    tokens.fail("two", Failure(error="AssetFailed", message="x" * 40_000))
    assert client.requests[0] == {"taskToken": "one", "output": '{"address": "a"}'}
    # a cause is cut to what Step Functions takes
    assert client.requests[1] == {"taskToken": "two", "error": "AssetFailed", "cause": "x" * 32_768}


def test_the_first_answer_to_a_token_counts() -> None:
    tokens = MemoryTokens()
    tokens.succeed("token", {"address": "a"})
    tokens.fail("token", Failure(error="AssetFailed", message="too late"))
    assert tokens.answers == {"token": {"address": "a"}}
    assert tokens.error("token") == ""
