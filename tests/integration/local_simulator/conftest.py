"""Each simulated provider in turn."""

from typing import Any

import pytest

from tests.integration.local_simulator.harness import Simulated


@pytest.fixture(params=["fal", "hedra", "replicate"])
def simulated(request: pytest.FixtureRequest) -> Simulated[Any]:
    provider: Simulated[Any] = request.getfixturevalue(request.param)
    return provider
