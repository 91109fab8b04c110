"""What several tests of the workflow begin with."""

import pytest

from shared.plan.recordings import ReadInputs
from shared.script.models import Script
from tests.builders import inputs_of
from tests.unit.workflow.planning_folder import Folder
from tests.unit.workflow.two_scenes import PLAN
from tests.world import World


@pytest.fixture
def world() -> World:
    """Return a studio in memory in which the run of an episode of two scenes has begun."""
    world = World(PLAN)
    world.begin()
    return world


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Folder:
    def read(script: Script, *_: object) -> ReadInputs:
        return inputs_of(script)

    monkeypatch.setattr("shared.workflow.plan_episode.read_files", read)
    return Folder()
