"""Commands of the operator on the plot in moto: the stack is the stage, and the invoked function is the real one."""

import io
from contextlib import nullcontext, redirect_stdout
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import cli.cancel
import cli.prune
from cli.main import app
from cli.target import Target
from shared.aws.bucket import S3Bucket
from shared.aws.step_functions import SfnExecutions
from shared.ledger.records import Failure
from tests.builders import CONFIGURATION
from tests.integration.plot.deployment import client
from tests.integration.plot.stage import Stage

SERVICES = ("s3", "dynamodb", "stepfunctions", "events")


class _Executions(SfnExecutions):
    """Notes what is stopped: moto lets an execution go on as long as a task of it waits for its token."""

    def __init__(self, states: Any, plot: str, stopped: list[str]) -> None:
        super().__init__(states, plot)
        self._stopped = stopped

    def stop(self, execution_arn: str, failure: Failure) -> None:
        self._stopped.append(execution_arn.rpartition(":")[2])
        super().stop(execution_arn, failure)


class Operator:
    """Types commands for a stage."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stage = stage
        self.invoked: list[str] = []
        self.stopped: list[str] = []
        for module in (cli.cancel, cli.prune):
            monkeypatch.setattr(module, "target_of", lambda *_: nullcontext(self._target()))

    def types(self, *arguments: str) -> Result:
        """Type a command."""
        return CliRunner().invoke(app, list(arguments))

    def invoke(self, *, FunctionName: str, InvocationType: str) -> None:  # noqa: N803 -- boto3's names
        """Invoke a function, in the place of boto3's client of Lambda."""
        self.invoked.append(f"{FunctionName} {InvocationType}")
        with redirect_stdout(io.StringIO()):  # what a function writes there goes to its log
            self._stage.functions.invoke(FunctionName, {})

    def _target(self) -> Target:
        stage = self._stage
        services: dict[str, Any] = {service: client(service) for service in SERVICES}
        return Target(
            name="a-stack",
            bucket=S3Bucket(services["s3"], stage.bucket),
            ledger=stage.ledger,
            executions=_Executions(services["stepfunctions"], stage.values.arn("Plot"), self.stopped),
            tokens=stage.tokens,
            configuration=CONFIGURATION,
            quiet_period=0.0,
            patience=0.0,
            poll_interval=0.0,
            is_deployed=True,
            fal_is_simulated=True,
            outputs={"BucketName": stage.bucket, "ReconcileFunction": "Reconcile"},
            services={**services, "lambda": self},
        )


@pytest.fixture
def operator(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Return somebody who types commands for the stage."""
    return Operator(stage, monkeypatch)
