"""Step Functions in memory: tokens that are answered once, executions that are started once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.ledger.records import Failure

Answered = Mapping[str, object] | Failure


def execution_arn(name: str) -> str:
    """Return the ARN of an execution in memory."""
    return f"arn:aws:states:eu-central-1:123456789012:execution:a-plot:{name}"


@dataclass
class MemoryTokens:
    """`shared.ports.TaskTokens`; the first answer to a token counts, later ones find it gone."""

    answers: dict[str, Answered] = field(default_factory=dict)

    def succeed(self, token: str, output: Mapping[str, object]) -> None:
        self.answers.setdefault(token, json.loads(json.dumps(output)))

    def fail(self, token: str, failure: Failure) -> None:
        self.answers.setdefault(token, failure)

    def error(self, token: str) -> str:
        """Return the error with which a token failed; empty when it succeeded."""
        answer = self.answers[token]
        return answer.error if isinstance(answer, Failure) else ""


@dataclass
class MemoryExecutions:
    """`shared.ports.Executions`."""

    started: dict[str, Mapping[str, object]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    stopped: dict[str, Failure] = field(default_factory=dict)

    def start(self, name: str, payload: Mapping[str, object]) -> str:
        self.started.setdefault(name, json.loads(json.dumps(payload)))
        return execution_arn(name)

    def is_running(self, execution_arn: str) -> bool:
        name = execution_arn.rpartition(":")[2]
        return name in self.started and name not in self.ended

    def stop(self, execution_arn: str, failure: Failure) -> None:
        if self.is_running(execution_arn):
            name = execution_arn.rpartition(":")[2]
            self.ended.add(name)
            self.stopped[name] = failure
