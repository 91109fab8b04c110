"""One simulator of each provider for the whole session, started when a test asks for it, and reset before every test.

Each has a receiver of its own for what it calls back: a simulator that no test uses may still have something to say.
"""

from collections.abc import Iterator
from dataclasses import replace

import fal_client
import pytest

from local.fal.process import SimulatedFal
from local.hedra.process import SimulatedHedra
from local.replicate.process import SimulatedReplicate
from tests.integration.local_fal.harness import Fal, use_simulator
from tests.integration.local_hedra.harness import Hedra
from tests.integration.local_replicate.harness import Replicate
from tests.integration.local_simulator.harness import Receiver, client_of, listening, running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody to call back, for a simulator that a test starts itself."""
    with listening() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def running_fal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fal]:
    with (
        running(SimulatedFal, tmp_path_factory.mktemp("fal")) as (simulator, receiver),
        client_of(simulator) as http,
    ):
        yield Fal(simulator, receiver, http, fal_client.SyncClient(key=simulator.facts.key))


@pytest.fixture
def fal(running_fal: Fal, monkeypatch: pytest.MonkeyPatch) -> Fal:
    use_simulator(running_fal.simulator, monkeypatch)
    running_fal.start_afresh()
    # A client keeps its token for uploads for an hour.
    return replace(running_fal, client=fal_client.SyncClient(key=running_fal.simulator.facts.key))


@pytest.fixture(scope="session")
def running_hedra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hedra]:
    with (
        running(SimulatedHedra, tmp_path_factory.mktemp("hedra")) as (simulator, receiver),
        client_of(simulator, "Key") as http,
    ):
        yield Hedra(simulator, receiver, http)


@pytest.fixture
def hedra(running_hedra: Hedra) -> Hedra:
    running_hedra.start_afresh()
    return running_hedra


@pytest.fixture(scope="session")
def running_replicate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicate]:
    with (
        running(SimulatedReplicate, tmp_path_factory.mktemp("replicate")) as (simulator, receiver),
        client_of(simulator, "Bearer") as http,
    ):
        yield Replicate(simulator, receiver, http)


@pytest.fixture
def replicate(running_replicate: Replicate) -> Replicate:
    running_replicate.start_afresh()
    return running_replicate
