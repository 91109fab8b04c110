"""An episode's folder to be planned, and its planning."""

import json
from typing import Any

from shared.ledger.rules import NEVER
from shared.plan.models import Plan
from shared.workflow.inputs import read_inputs
from shared.workflow.plan_answer import PlanAnswer, PlanOutcome
from shared.workflow.plan_episode import PlanInput, PlanRequest, plan_episode
from tests.builders import CONFIGURATION, EPISODE, TWO_SCENES
from tests.fakes.step_functions import execution_arn
from tests.world import World

RUN = "execution-1"
FOLDER = f"episodes/{EPISODE}/"


class Folder(World):
    """An episode's folder whose recordings are not really read."""

    def __init__(self, script: Any = TWO_SCENES) -> None:
        super().__init__()
        self.change(script)
        for number in range(1, 5):
            self.bucket.put(f"{FOLDER}audio/0{number}.mp3", b"sound", "audio/mpeg")

    def change(self, script: Any) -> None:
        text = script if isinstance(script, str) else json.dumps(script)
        self.bucket.put(FOLDER + "script.json", text.encode(), "application/json")

    @property
    def digest(self) -> str:
        return read_inputs(self.bucket, EPISODE, CONFIGURATION).digest

    def upload_claimed(self, name: str = RUN) -> str:
        """Claim the present state for an execution, as an upload does; return its digest."""
        self.ledger.claim_run(EPISODE, self.digest, self.clock(), name=lambda _: name, again=NEVER)
        return self.digest

    def planned(self, answer: PlanAnswer) -> Plan:
        assert answer.outcome is PlanOutcome.PLANNED, answer.message
        return Plan.model_validate_json(self.bucket.get(answer.plan_key))


def plan(world: World, digest: str | None = None, run: str = RUN, episode_id: str = EPISODE) -> PlanAnswer:
    input_ = PlanInput(episode_id=episode_id, digest=digest)
    request = PlanRequest(episode_id=episode_id, run=run, execution_arn=execution_arn(run), input=input_)
    return plan_episode(request, world.planning())
