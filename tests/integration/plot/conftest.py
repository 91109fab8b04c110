"""A stage for each test, one simulated fal for all of them, and what moto needs corrected."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities import parameters
from moto import mock_aws
from moto.core.config import default_user_config

from local.fal.process import SimulatedFal
from shared.runtime import clients
from tests.integration.local_fal.harness import use_simulator
from tests.integration.plot.corrected_moto import correct_moto
from tests.integration.plot.deployment import deploy
from tests.integration.plot.function_url import FunctionUrl
from tests.integration.plot.functions import Functions, load_handler
from tests.integration.plot.stage import TINY, Stage
from tests.integration.plot.template_values import REGION, ROOT, TemplateValues
from tests.integration.plot.watched import WatchedCalls

_PARAMETERS = {"QuietPeriodSeconds": 0, "MissingFilesSeconds": 0, "EncoderPreset": "ultrafast", "LogLevel": "ERROR"}
_OF_FAL = ("FAL_REST_URL", "FAL_CDN_URL", "FAL_API_URL", "FAL_DOWNLOAD_HOSTS", "FAL_DOWNLOAD_FROM_LOOPBACK")


@pytest.fixture(scope="session")
def function_url() -> Iterator[FunctionUrl]:
    with FunctionUrl() as url:
        yield url


@pytest.fixture(scope="session")
def plot_fal(tmp_path_factory: pytest.TempPathFactory, function_url: FunctionUrl) -> Iterator[SimulatedFal]:
    with SimulatedFal(
        tmp_path_factory.mktemp("fal"),
        studio="tests.integration.plot.small_studio",
        webhook_routes={".on.aws": function_url.address},
    ) as fal:
        yield fal


@pytest.fixture
def corrected_moto(monkeypatch: pytest.MonkeyPatch) -> Functions:
    """Correct moto; return the functions that it is to call, yet to be filled."""
    functions = Functions()
    correct_moto(functions.invoke, monkeypatch)
    return functions


@pytest.fixture
def watched_calls(monkeypatch: pytest.MonkeyPatch) -> WatchedCalls:
    """Note every call that a function makes, to hold it against the function's role."""
    calls = WatchedCalls()
    calls.watch(monkeypatch)
    return calls


@pytest.fixture(scope="module")
def functions_clients() -> Iterator[None]:
    """Let the functions make their clients within moto, once: that is what takes the time of a cold start."""
    clients.client.cache_clear()
    yield
    clients.client.cache_clear()


DeployPlot = Callable[..., Stage]


@pytest.fixture
def deploy_plot(
    functions_clients: None,
    plot_fal: SimulatedFal,
    function_url: FunctionUrl,
    corrected_moto: Functions,
    watched_calls: WatchedCalls,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DeployPlot]:
    """Give what deploys the plot, once; a test may change its definition first. No call may be one too many."""
    use_simulator(plot_fal, monkeypatch)
    parameters.clear_caches()  # type: ignore[no-untyped-call]  # each simulated fal has a key of its own
    plot_fal.control.reset()
    for name in list(os.environ):
        if name.startswith("FAL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    values = TemplateValues({**_PARAMETERS, "FalUserId": plot_fal.facts.user_id})
    environment = {name: plot_fal.environment()[name] for name in _OF_FAL}

    def deployed(change: Callable[[dict[str, Any]], None] = lambda _: None) -> Stage:
        definition = values.definition()
        change(definition)
        deploy(values, definition, plot_fal.facts.key)
        for name, properties in values.of_type("AWS::Serverless::Function").items():
            folder = ROOT / properties["CodeUri"]
            corrected_moto.put(name, load_handler(folder, {**values.environment_of(name), **environment}))
        stage = Stage(values, corrected_moto, plot_fal)
        function_url.call_back = stage.call_back
        return stage

    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    with mock_aws():
        yield deployed
        # Nothing may call back, and so call AWS, once this test's AWS is gone.
        plot_fal.control.reset()
        function_url.call_back = None
    assert watched_calls.forbidden(values) == []


@pytest.fixture
def stage(deploy_plot: DeployPlot) -> Stage:
    """The plot as it is."""
    return deploy_plot()


@pytest.fixture(scope="session")
def tiny() -> dict[str, bytes]:
    """The files of the tiny episode: one character, one scene, two lines."""
    folder = ROOT / TINY
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def tiny_with(tiny: dict[str, bytes]) -> Callable[..., dict[str, bytes]]:
    """Give the tiny episode with some fields of its script changed."""

    def changed(**fields: object) -> dict[str, bytes]:
        return {**tiny, "script.json": json.dumps({**json.loads(tiny["script.json"]), **fields}).encode()}

    return changed


@pytest.fixture(scope="session")
def one_line_with(
    tiny: dict[str, bytes], tiny_with: Callable[..., dict[str, bytes]]
) -> Callable[..., dict[str, bytes]]:
    """Give an episode of one line, in a small picture, with some fields of its script changed."""
    (scene,) = json.loads(tiny["script.json"])["scenes"]
    scene["lines"] = scene["lines"][:1]

    def changed(**fields: object) -> dict[str, bytes]:
        return tiny_with(scenes=[scene], resolution="540p", **fields)

    return changed
