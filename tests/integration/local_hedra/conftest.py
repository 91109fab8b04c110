"""One simulated Hedra for the whole folder, reset before every test, and somebody for it to call back."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from local.hedra.process import SimulatedHedra
from tests.integration.local_fal.conftest import receiver_server  # noqa: F401 - a fixture
from tests.integration.local_fal.harness import Receiver
from tests.integration.local_hedra.harness import STUDIO, Hedra


@pytest.fixture(scope="session")
def running_hedra(
    tmp_path_factory: pytest.TempPathFactory,
    receiver_server: Receiver,  # noqa: F811 - it is used
) -> Iterator[SimulatedHedra]:
    state_dir = tmp_path_factory.mktemp("hedra")
    routes = {".hooks.test": receiver_server.url}
    with SimulatedHedra(state_dir, studio=STUDIO, webhook_routes=routes) as simulator:
        yield simulator
    # Nothing that a handler could not handle.
    assert "Error in ASGI Framework" not in (state_dir / "simulator.log").read_text()


@pytest.fixture(scope="session")
def hedra_http(running_hedra: SimulatedHedra) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=running_hedra.facts.ca_file)
    headers = {"Authorization": f"Key {running_hedra.facts.key}"}
    with httpx.Client(base_url=running_hedra.url, headers=headers, verify=context, trust_env=False) as client:
        yield client


@pytest.fixture
def hedra(
    running_hedra: SimulatedHedra,
    receiver_server: Receiver,  # noqa: F811 - it is used
    hedra_http: httpx.Client,
) -> Hedra:
    running_hedra.control.reset()
    running_hedra.control.change_settings(webhook_backoff_seconds=(0.02, 0.04))
    receiver_server.clear()
    return Hedra(running_hedra, running_hedra.control, receiver_server, hedra_http)
