"""The whole deployed template on the local engine, with the simulated fal: one for all end-to-end tests."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from cli.make import Made, make_episode
from cli.target import Target, target_of_studio
from local.studio import LocalStudio

_KINDS = {"fal-ai/flux-pro/kontext/multi": "composite", "fal-ai/hedra-character-2": "clip"}


@dataclass(frozen=True, slots=True)
class Stage:
    """The running stack, and what was asked of fal."""

    studio: LocalStudio
    target: Target

    def make(self, folder: Path, episode_id: str, out: Path) -> Made:
        """Make an episode as the command line does."""
        console = Console(file=io.StringIO(), width=120)
        return make_episode(folder, episode_id, self.target, out, console)

    def asked(self) -> Counter[str]:
        """Count what fal was asked for so far, by kind."""
        return Counter(
            _KINDS.get(request.endpoint_id) or _kind_of_image(str(request.input["prompt"]))
            for request in self.studio.fal.control.requests()
        )

    def executions(self, prefix: str) -> list[str]:
        """Return the statuses of executions whose names begin with a prefix."""
        listed = self.studio.clients.stepfunctions.list_executions(
            stateMachineArn=self.studio.stack.outputs["StateMachineArn"]
        )
        return [entry["status"] for entry in listed["executions"] if entry["name"].startswith(prefix)]


def _kind_of_image(prompt: str) -> str:
    return "portrait" if "portrait of" in prompt else "background"


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with LocalStudio(
        tmp_path_factory.mktemp("studio"), {"EncoderPreset": "ultrafast", "BatchConcurrency": 100}
    ) as studio:
        yield Stage(studio, target_of_studio(studio))
