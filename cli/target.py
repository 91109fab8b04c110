"""The stack that a command works on: a deployed one, or one on this machine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.aws.bucket import S3Bucket
from shared.aws.step_functions import SfnExecutions, SfnTaskTokens
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints
from shared.ledger.dynamodb import DynamoLedger

if TYPE_CHECKING:
    from local.studio import LocalStudio

_ENDPOINT_PARAMETERS = {
    "ideogram": "IdeogramEndpoint",
    "kontext": "KontextEndpoint",
    "hedra": "HedraEndpoint",
}


class StackMissing(Exception):
    """There is no such stack, or it is not Showrunner's."""


@dataclass(frozen=True, slots=True)
class Target:
    """What commands need of a stack.

    Parameters
    ----------
    quiet_period, patience
        The stack's parameters of these names, in seconds.
    poll_interval
        Seconds between two looks at how a run stands.
    is_deployed
        Whether it is there without this command: on this machine, runs end with the command that made them.
    """

    name: str
    bucket: S3Bucket
    ledger: DynamoLedger
    executions: SfnExecutions
    tokens: SfnTaskTokens
    configuration: str
    quiet_period: float
    patience: float
    poll_interval: float
    is_deployed: bool
    fal_is_simulated: bool


@contextmanager
def local_target(state: Path, *, use_real_fal: bool) -> Iterator[Target]:
    """Start AWS on this machine, with fal simulated or real, for as long as the context lasts."""
    from local.studio import LocalStudio

    with LocalStudio(state, use_real_fal=use_real_fal) as studio:
        yield target_of_studio(studio)


def target_of_studio(studio: "LocalStudio") -> Target:
    """Return the stack that a running local studio has deployed."""
    clients = studio.clients
    return _target(
        "this machine",
        {"s3": clients.s3, "dynamodb": clients.dynamodb, "stepfunctions": clients.stepfunctions},
        studio.stack.outputs,
        studio.parameters,
        poll_interval=0.25,
        is_deployed=False,
        fal_is_simulated=studio.fal_is_simulated,
    )


def deployed_target(stack: str, profile: str | None, region: str | None) -> Target:
    """Find a deployed stack; raises `StackMissing`."""
    import boto3
    from botocore.exceptions import ClientError

    session = boto3.Session(profile_name=profile, region_name=region)
    try:
        found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise StackMissing(f"there is no stack {stack}: {error.response['Error'].get('Message', '')}") from error
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])}
    if not {"BucketName", "TableName", "StateMachineArn"} <= outputs.keys():
        raise StackMissing(f"the stack {stack} is not one of Showrunner's: its outputs are others")
    parameters = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in found.get("Parameters", [])}
    services = {
        "s3": session.client("s3"),
        "dynamodb": session.client("dynamodb"),
        "stepfunctions": session.client("stepfunctions"),
    }
    return _target(stack, services, outputs, parameters, poll_interval=3.0, is_deployed=True, fal_is_simulated=False)


def _target(
    name: str,
    services: Mapping[str, Any],
    outputs: Mapping[str, str],
    parameters: Mapping[str, str],
    *,
    poll_interval: float,
    is_deployed: bool,
    fal_is_simulated: bool,
) -> Target:
    chosen = {field: parameters[key] for field, key in _ENDPOINT_PARAMETERS.items() if key in parameters}
    return Target(
        name=name,
        bucket=S3Bucket(services["s3"], outputs["BucketName"]),
        ledger=DynamoLedger(services["dynamodb"], outputs["TableName"]),
        executions=SfnExecutions(services["stepfunctions"], outputs["StateMachineArn"]),
        tokens=SfnTaskTokens(services["stepfunctions"]),
        configuration=configuration_of(Endpoints.model_validate(chosen)),
        quiet_period=float(parameters.get("QuietPeriodSeconds", "30")),
        patience=float(parameters.get("MissingFilesSeconds", "900")),
        poll_interval=poll_interval,
        is_deployed=is_deployed,
        fal_is_simulated=fal_is_simulated,
    )
