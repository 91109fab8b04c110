"""A deployed stack is found by its name, with its outputs and parameters."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from cli.exit_codes import FAILED
from cli.main import app
from cli.target import StackMissing, deployed_target
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints

REGION = "eu-central-1"
runner = CliRunner()
OUTPUTS = {
    "BucketName": "a-bucket",
    "TableName": "a-table",
    "StateMachineArn": "arn:aws:states:eu-central-1:1:stateMachine:plot",
}
STACKS = {"showrunner": OUTPUTS, "somebody-elses": {"BucketName": "a-bucket"}}
PARAMETERS = {"HedraEndpoint": "fal-ai/other", "QuietPeriodSeconds": "7"}


@pytest.fixture(autouse=True)
def _cloudformation(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation, which answers as AWS documents it."""

    def call(_client: object, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        assert operation == "DescribeStacks"
        name = request["StackName"]
        if name not in STACKS:
            message = f"Stack with id {name} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in STACKS[name].items()]
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()]
        return {"Stacks": [{"Outputs": outputs, "Parameters": parameters}]}

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)


def test_a_stack_is_known_by_its_outputs_and_parameters() -> None:
    target = deployed_target("showrunner", None, REGION)
    assert (target.name, target.is_deployed, target.fal_is_simulated) == ("showrunner", True, False)
    assert (target.quiet_period, target.patience) == (7, 900)
    assert target.parameters == PARAMETERS
    # and with another model, whatever is made is another's
    assert target.configuration == configuration_of(Endpoints(hedra="fal-ai/other"))


@pytest.mark.parametrize(
    ("name", "words"), [("nothing", "no stack nothing"), ("somebody-elses", "not one of Showrunner's")]
)
def test_a_stack_that_is_not_there_or_not_ours(name: str, words: str) -> None:
    with pytest.raises(StackMissing, match=words):
        deployed_target(name, None, REGION)
    # and the command says it in a sentence, with what to look at
    result = runner.invoke(app, ["status", "any", "--stack", name, "--region", REGION])
    assert (result.exit_code, result.stdout) == (FAILED, "")
    assert words in result.stderr
    assert "--profile" in result.stderr
