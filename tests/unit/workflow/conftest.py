"""What several tests of the workflow begin with."""

import pytest

from tests.unit.workflow.two_scenes import PLAN
from tests.world import World


@pytest.fixture
def world() -> World:
    """Return a studio in memory in which the run of an episode of two scenes has begun."""
    world = World(PLAN)
    world.begin()
    return world
