"""One simulated Replicate for the whole folder, reset before every test, and somebody for it to call back."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from local.replicate.process import SimulatedReplicate
from tests.integration.local_fal.conftest import receiver_server  # noqa: F401 - a fixture
from tests.integration.local_fal.harness import Receiver
from tests.integration.local_replicate.harness import STUDIO, Replicate


@pytest.fixture(scope="session")
def running_replicate(
    tmp_path_factory: pytest.TempPathFactory,
    receiver_server: Receiver,  # noqa: F811 - it is used
) -> Iterator[SimulatedReplicate]:
    state_dir = tmp_path_factory.mktemp("replicate")
    with SimulatedReplicate(
        state_dir,
        studio=STUDIO,
        webhook_routes={".hooks.test": receiver_server.url},
        input_origins=[receiver_server.url],
    ) as simulator:
        yield simulator
    # Nothing that a handler could not handle.
    assert "Error in ASGI Framework" not in (state_dir / "simulator.log").read_text()


@pytest.fixture(scope="session")
def replicate_http(running_replicate: SimulatedReplicate) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=running_replicate.facts.ca_file)
    headers = {"Authorization": f"Bearer {running_replicate.facts.key}"}
    with httpx.Client(base_url=running_replicate.url, headers=headers, verify=context, trust_env=False) as client:
        yield client


@pytest.fixture
def replicate(
    running_replicate: SimulatedReplicate,
    receiver_server: Receiver,  # noqa: F811 - it is used
    replicate_http: httpx.Client,
) -> Replicate:
    running_replicate.control.reset()
    running_replicate.control.change_settings(webhook_backoff_seconds=(0.02, 0.04))
    receiver_server.clear()
    return Replicate(running_replicate, running_replicate.control, receiver_server, replicate_http)
