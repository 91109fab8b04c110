"""The whole stack on this machine: the template deployed unchanged, and providers, simulated unless there is a key."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from loguru import logger

from local.aws.clients import Clients
from local.aws.engine import LocalAws
from local.aws.stack import Stack
from local.fal.process import SimulatedFal
from local.hedra.process import SimulatedHedra
from local.replicate.process import SimulatedReplicate
from shared.providers.names import ProviderName
from shared.providers.routing import NO_STAND_INS

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


_REAL_KEYS = {ProviderName.REPLICATE: "REPLICATE_API_TOKEN", ProviderName.HEDRA: "HEDRA_API_KEY"}


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
        The module by which simulated providers draw and film; None for the usual one.
    stand_ins
        Whether to simulate Replicate and Hedra's API too. They are in any case where the state folder has them already.
    """

    def __init__(
        self,
        state: Path,
        parameters: dict[str, object] | None = None,
        *,
        use_real_fal: bool = False,
        fal_media: str | None = None,
        stand_ins: bool = False,
    ) -> None:
        self._state = state
        self._parameters = {**_LOCAL_PARAMETERS, **(parameters or {})}
        self._real = use_real_fal
        self._fal_media = fal_media
        self._stand_ins = stand_ins
        self._running = ExitStack()
        self._fal: SimulatedFal | None = None
        self._replicate: SimulatedReplicate | None = None
        self._hedra: SimulatedHedra | None = None
        self._aws: LocalAws | None = None
        self._stack: Stack | None = None

    def __enter__(self) -> Self:
        """Start everything and deploy the template."""
        goes_on = (self._state / "aws").exists()
        with ExitStack() as starting:
            environment = self._environment_of_providers(starting)
            self._aws = starting.enter_context(LocalAws(self._state / "aws", environment))
            logger.debug("AWS listens at {}, its log is {}", self._aws.endpoint, self._aws.log)
            self._stack = self._aws.deploy(TEMPLATE, self._parameters)
            logger.debug("{} is deployed: {} resources", TEMPLATE.name, len(self._stack.resources))
            for simulated in (self._fal, self._replicate, self._hedra):
                if simulated:
                    simulated.control.set_webhook_routes({FUNCTION_URLS: self._aws.endpoint})
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
    def replicate(self) -> SimulatedReplicate:
        """The simulated Replicate."""
        if self._replicate is None:
            raise RuntimeError("Replicate is not simulated here")
        return self._replicate

    @property
    def hedra(self) -> SimulatedHedra:
        """The simulated Hedra."""
        if self._hedra is None:
            raise RuntimeError("Hedra is not simulated here")
        return self._hedra

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

    def _environment_of_providers(self, starting: ExitStack) -> dict[str, str]:
        if self._real:
            # The engine hands this process's environment on, with the keys and, if they are set, fal's hosts.
            self._set_stand_ins(name for name, key in _REAL_KEYS.items() if os.environ.get(key))
            return {}
        fal = starting.enter_context(SimulatedFal(self._state / "fal", studio=self._fal_media))
        self._fal = fal
        self._parameters["FalUserId"] = fal.facts.user_id
        logger.debug("the simulated fal listens at {}", fal.facts.host)
        if not self._stand_ins and not (self._state / "replicate").exists():
            return fal.environment()
        authority = self._state / "fal"
        self._replicate = starting.enter_context(
            SimulatedReplicate(self._state / "replicate", studio=self._fal_media, certificates=authority)
        )
        self._hedra = starting.enter_context(
            SimulatedHedra(self._state / "hedra", studio=self._fal_media, certificates=authority)
        )
        self._set_stand_ins(_REAL_KEYS)
        self._parameters["HedraDownloadHosts"] = self._hedra.facts.host
        return {**fal.environment(), **self._replicate.environment(), **self._hedra.environment()}

    def _set_stand_ins(self, names: Iterable[ProviderName]) -> None:
        self._parameters.setdefault("StandIns", ",".join(names) or NO_STAND_INS)
