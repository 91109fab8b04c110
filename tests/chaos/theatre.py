"""One theatre a process: moto in virtual time, a simulated fal, the real handlers; a stage in it for each round."""

import functools
import importlib
import logging
import os
import pkgutil
import ssl
import time
from contextlib import ExitStack
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
_OF_FAL = ("FAL_REST_URL", "FAL_CDN_URL", "FAL_API_URL", "FAL_DOWNLOAD_HOSTS", "FAL_DOWNLOAD_FROM_LOOPBACK")
_RETRY_SECONDS = 0.01


class Theatre:
    """Everything that rounds share, since it takes long to make."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.outgoing = Outgoing(self.clock)
        self.troupe = Troupe(self.outgoing, self.clock)
        self._handlers: dict[bool, dict[str, Handler]] = {}

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

    def set_up(self, *, rebuy: bool, seed: int) -> ChaosStage:
        """Return an empty stage: nothing was ever bought, and nothing goes wrong yet.

        Parameters
        ----------
        rebuy
            The stack's setting: whether what is held is bought once more.
        """
        self._function_url.call_back = None
        self.outgoing.troubles.clear()
        self.outgoing.longest.clear()
        self._stop_what_runs()
        self.fal.control.reset()
        # A token for uploads that holds for long would be asked for once in all rounds, and never fail to come.
        self.fal.control.change_settings(webhook_backoff_seconds=(0.05, 0.1, 0.2, 0.4), upload_token_seconds=1)
        self._aws.reset()
        values = _values(self.fal.facts.user_id, rebuy=rebuy)
        deploy(values, values.definition(), self.fal.facts.key)
        if rebuy not in self._handlers:
            self._handlers[rebuy] = self._load_handlers(values)
        for name, handler in self._handlers[rebuy].items():
            self.troupe.put(name, handler)
        stage = ChaosStage(values, self.troupe, self.fal, self.clock, self.outgoing, seed)
        self._function_url.call_back = stage.call_back
        return stage

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
        self.fal = closing.enter_context(
            SimulatedFal(
                Path(closing.enter_context(TemporaryDirectory())),
                studio="tests.integration.plot.small_studio",
                webhook_routes={".on.aws": self._function_url.address},
            )
        )
        use_simulator(self.fal, patch)
        for name in list(os.environ):
            if name.startswith("FAL_"):
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

    def _load_handlers(self, values: TemplateValues) -> dict[str, Handler]:
        environment = {name: self.fal.environment()[name] for name in _OF_FAL}
        return {
            name: load_handler(ROOT / properties["CodeUri"], {**values.environment_of(name), **environment})
            for name, properties in values.of_type("AWS::Serverless::Function").items()
        }

    def _put_into_virtual_time(self, patch: pytest.MonkeyPatch) -> None:
        for module in pkgutil.iter_modules(shared.runtime.__path__, "shared.runtime."):
            if hasattr(importlib.import_module(module.name), "clock"):
                patch.setattr(f"{module.name}.clock", self.clock)
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
def _values(user_id: str, *, rebuy: bool) -> TemplateValues:
    return TemplateValues({**_PARAMETERS, "FalUserId": user_id, "UnconfirmedJobs": "rebuy" if rebuy else "hold"})
