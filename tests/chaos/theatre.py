"""One theatre a process: moto in virtual time, simulated providers, the real handlers; a stage for each round."""

import functools
import importlib
import logging
import os
import pkgutil
import ssl
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import moto.sqs.models
import pytest
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider
from aws_lambda_powertools.utilities import parameters
from moto import mock_aws
from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

import shared.runtime
from local.fal.process import SimulatedFal
from local.hedra.process import SimulatedHedra
from local.replicate.process import SimulatedReplicate
from shared.providers.names import ProviderName
from shared.runtime import clients
from tests.chaos.outgoing import Outgoing
from tests.chaos.stage import ChaosStage
from tests.chaos.troupe import Troupe
from tests.chaos.virtual_time import VirtualClock
from tests.integration.local_fal.harness import use_simulator
from tests.integration.plot.corrected_moto import correct_moto
from tests.integration.plot.deployment import client, deploy
from tests.integration.plot.function_url import FunctionUrl
from tests.integration.plot.functions import Handler, load_handler
from tests.integration.plot.template_values import REGION, ROOT, TemplateValues

PATIENCE = {"StartLimitSeconds": 3600, "PictureRunSeconds": 600, "ClipRunSeconds": 1200, "CallbackSeconds": 1800}
_PARAMETERS = {
    "QuietPeriodSeconds": 0,
    "MissingFilesSeconds": 0,
    "EncoderPreset": "ultrafast",
    "LogLevel": "CRITICAL",
    "DailyUsd": 0,
    **PATIENCE,
}
_ENVIRONMENT = {"AWS_DEFAULT_REGION": REGION, "POWERTOOLS_LOG_LEVEL": "CRITICAL"}
_STUDIO = "tests.integration.plot.small_studio"
_ADDRESSES = (
    *("FAL_REST_URL", "FAL_CDN_URL", "FAL_API_URL", "FAL_DOWNLOAD_HOSTS", "FAL_DOWNLOAD_FROM_LOOPBACK"),
    *("REPLICATE_API_URL", "REPLICATE_DOWNLOAD_HOSTS"),
    *("HEDRA_API_URL", "HEDRA_DOWNLOAD_HOSTS"),
)
"""What the functions are told of where the simulators are; keys and secrets they read as on AWS."""

Simulator = SimulatedFal | SimulatedReplicate | SimulatedHedra

_CALLBACK_BACKOFF = (0.05, 0.1, 0.2, 0.4)
_RETRY_SECONDS = 0.01


@dataclass(frozen=True)
class StackSettings:
    """How a stack is set.

    Parameters
    ----------
    rebuy
        Whether what is held is bought once more.
    stand_ins
        Whether Replicate and Hedra's API may stand in for fal.
    """

    rebuy: bool
    stand_ins: bool


class Theatre:
    """Everything that rounds share, since it takes long to make."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.outgoing = Outgoing(self.clock)
        self.troupe = Troupe(self.outgoing, self.clock)
        self.simulators: dict[ProviderName, Simulator] = {}
        self._handlers: dict[StackSettings, dict[str, Handler]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            self._build(closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._function_url.call_back = None
        self._stop_what_runs()
        self._closing.close()

    def set_up(self, *, rebuy: bool, seed: int, stand_ins: bool = False) -> ChaosStage:
        """Return an empty stage: nothing was ever bought, and nothing goes wrong yet.

        Parameters
        ----------
        rebuy, stand_ins
            The stack's settings.
        """
        self._function_url.call_back = None
        self.outgoing.troubles.clear()
        self.outgoing.longest.clear()
        self.outgoing.answers.clear()
        self._stop_what_runs()
        if stand_ins:
            self._start_stand_ins()
        for simulator in self.simulators.values():
            simulator.control.reset()
            # A token for uploads that holds for long would be asked for once in all rounds, and never fail to come.
            simulator.control.change_settings(webhook_backoff_seconds=_CALLBACK_BACKOFF, upload_token_seconds=1)
        self._aws.reset()
        settings = StackSettings(rebuy, stand_ins)
        values = _values(self.fal.facts.user_id, settings)
        deploy(values, values.definition(), self.fal.facts.key)
        if stand_ins:
            self._put_secrets(values)
        if settings not in self._handlers:
            self._handlers[settings] = {
                name: self._load_handler(name, values) for name in values.of_type("AWS::Serverless::Function")
            }
        for name, handler in self._handlers[settings].items():
            self.troupe.put(name, handler)
        # It remembers what providers sign with, and this is another account each time.
        self.troupe.put("HedraWebhook", self._load_handler("HedraWebhook", values))
        asked = {name: simulator for name, simulator in self.simulators.items() if stand_ins or simulator is self.fal}
        stage = ChaosStage(values, self.troupe, self.fal, self.clock, self.outgoing, seed, asked)
        self._function_url.call_back = stage.call_back
        return stage

    def _start_stand_ins(self) -> None:
        if len(self.simulators) > 1:
            return
        routes, certificates = {".on.aws": self._function_url.address}, self._folder / ProviderName.FAL
        self.replicate = self._closing.enter_context(
            SimulatedReplicate(
                self._folder / ProviderName.REPLICATE, studio=_STUDIO, webhook_routes=routes, certificates=certificates
            )
        )
        hedra = self._closing.enter_context(
            SimulatedHedra(
                self._folder / ProviderName.HEDRA, studio=_STUDIO, webhook_routes=routes, certificates=certificates
            )
        )
        self._put(ProviderName.REPLICATE, self.replicate)
        self._put(ProviderName.HEDRA, hedra)

    def _put(self, name: ProviderName, simulator: Simulator) -> None:
        self.simulators[name] = simulator
        self.outgoing.providers[simulator.facts.host] = name

    def _put_secrets(self, values: TemplateValues) -> None:
        secrets = {
            "ReplicateTokenSecretName": self.simulators[ProviderName.REPLICATE].facts.key,
            "ReplicateWebhookSecretName": self.replicate.signing_secret(),
            "HedraKeySecretName": self.simulators[ProviderName.HEDRA].facts.key,
        }
        for name, secret in secrets.items():
            client("secretsmanager").create_secret(Name=values.ref(name), SecretString=secret)

    def _stop_what_runs(self) -> None:
        """Stop executions that hang: their threads would go on, and call AWS, while others play."""
        states = client("stepfunctions")
        for machine in states.list_state_machines()["stateMachines"]:
            listed = states.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
            for execution in listed["executions"]:
                states.stop_execution(executionArn=execution["executionArn"])

    def _build(self, closing: ExitStack) -> None:
        patch = closing.enter_context(pytest.MonkeyPatch.context())
        logging.disable()  # moto logs every failure of a state, of which there are to be many
        closing.callback(logging.disable, logging.NOTSET)
        self._function_url = closing.enter_context(FunctionUrl())
        self._folder = Path(closing.enter_context(TemporaryDirectory()))
        self.fal = closing.enter_context(
            SimulatedFal(
                self._folder / ProviderName.FAL,
                studio=_STUDIO,
                webhook_routes={".on.aws": self._function_url.address},
            )
        )
        self._put(ProviderName.FAL, self.fal)
        use_simulator(self.fal, patch)
        for name in list(os.environ):
            if name.startswith(("FAL_", "REPLICATE_", "HEDRA_")):
                patch.delenv(name)
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
        correct_moto(self.troupe.invoke, patch)
        self._put_into_virtual_time(patch)
        for name in ("add_metric", "flush_metrics"):  # they would be printed
            patch.setattr(AmazonCloudWatchEMFProvider, name, lambda *_, **__: None)
        # fal_client makes a client for every upload, and each reads all authorities anew.
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        self._aws = closing.enter_context(mock_aws())
        clients.client.cache_clear()
        parameters.clear_caches()  # type: ignore[no-untyped-call]  # each simulated fal has a key of its own
        closing.callback(clients.client.cache_clear)
        self.outgoing.hook(patch)

    def _load_handler(self, name: str, values: TemplateValues) -> Handler:
        told: dict[str, str] = {}
        for simulator in self.simulators.values():
            told |= {key: value for key, value in simulator.environment().items() if key in _ADDRESSES}
        folder = ROOT / values.of_type("AWS::Serverless::Function")[name]["CodeUri"]
        return load_handler(folder, {**values.environment_of(name), **told})

    def _put_into_virtual_time(self, patch: pytest.MonkeyPatch) -> None:
        # All are imported before any is patched: one that came after would take our clock for its own, and keep it.
        names = [module.name for module in pkgutil.iter_modules(shared.runtime.__path__, "shared.runtime.")]
        for module in [importlib.import_module(name) for name in names]:
            if hasattr(module, "clock"):
                patch.setattr(module, "clock", self.clock)
        patch.setattr(moto.sqs.models, "unix_time", lambda *_: self.clock())
        patch.setattr(moto.sqs.models, "unix_time_millis", lambda *_: self.clock.milliseconds())
        # A state's retry costs no real time. The module's own name is patched, and not the one of all Python.
        patch.setattr(retrier_decl, "time", _Sleepless())
        # The same definition is parsed once, and not for each execution.
        parser: Any = AmazonStateLanguageParser
        patch.setattr(parser, "parse", staticmethod(functools.cache(parser.parse)))


class _Sleepless:
    """In the place of the module `time`, for who only sleeps."""

    @staticmethod
    def sleep(_: float) -> None:
        time.sleep(_RETRY_SECONDS)


@functools.cache
def _values(user_id: str, settings: StackSettings) -> TemplateValues:
    return TemplateValues(
        {
            **_PARAMETERS,
            "FalUserId": user_id,
            "UnconfirmedJobs": "rebuy" if settings.rebuy else "hold",
            "StandIns": "replicate,hedra" if settings.stand_ins else "none",
        }
    )
