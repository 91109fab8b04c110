"""The stack that a command works on: a deployed one, or one on this machine."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cli.output import say
from shared.aws.bucket import S3Bucket
from shared.aws.step_functions import SfnExecutions, SfnTaskTokens
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints
from shared.ledger.dynamodb import DynamoLedger
from shared.ports import Ledger, StoredObject
from shared.providers.names import ProviderName
from shared.providers.routing import NO_STAND_INS, Router, configured_of, stack_routing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.studio import LocalStudio

_ENDPOINT_PARAMETERS = {
    "ideogram": "IdeogramEndpoint",
    "kontext": "KontextEndpoint",
    "hedra": "HedraEndpoint",
}


class StackMissing(Exception):
    """There is no such stack, or it is not Showrunner's."""


class EngineBusy(Exception):
    """Another command runs AWS on this machine, in the same state folder."""


class EngineNotStarted(Exception):
    """AWS could not be started on this machine; the text says why."""


class ReadableBucket(Protocol):
    """The reading half of `shared.ports.Bucket`."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises `ObjectMissing`."""

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""

    def list(self, prefix: str, at_most: int | None = None) -> "Sequence[StoredObject]":
        """Return all objects whose keys begin with `prefix`, or the first `at_most` of them, by key."""

    def download(self, key: str, target: Path) -> None:
        """Write an object to a file; raises `ObjectMissing`."""


class Liveness(Protocol):
    """Knows what is under way."""

    def is_running(self, execution_arn: str) -> bool:
        """Tell whether an execution is still under way."""


class Records(Protocol):
    """What commands need that only look: a deployed stack's, or what this machine keeps."""

    @property
    def name(self) -> str:
        """The stack's name."""

    @property
    def bucket(self) -> ReadableBucket:
        """The objects."""

    @property
    def ledger(self) -> Ledger:
        """Jobs and runs."""

    @property
    def executions(self) -> Liveness:
        """What is under way."""

    @property
    def configuration(self) -> str:
        """Whatever beside the inputs decides what comes of them."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """The stack's parameters."""

    @property
    def poll_interval(self) -> float:
        """Seconds between two looks at how a run stands."""

    @property
    def is_deployed(self) -> bool:
        """Whether it is there without a command of ours."""


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
    parameters
        The stack's parameters, as far as they were given.
    outputs
        The stack's outputs.
    services
        boto3 clients for where the stack is, by the service's name.
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
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def local_target(state: Path, *, use_real_fal: bool, stand_ins: bool = False) -> Iterator[Target]:
    """Start AWS on this machine, with providers simulated or real, for as long as the context lasts.

    Raises
    ------
    EngineBusy, EngineNotStarted
        When another command uses the state folder, or the engine does not start.
    """
    from local.aws.keep import FolderInUse
    from local.studio import LocalStudio

    with ExitStack() as running:
        try:
            studio = running.enter_context(LocalStudio(state, use_real_fal=use_real_fal, stand_ins=stand_ins))
        except FolderInUse as error:
            raise EngineBusy(f"another command makes something with what {state} keeps") from error
        except RuntimeError as error:
            raise EngineNotStarted(str(error)) from error
        try:
            yield target_of_studio(studio)
        except KeyboardInterrupt:
            say("stopping, which takes a few seconds")  # without a word, it looks as if nothing happened
            raise


def target_of_studio(studio: "LocalStudio") -> Target:
    """Return the stack that a running local studio has deployed."""
    clients = studio.clients
    return _target(
        "this machine",
        {
            "s3": clients.s3,
            "dynamodb": clients.dynamodb,
            "stepfunctions": clients.stepfunctions,
            "events": clients.events,
            "lambda": clients.functions,
        },
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
        if error.response["Error"].get("Code") != "ValidationError":
            raise
        raise StackMissing(f"there is no stack {stack}: {error.response['Error'].get('Message', '')}") from error
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])}
    if not {"BucketName", "TableName", "StateMachineArn"} <= outputs.keys():
        raise StackMissing(f"the stack {stack} is not one of Showrunner's: its outputs are others")
    parameters = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in found.get("Parameters", [])}
    services = {service: session.client(service) for service in ("s3", "dynamodb", "stepfunctions", "events", "lambda")}
    return _target(stack, services, outputs, parameters, poll_interval=3.0, is_deployed=True, fal_is_simulated=False)


def endpoints_of(parameters: Mapping[str, str]) -> Endpoints:
    """Return the models that a stack with these parameters uses."""
    chosen = {field: parameters[name] for field, name in _ENDPOINT_PARAMETERS.items() if name in parameters}
    return Endpoints.model_validate(chosen)


def router_of(parameters: Mapping[str, str]) -> Router:
    """Return who may be asked for what in a stack with these parameters."""
    configured = configured_of(parameters.get("StandIns", NO_STAND_INS).split(","))
    return Router(stack=stack_routing(parameters.get("Providers", ProviderName.FAL)), configured=configured)


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
    return Target(
        name=name,
        bucket=S3Bucket(services["s3"], outputs["BucketName"]),
        ledger=DynamoLedger(services["dynamodb"], outputs["TableName"]),
        executions=SfnExecutions(services["stepfunctions"], outputs["StateMachineArn"]),
        tokens=SfnTaskTokens(services["stepfunctions"]),
        configuration=configuration_of(endpoints_of(parameters)),
        quiet_period=float(parameters.get("QuietPeriodSeconds", "30")),
        patience=float(parameters.get("MissingFilesSeconds", "900")),
        poll_interval=poll_interval,
        is_deployed=is_deployed,
        fal_is_simulated=fal_is_simulated,
        parameters=parameters,
        outputs=outputs,
        services=services,
    )
