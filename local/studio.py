"""The whole stack on this machine: the template deployed unchanged, and fal, simulated unless there is a key."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from loguru import logger

from local.aws.clients import Clients
from local.aws.engine import LocalAws
from local.aws.stack import Stack
from local.fal.process import SimulatedFal

TEMPLATE = Path(__file__).parents[1] / "template.yaml"

FUNCTION_URLS = ".on.aws"
"""The end of the names of Lambda's function URLs, which the simulated fal is to call at the local engine."""

_LOCAL_PARAMETERS = {
    "QuietPeriodSeconds": 1,
    "MissingFilesSeconds": 4,
    "SubmitConcurrency": 3,
    "CollectConcurrency": 3,
    "ReconcileSchedule": "rate(1 minute)",
}


class LocalStudio:
    """AWS and fal on this machine, as a context manager.

    Parameters
    ----------
    state
        A folder that keeps the bucket, the ledger and the simulated fal's files from one run to the next.
    parameters
        Parameters of the template, in addition to those that make it quick on a laptop.
    use_real_fal
        Whether to use fal.ai itself, with ``FAL_KEY`` (or ``FAL_API_KEY``) of the environment. Its callbacks cannot
        reach a laptop, so that `reconcile`, every minute, finds what is finished.
    fal_media
        The module by which the simulated fal draws and films; None for the usual one.
    """

    def __init__(
        self,
        state: Path,
        parameters: dict[str, object] | None = None,
        *,
        use_real_fal: bool = False,
        fal_media: str | None = None,
    ) -> None:
        self._state = state
        self._parameters = {**_LOCAL_PARAMETERS, **(parameters or {})}
        self._real = use_real_fal
        self._fal_media = fal_media
        self._running = ExitStack()
        self._fal: SimulatedFal | None = None
        self._aws: LocalAws | None = None
        self._stack: Stack | None = None

    def __enter__(self) -> Self:
        """Start everything and deploy the template."""
        goes_on = (self._state / "aws").exists()
        with ExitStack() as starting:
            environment = self._environment_of_fal(starting)
            self._aws = starting.enter_context(LocalAws(self._state / "aws", environment))
            logger.debug("AWS listens at {}, its log is {}", self._aws.endpoint, self._aws.log)
            self._stack = self._aws.deploy(TEMPLATE, self._parameters)
            logger.debug("{} is deployed: {} resources", TEMPLATE.name, len(self._stack.resources))
            if self._fal:
                self._fal.control.set_webhook_routes({FUNCTION_URLS: self._aws.endpoint})
            if goes_on:
                self._look_for_what_was_lost()
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything; what is kept is kept."""
        self._running.close()

    @property
    def fal_is_simulated(self) -> bool:
        """Whether fal is simulated."""
        return not self._real

    @property
    def fal(self) -> SimulatedFal:
        """The simulated fal."""
        if self._fal is None:
            raise RuntimeError("fal is not simulated here")
        return self._fal

    @property
    def aws(self) -> LocalAws:
        """The engine."""
        if self._aws is None:
            raise RuntimeError("the studio is not running")
        return self._aws

    @property
    def stack(self) -> Stack:
        """The deployed template."""
        if self._stack is None:
            raise RuntimeError("the studio is not running")
        return self._stack

    @property
    def clients(self) -> Clients:
        """boto3 clients for the engine."""
        return self.aws.clients

    @property
    def parameters(self) -> dict[str, str]:
        """The template's parameters as they were given."""
        return {name: str(value) for name, value in self._parameters.items()}

    def _look_for_what_was_lost(self) -> None:
        """Reconcile at once: callbacks that came while nothing ran here reached nobody."""
        reconcile = self.stack.resources["Reconcile"]
        self.clients.functions.invoke(FunctionName=reconcile, InvocationType="Event")

    def _environment_of_fal(self, starting: ExitStack) -> dict[str, str]:
        if self._real:
            return {}  # the engine hands this process's environment on, with the key and, if they are set, fal's hosts
        self._fal = starting.enter_context(SimulatedFal(self._state / "fal", studio=self._fal_media))
        self._parameters["FalUserId"] = self._fal.facts.user_id
        logger.debug("the simulated fal listens at {}", self._fal.facts.host)
        return self._fal.environment()
